"""Gates that hold a run against a baseline."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.comparison.sides import KINDS, rights, row, scored, side

from plimsoll.evaluation import Condition, Measure, Threshold, judge
from plimsoll.evaluation.comparison import Comparison, Side, compare
from plimsoll.kernel.statistics import paired_lower_bound

ORDER = {"fail": 0, "not measured": 1, "pass": 2}


def compared(better: int, worse: int, same: int) -> Comparison:
    old = [0.0] * better + [1.0] * worse + [1.0] * same
    new = [1.0] * better + [0.0] * worse + [1.0] * same
    return compare(rights(old), rights(new, subject="sha256:new"))


def held(threshold: Threshold, found: Comparison | None, value: float = 0.9) -> Condition:
    measure = Measure(threshold.measure, value, 100, values=(1.0,) * 90 + (0.0,) * 10)
    return judge("ask", [threshold], [measure], compared=found).conditions[0]


def test_what_loses_no_more_than_it_may_passes() -> None:
    found = held(Threshold("right", may_lose=0.05), compared(3, 3, 294))
    assert found.outcome == "pass"
    assert found.gain == 0
    assert found.gain_bound == pytest.approx(paired_lower_bound([1.0] * 3 + [-1.0] * 3 + [0.0] * 294))
    assert found.why == "it is no worse than the baseline, and with 0.95 confidence no more than 0.017 worse"


def test_what_loses_more_fails() -> None:
    found = held(Threshold("right", may_lose=0.02), compared(0, 10, 190))
    assert (found.outcome, found.why) == ("fail", "it is 0.050 worse than the baseline, and may be 0.02")


def test_what_so_few_rows_do_not_show_is_not_measured_and_says_how_many_would() -> None:
    found = held(Threshold("right", may_lose=0.02), compared(0, 0, 40))
    assert found.outcome == "not measured"
    assert found.rows_needed is not None
    assert found.why == (
        "it is no worse than the baseline, but of 40 rows it may be 0.070 worse, and may be 0.02: "
        f"about {found.rows_needed:,} rows would tell"
    )


def test_without_a_baseline_nothing_was_measured() -> None:
    found = held(Threshold("right", may_lose=0.02), None)
    assert found.outcome == "not measured"
    assert "no baseline" in found.why


def test_a_baseline_of_other_rows_measures_nothing() -> None:
    same = rights([1.0] * 300)
    for other in (
        replace(same, dataset="sha256:other"),
        replace(same, rows=same.rows[1:]),
        replace(same, rows=(scored(replace(row("r0"), question="else"), {"right": 1.0}), *same.rows[1:])),
    ):
        assert held(Threshold("right", may_lose=0.1), compare(other, same)).outcome == "not measured"


def test_a_row_that_one_run_did_not_measure_hides_no_loss() -> None:
    same = rights([1.0] * 300)
    missed = replace(same, rows=(scored(row("r0"), {"right": None}), *same.rows[1:]))
    found = held(Threshold("right", may_lose=0.1), compare(missed, same))
    assert (found.outcome, found.why) == (
        "not measured",
        "1 row was not measured in both runs (row r0: the judge said nothing)",
    )


def test_the_estimate_alone_can_be_asked_for() -> None:
    threshold = Threshold("right", may_lose=0.02, confidence=None)
    assert held(threshold, compared(0, 0, 3)).outcome == "pass"
    assert held(threshold, compared(0, 1, 30)).outcome == "fail"


def test_both_a_bound_and_a_loss_must_hold() -> None:
    threshold = Threshold("right", at_least=0.8, may_lose=0.05)
    both = held(threshold, compared(3, 3, 294))
    assert both.outcome == "pass"
    assert "at least 0.8" in both.why
    assert "than the baseline" in both.why
    assert held(threshold, compared(0, 100, 200)).outcome == "fail"
    assert held(replace(threshold, at_least=0.95), compared(3, 3, 294)).outcome == "fail"
    assert held(replace(threshold, at_least=0.89), compared(3, 3, 294)).outcome == "not measured"


def test_less_can_be_better() -> None:
    old = side([scored(row(str(at)), {"toxic": 0.0}) for at in range(100)])
    new = side([scored(row(str(at)), {"toxic": float(at < 10)}) for at in range(100)])
    assert held(Threshold("toxic", may_lose=0.05), compare(old, new)).outcome == "fail"
    assert held(Threshold("toxic", may_lose=0.05), compare(new, old)).outcome == "pass"


def test_a_percentile_may_lose_too() -> None:
    def run(add_ms: float, count: int = 100) -> Side:
        rows = [scored(row(f"r{at}"), {}, latency_ms=100.0 + at % 7 + add_ms) for at in range(count)]
        return side(rows, kinds={"latency_p95_ms": KINDS["latency_p50_ms"]})

    threshold = Threshold("latency_p95_ms", may_lose=20)
    assert held(threshold, compare(run(0), run(10))).outcome == "pass"
    assert held(threshold, compare(run(0), run(30))).outcome == "fail"
    assert held(threshold, compare(run(0, 20), run(10, 20))).outcome == "not measured"


@settings(deadline=None, max_examples=60)
@given(
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 60)).filter(any),
    st.lists(st.floats(0, 0.5), min_size=2, max_size=4),
    st.sampled_from([None, 0.8, 0.95]),
)
def test_a_wider_margin_never_refuses_what_a_narrower_one_let_through(
    counts: tuple[int, int, int], margins: list[float], confidence: float | None
) -> None:
    found = compared(*counts)
    outcomes = [
        held(Threshold("right", may_lose=margin, confidence=confidence), found).outcome for margin in sorted(margins)
    ]
    assert [ORDER[outcome] for outcome in outcomes] == sorted(ORDER[outcome] for outcome in outcomes)
