"""Bills and summaries: exact sums, whatever came in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.tracing.test_traces import a_trace

from plimsoll.kernel.money import to_usd
from plimsoll.tracing import EVALUATION, Trace, Traces
from plimsoll.tracing.usage import BY, Counts, Place, Tally, latency_bucket
from plimsoll.tracing.usage._tally import bucket_end_ms

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)


def one(hours: float = 0, **changes: Any) -> Trace:
    return replace(a_trace(), started_at=DAY + timedelta(hours=hours), **changes)


def test_a_bill_adds_up_exactly(traces: Traces) -> None:
    """Ten million cents of a cent are not lost in binary fractions."""
    traces.write([one(number / 10, cost_usd=to_usd(2_500 + number), team=f"t{number % 3}") for number in range(200)])
    lines = traces.costs("app", "team", since=DAY, until=NEXT)
    assert [line.key for line in lines] == ["t0", "t1", "t2"]
    pico = sum(2_500 + number for number in range(200))
    assert sum(round(line.cost_usd * 10**12) for line in lines if line.cost_usd is not None) == pico
    assert [sum(getattr(line, name) for line in lines) for name in ("requests", "input_tokens", "output_tokens")] == [
        200,
        1400,
        600,
    ]


@pytest.mark.parametrize(
    ("by", "changes", "key"),
    [
        ("endpoint", {"endpoint": "e"}, "e"),
        ("model", {"model": "m"}, "m"),
        ("model", {"model": "m", "target": "t"}, "t"),
        ("team", {"team": "t"}, "t"),
        ("project", {"project": "p"}, "p"),
        ("user", {"user_id": "u"}, "u"),
        ("key", {"key": "k"}, "k"),
        ("release", {"release": "r"}, "r"),
        ("status", {"status": "error"}, "error"),
        ("day", {}, "2026-11-20"),
    ],
)
def test_a_bill_goes_by(traces: Traces, by: Any, changes: dict[str, Any], key: str) -> None:
    assert by in BY
    traces.write([one(cost_usd=0.25, **changes), one(cost_usd=0.5, **changes)])
    (line,) = traces.costs("app", by, since=DAY, until=NEXT)
    assert (line.key, line.requests, line.cost_usd, line.unknown) == (key, 2, 0.75, 0)


def test_an_unknown_price_is_unknown_and_never_zero(traces: Traces) -> None:
    traces.write([one(team="none", cost_usd=None), one(team="some", cost_usd=None), one(team="some", cost_usd=0.5)])
    traces.write([one(team="free", cost_usd=0.0), one(team="unused", cost_usd=None, input_tokens=0, output_tokens=0)])
    lines = {line.key: (line.cost_usd, line.unknown) for line in traces.costs("app", "team", since=DAY, until=NEXT)}
    assert lines == {"none": (None, 1), "some": (0.5, 1), "free": (0.0, 0), "unused": (0.0, 0)}


def test_parts_of_an_hour_count_as_the_hour_and_nothing_else(traces: Traces) -> None:
    traces.write([one(hours, cost_usd=1.0) for hours in (0.5, 1.5, 2.5, 25)])
    since, until = DAY + timedelta(hours=1.7), DAY + timedelta(hours=2.1)
    (line,) = traces.costs("app", "day", since=since, until=until)
    assert line.requests == 2
    assert [found.key for found in traces.costs("app", "day", since=DAY, until=DAY + timedelta(days=2))] == [
        "2026-11-20",
        "2026-11-21",
    ]
    assert traces.costs("other", "day", since=DAY, until=NEXT) == ()


def test_suites_cost_money_too_and_are_no_answers(traces: Traces) -> None:
    traces.write([one(cost_usd=1.0), one(cost_usd=2.0, environment=EVALUATION)])
    (line,) = traces.costs("app", "release", since=DAY, until=NEXT)
    assert line.cost_usd == 3.0
    assert traces.answers("app") == {"sha256:abc": 1}


def test_the_summary_of_a_day(traces: Traces) -> None:
    traces.write([one(hours, cost_usd=0.5, latency_ms=10.0) for hours in (0, 3, 3.5)])
    traces.write([one(23.9, cost_usd=None, latency_ms=1000.0, status="error"), one(24.1), one(-0.1)])
    day = traces.day("app", DAY + timedelta(hours=13))
    assert (day.day, day.requests, day.errors, day.cost_usd, day.unknown) == (DAY, 4, 1, 1.5, 1)
    assert [(hour.hour, hour.requests, hour.errors) for hour in day.hours] == [(0, 1, 0), (3, 2, 0), (23, 1, 1)]
    assert day.p50_ms is not None
    assert day.p95_ms is not None
    assert 10 <= day.p50_ms <= 10 * 1.1
    assert 1000 <= day.p95_ms <= 1000 * 1.1
    nothing = traces.day("app", DAY + timedelta(days=9))
    assert (nothing.requests, nothing.cost_usd, nothing.p50_ms, nothing.hours) == (0, 0.0, None, ())


def test_sums_outlive_the_traces(traces: Traces) -> None:
    traces.write([one(cost_usd=0.5)])
    assert traces.purge_before(NEXT) == 1
    (line,) = traces.costs("app", "day", since=DAY, until=NEXT)
    assert line.cost_usd == 0.5
    assert traces.releases("app") == set()


def test_a_person_is_gone_from_the_bill_and_the_sums_stay(traces: Traces) -> None:
    traces.write([one(user_id="Ada", cost_usd=0.5), one(user_id="Bob", cost_usd=0.25)])
    traces.purge_subject("ada")
    assert [line.key for line in traces.costs("app", "user", since=DAY, until=NEXT)] == ["Bob"]
    (line,) = traces.costs("app", "day", since=DAY, until=NEXT)
    assert line.cost_usd == 0.75


@given(st.floats(min_value=0.0, max_value=1e9))
def test_a_bucket_holds_its_latencies(latency_ms: float) -> None:
    bucket = latency_bucket(latency_ms)
    end = bucket_end_ms(bucket)
    assert latency_ms <= end * (1 + 1e-9)
    assert bucket == "000" or latency_ms * 1.0906 > end


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["u", "v"]), st.integers(0, 9)), max_size=20),
    st.randoms(use_true_random=False),
)
def test_a_tally_does_not_care_about_order_and_can_be_taken_back(given: list[tuple[str, str, int]], order: Any) -> None:
    def tallied(some: list[tuple[str, str, int]], sign: int = 1) -> list[Any]:
        tally = Tally()
        for endpoint, user, cost in some:
            named = (endpoint, "", "", "", "", "ok")
            tally.add(Place("app", 1, "served", ""), named, user, Counts(sign, 0, 0, 0, 0, sign * cost, sign, 0))
        return sorted(tally.rows())

    mixed = list(given)
    order.shuffle(mixed)
    assert tallied(given) == tallied(mixed)
    back = {row[:6]: [-count for count in row[6:]] for row in tallied(given, -1)}
    assert {row[:6]: list(row[6:]) for row in tallied(given)} == back
