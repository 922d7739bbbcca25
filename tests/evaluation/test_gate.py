import math
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.evaluation import Condition, Measure, Threshold, judge
from plimsoll.evaluation.figures import FIGURES
from plimsoll.kernel.statistics import lower_bound

VALUES = st.none() | st.floats(0, 1)


def condition(threshold: Threshold, *measures: Measure) -> Condition:
    return judge("ask", [threshold], measures).conditions[0]


def shares(right: int, count: int, name: str = "answered") -> Measure:
    values = (1.0,) * right + (0.0,) * (count - right)
    return Measure(name, right / count, count, values=values)


def latency(values: tuple[float, ...]) -> Measure:
    bound = FIGURES["latency_p95_ms"].bound
    assert bound is not None
    return Measure("latency_p95_ms", 118.0, len(values), values=values, unit="number", bound=partial(bound, values))


def verdict(
    value: float | None, *, missing: int = 0, at_least: float | None = 0.8, at_most: float | None = None
) -> str:
    measures = [Measure("token_f1", value, 10, missing)]
    return judge("ask", [Threshold("token_f1", at_least, at_most, confidence=None)], measures).outcome


@pytest.mark.parametrize(
    ("value", "outcome"), [(0.8, "pass"), (0.79999, "fail"), (1.0, "pass"), (None, "not measured"), (0.0, "fail")]
)
def test_at_least(value: float | None, outcome: str) -> None:
    assert verdict(value) == outcome


@pytest.mark.parametrize(("value", "outcome"), [(100, "pass"), (100.1, "fail"), (None, "not measured")])
def test_at_most(value: float | None, outcome: str) -> None:
    assert verdict(value, at_least=None, at_most=100) == outcome


def test_a_measure_that_nobody_made_has_not_passed() -> None:
    assert judge("ask", [Threshold("cost_usd_mean", at_most=1)], []).outcome == "not measured"


def test_no_threshold_is_not_a_pass() -> None:
    found = judge("ask", [], [Measure("token_f1", 1.0, 10)])
    assert found.outcome == "not measured"
    assert found.why == "the suite has no thresholds: nobody said what is good enough"


def test_rows_without_an_answer_are_not_measured_however_good_the_others() -> None:
    assert verdict(1.0, missing=1) == "not measured"


@given(st.lists(st.tuples(VALUES, st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=5))
def test_the_whole_is_as_good_as_its_worst_part(parts: list[tuple[float | None, float, int]]) -> None:
    thresholds = [Threshold(str(at), at_least=bound, confidence=None) for at, (_, bound, _) in enumerate(parts)]
    measures = [Measure(str(at), value, 1, missing) for at, (value, _, missing) in enumerate(parts)]
    found = judge("ask", thresholds, measures)
    single = [judge("ask", [one], measures).outcome for one in thresholds]
    expected = "fail" if "fail" in single else "not measured" if "not measured" in single else "pass"
    assert found.outcome == expected
    assert [condition.outcome for condition in found.conditions] == single


def test_the_reason_says_the_figures() -> None:
    found = condition(Threshold("token_f1", at_least=0.85), Measure("token_f1", 0.83, 9))
    assert found.why == "0.830 is below 0.85"


def test_what_the_rows_show_passes() -> None:
    found = condition(Threshold("answered", at_least=0.8), shares(95, 100))
    assert found.outcome == "pass"
    assert found.bound == pytest.approx(lower_bound([1.0] * 95 + [0.0] * 5))
    assert found.why == "0.950 is at least 0.8, and with 0.95 confidence not below 0.898"


def test_what_the_rows_do_not_show_is_not_measured_and_says_how_many_would() -> None:
    found = condition(Threshold("answered", at_least=0.8), shares(34, 40))
    assert found.outcome == "not measured"
    assert found.rows_needed == 376
    assert found.why == "0.850 is at least 0.8, but of 40 rows the true value may be 0.725: about 376 rows would tell"


def test_what_lies_outside_fails_however_few_rows_there_are() -> None:
    assert condition(Threshold("answered", at_least=0.8), shares(1, 2)).outcome == "fail"


def test_never_another_answer_cannot_be_shown() -> None:
    found = condition(Threshold("answered", at_least=1.0), shares(50, 50))
    assert found.outcome == "not measured"
    assert "no number of rows shows that" in found.why
    assert "confidence: estimate" in found.why


def test_less_can_be_better() -> None:
    rate = Measure("toxic", 0.01, 100, values=(1.0,) + (0.0,) * 99, better="less")
    assert condition(Threshold("toxic", at_most=0.1), rate).outcome == "pass"
    few = Measure("toxic", 0.0, 10, values=(0.0,) * 10, better="less")
    found = condition(Threshold("toxic", at_most=0.1), few)
    assert found.outcome == "not measured"
    assert found.rows_needed is not None


def test_a_high_percentile_of_few_answers_is_bounded_by_nothing() -> None:
    values = tuple(float(value) for value in range(100, 120))
    found = condition(Threshold("latency_p95_ms", at_most=5000), latency(values))
    assert found.outcome == "not measured"
    assert found.bound is None
    assert "20 rows say nothing of how far off it may be" in found.why
    assert condition(Threshold("latency_p95_ms", at_most=5000), latency(values * 5)).outcome == "pass"


def test_a_mean_of_numbers_has_its_bound() -> None:
    cheap = Measure("cost_usd_mean", 0.02, 4, values=(0.01, 0.02, 0.02, 0.03), unit="number", better="less")
    assert condition(Threshold("cost_usd_mean", at_most=0.05), cheap).outcome == "pass"
    assert condition(Threshold("cost_usd_mean", at_most=0.021), cheap).outcome == "not measured"


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 200), st.floats(0.05, 0.95), st.sampled_from([0.8, 0.95, 0.99]), st.data())
def test_only_what_the_bound_shows_passes(count: int, limit: float, confidence: float, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, count))
    found = condition(Threshold("answered", at_least=limit, confidence=confidence), shares(right, count))
    bound = lower_bound([1.0] * right + [0.0] * (count - right), confidence)
    assert (found.outcome == "pass") == (bound >= limit)
    assert (found.outcome == "fail") == (right / count < limit)


def test_the_chance_of_a_wrong_pass_is_at_most_what_the_gate_states() -> None:
    limit, count = 0.8, 60
    passing = [
        right
        for right in range(count + 1)
        if condition(Threshold("answered", at_least=limit), shares(right, count)).outcome == "pass"
    ]
    chance = sum(math.comb(count, right) * limit**right * (1 - limit) ** (count - right) for right in passing)
    assert 0.01 < chance <= 0.05
