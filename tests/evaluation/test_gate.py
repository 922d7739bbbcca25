import pytest
from hypothesis import given
from hypothesis import strategies as st

from plimsoll.evaluation import Measure, Threshold, judge

VALUES = st.none() | st.floats(0, 1)


def verdict(
    value: float | None, *, missing: int = 0, at_least: float | None = 0.8, at_most: float | None = None
) -> str:
    measures = [Measure("token_f1", value, 10, missing)]
    return judge("ask", [Threshold("token_f1", at_least, at_most)], measures).outcome


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
    assert judge("ask", [], [Measure("token_f1", 1.0, 10)]).outcome == "not measured"


def test_rows_without_an_answer_are_not_measured_however_good_the_others() -> None:
    assert verdict(1.0, missing=1) == "not measured"


@given(st.lists(st.tuples(VALUES, st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=5))
def test_the_whole_is_as_good_as_its_worst_part(parts: list[tuple[float | None, float, int]]) -> None:
    thresholds = [Threshold(str(at), at_least=bound) for at, (_, bound, _) in enumerate(parts)]
    measures = [Measure(str(at), value, 1, missing) for at, (value, _, missing) in enumerate(parts)]
    found = judge("ask", thresholds, measures)
    single = [judge("ask", [one], measures).outcome for one in thresholds]
    expected = "fail" if "fail" in single else "not measured" if "not measured" in single else "pass"
    assert found.outcome == expected
    assert [condition.outcome for condition in found.conditions] == single


def test_the_reason_says_the_figures() -> None:
    (condition,) = judge("ask", [Threshold("token_f1", at_least=0.85)], [Measure("token_f1", 0.83, 9)]).conditions
    assert condition.why == "0.830 is below 0.85"
