"""Breakers, retry budgets, latencies and orders: pure rules over moments."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.models.routing import Breaking, Health, Target
from plimsoll.models.routing._order import by_latency, by_price, by_weight
from plimsoll.models.routing.health import Breaker, Latency, RetryBudget, TargetHealth

from .scripted import FakeModel

RULES = Breaking(failures=3, window_s=10, open_s=5)


def target(name: str, *, weight: float = 1.0, cost: int | None = None) -> Target[FakeModel]:
    return Target(FakeModel(name, [[]]), weight=weight, price=lambda _input, _output: cost)


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(RULES)
    for _ in range(RULES.failures):
        breaker.fail(at, is_probe=False)
    return breaker


def test_a_breaker_opens_lets_one_probe_through_and_closes() -> None:
    breaker = opened(at=1.0)
    assert (breaker.state(1.0), breaker.admit(5.9), breaker.opens_in(4.0)) == ("open", False, 2.0)
    assert breaker.state(6.0) == "half_open"
    assert [breaker.admit(6.0), breaker.admit(6.0), breaker.admit(60.0)] == [None, False, False]
    breaker.succeed(is_probe=True)
    assert (breaker.state(6.1), breaker.admit(6.1), breaker.opens_in(6.1)) == ("closed", True, 0.0)
    breaker.fail(6.2, is_probe=False)
    assert breaker.is_closed


def test_a_failed_probe_opens_it_again_and_one_that_is_given_up_leaves_the_place_to_the_next() -> None:
    breaker = opened()
    assert breaker.admit(5.0) is None
    breaker.fail(6.0, is_probe=True)
    assert (breaker.state(10.9), breaker.state(11.0)) == ("open", "half_open")
    assert breaker.admit(11.0) is None
    breaker.give_up(is_probe=True)
    assert breaker.admit(11.0) is None


def test_failures_that_are_too_far_apart_open_nothing() -> None:
    breaker = Breaker(RULES)
    for moment in (0.0, 6.0, 12.0, 18.0):
        breaker.fail(moment, is_probe=False)
    assert breaker.is_closed


def test_a_few_failures_among_many_good_calls_open_nothing() -> None:
    breaker = Breaker(RULES)
    for call in range(20_000):
        # All of them within one window.
        if call % 10:
            breaker.succeed(is_probe=False)
        else:
            breaker.fail(call * 1e-4, is_probe=False)
    assert breaker.is_closed


@pytest.mark.parametrize("good_before", [0, 3, 1_000, 100_000])
def test_an_outage_opens_it_however_many_calls_went_well_before(good_before: int) -> None:
    breaker = Breaker(RULES)
    for _ in range(good_before):
        breaker.succeed(is_probe=False)
    for _ in range(RULES.failures):
        assert breaker.is_closed
        breaker.fail(1.0, is_probe=False)
    assert not breaker.is_closed


@given(st.lists(st.booleans(), max_size=300), st.integers(1, 60))
def test_it_opens_only_where_enough_calls_failed_and_half_of_the_last_ones(ends: list[bool], failures: int) -> None:
    breaker = Breaker(Breaking(failures=failures, window_s=10, open_s=5))
    for number, well in enumerate(ends):
        if well:
            breaker.succeed(is_probe=False)
        else:
            breaker.fail(0.0, is_probe=False)
        if not breaker.is_closed:
            last = ends[max(0, number + 1 - max(100, 2 * failures)) : number + 1]
            last = last[last.index(False) :]
            assert last.count(False) >= failures
            assert 2 * last.count(False) >= len(last)
            return
    assert ends.count(False) < failures or True in ends


def test_late_news_of_older_calls_change_nothing_while_it_is_open() -> None:
    breaker = opened()
    breaker.fail(4.0, is_probe=False)
    breaker.succeed(is_probe=False)
    breaker.give_up(is_probe=False)
    assert (breaker.state(4.9), breaker.state(5.0)) == ("open", "half_open")


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from(["ask", "good", "bad", "gone"])), max_size=80))
def test_a_breaker_that_is_not_closed_never_has_two_calls_under_way_that_it_let_in(
    events: list[tuple[float, str]],
) -> None:
    breaker, now = Breaker(RULES), 0.0
    probes = 0
    for passed, event in events:
        now += passed
        if event == "ask":
            admitted = breaker.admit(now)
            assert (admitted is True) == (breaker.state(now) == "closed")
            probes += admitted is None
        elif event == "good":
            breaker.succeed(is_probe=probes > 0)
        elif event == "bad":
            breaker.fail(now, is_probe=probes > 0)
        else:
            breaker.give_up(is_probe=probes > 0)
        if event != "ask":
            probes = 0
        assert probes <= 1


@given(st.floats(0, 100), st.lists(st.sampled_from(["call", "retry"]), max_size=400))
def test_a_retry_budget_holds_over_any_sequence(percent: float, events: list[str]) -> None:
    budget = RetryBudget(percent)
    calls = retries = 0
    for event in events:
        if event == "call":
            calls += 1
            budget.deposit()
        else:
            retries += budget.take()
        assert retries <= (10 if percent else 0) + calls * percent / 100 + 1e-9


def test_a_quiet_route_gets_its_retries_back() -> None:
    budget = RetryBudget(20)
    assert sum(budget.take() for _ in range(50)) == 10
    for _ in range(1000):
        budget.deposit()
    assert sum(budget.take() for _ in range(50)) == 10


def test_a_latency_follows_what_is_measured_and_fades() -> None:
    latency = Latency()
    assert latency.expected_s(0.0) is None
    latency.add(1.0, 0.0)
    assert latency.expected_s(0.0) == 1.0
    for second in range(1, 200):
        latency.add(3.0, float(second))
    known = latency.expected_s(199.0)
    assert known == pytest.approx(3.0, abs=0.01)
    later = latency.expected_s(199.0 + 600.0)
    assert later is not None
    assert later < 0.05


def test_many_measurements_of_one_moment_count_as_well() -> None:
    latency = Latency()
    latency.add(1.0, 5.0)
    for _ in range(100):
        latency.add(9.0, 5.0)
    known = latency.expected_s(5.0)
    assert known is not None
    assert known > 8.9


def test_the_fastest_is_asked_first_and_one_that_was_never_asked_before_it() -> None:
    slow, fast, new = TargetHealth(RULES), TargetHealth(RULES), TargetHealth(RULES)
    slow.first.add(2.0, 0.0)
    fast.first.add(0.5, 0.0)
    assert by_latency([slow, fast, new], 0.0, streams=True) == (2, 1, 0)
    fast.in_flight = 9
    assert by_latency([slow, fast], 0.0, streams=True) == (0, 1)
    slow.whole.add(0.1, 0.0)
    fast.in_flight = 0
    assert by_latency([slow, fast], 0.0, streams=False) == (0, 1)


def test_the_cheapest_is_asked_first_and_one_without_a_price_last() -> None:
    targets = [target("a"), target("b", cost=5), target("c", cost=2), target("d"), target("e", cost=2)]
    assert by_price(targets) == (2, 4, 1, 0, 3)


def test_the_weights_are_met_in_the_long_run_and_those_without_any_come_last() -> None:
    targets = [target("a", weight=3), target("b", weight=1), target("c", weight=0)]
    draw = random.Random(7).random
    orders = Counter(by_weight(targets, draw) for _ in range(20_000))
    assert set(orders) == {(0, 1, 2), (1, 0, 2)}
    # Three standard deviations of a binomial draw: 3 · sqrt(0.75 · 0.25 / 20000) = 0.0092.
    assert abs(orders[0, 1, 2] / 20_000 - 0.75) < 0.0092


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8), st.randoms())
def test_every_target_has_exactly_one_place(weights: list[float], chance: random.Random) -> None:
    order = by_weight([target("x", weight=weight) for weight in weights], chance.random)
    assert sorted(order) == list(range(len(weights)))


def test_health_is_shared_by_targets_of_one_key_under_the_same_rules() -> None:
    health = Health()
    one, same, other = target("a"), target("a"), Target(FakeModel("a", [[]]), key="a@elsewhere")
    assert health.of(one, RULES) is health.of(same, RULES)
    assert health.of(one, RULES) is not health.of(other, RULES)
    assert health.of(one, RULES) is not health.of(one, Breaking())
    assert health.budget("r", 20) is health.budget("r", 20)
    assert health.budget("r", 20) is not health.budget("s", 20)
