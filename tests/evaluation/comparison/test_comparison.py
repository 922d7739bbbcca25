from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.comparison.sides import KINDS, rights, row, scored, side

from plimsoll.evaluation import Threshold
from plimsoll.evaluation.comparison import (
    Comparison,
    Difference,
    Kind,
    Side,
    compare,
    conclusion,
    detectable_text,
    difference_text,
)
from plimsoll.kernel.digest import canonical_json
from plimsoll.kernel.statistics import holm

SCORES = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12)


def of(found: Comparison, measure: str, slice_: str = "") -> Difference:
    one = found.of(measure, slice_)
    assert one is not None
    return one


def both(pairs: Sequence[tuple[float, float]]) -> tuple[Side, Side]:
    return rights([old for old, _ in pairs]), rights([new for _, new in pairs], subject="sha256:new")


@settings(deadline=None, max_examples=40)
@given(SCORES)
def test_swapping_old_and_new_negates_everything(pairs: list[tuple[float, float]]) -> None:
    old, new = both(pairs)
    there, back = of(compare(old, new), "right"), of(compare(new, old), "right")
    assert back.difference == pytest.approx(-(there.difference or 0.0), abs=1e-12)
    assert (back.rows_better, back.rows_worse) == (there.rows_worse, there.rows_better)
    assert back.low == pytest.approx(-(there.high or 0.0), abs=1e-9)
    assert {there.says, back.says} in ({"better", "worse"}, {"no difference seen"})


@settings(deadline=None, max_examples=40)
@given(SCORES)
def test_a_run_is_never_better_or_worse_than_itself(pairs: list[tuple[float, float]]) -> None:
    same = rights([score for score, _ in pairs])
    found = compare(same, same)
    assert not found.cases
    assert {one.says for one in found.differences} <= {"no difference seen", "not measured"}
    assert of(found, "right").difference == 0
    assert of(found, "right").p_value == 1


@settings(deadline=None, max_examples=25)
@given(SCORES, st.randoms())
def test_the_order_of_rows_says_nothing(pairs: list[tuple[float, float]], draw: object) -> None:
    old, new = both(pairs)
    mixed = list(old.rows)
    draw.shuffle(mixed)  # type: ignore[attr-defined]  # a random.Random
    assert compare(replace(old, rows=tuple(mixed)), new).to_json() == compare(old, new).to_json()


def test_rows_are_paired_by_their_ids_and_those_of_one_run_alone_are_told() -> None:
    old = side(
        [scored(row("a"), {"right": 1.0}), scored(row("gone"), {"right": 0.0}), scored(row("b"), {"right": 0.0})]
    )
    other = replace(row("b"), question="something else")
    new = side([scored(row("fresh"), {"right": 1.0}), scored(other, {"right": 1.0}), scored(row("a"), {"right": 0.0})])
    found = compare(old, new)
    assert (found.rows, found.only_old, found.only_new, found.changed) == (1, ("gone",), ("fresh",), ("b",))
    assert of(found, "right").difference == -1
    said = conclusion(found)
    assert "1 row stands only in the older run" in said
    assert "1 row asks something else now" in said


def test_rows_that_one_run_did_not_measure_are_missing_and_not_zero() -> None:
    old = side([scored(row("a"), {"right": 1.0}), scored(row("b"), {"right": 1.0}), scored(row("c"), {})])
    new = side(
        [
            scored(row("a"), {"right": 1.0}),
            scored(row("b"), {"right": None}),
            scored(row("c"), {}, error="the model is down"),
        ]
    )
    found = of(compare(old, new), "right")
    assert (found.rows, found.missing, found.difference) == (1, 1, 0.0)
    assert found.why == "row b: the judge said nothing"


def test_less_can_be_better() -> None:
    old = side([scored(row(str(at)), {"toxic": 1.0}) for at in range(30)])
    new = side([scored(row(str(at)), {"toxic": 0.0}) for at in range(30)])
    found = of(compare(old, new), "toxic")
    assert (found.difference, found.gain, found.says) == (-1.0, 1.0, "better")
    assert (found.low or 0.0) < -0.85
    assert found.rows_better == 30
    assert "100 points better" in difference_text(found)


def test_every_case_that_changed_is_told_with_both_answers() -> None:
    old = side([scored(row("a"), {"right": 1.0, "toxic": 0.0}), scored(row("b"), {"right": 0.2})])
    new = side(
        [
            scored(row("a"), {"right": 0.5, "toxic": 0.0}, answer="no idea"),
            scored(row("b"), {"right": 0.9}, answer="of course"),
        ]
    )
    found = compare(old, new)
    (worse,), (better,) = found.worse, found.better
    assert (worse.row, worse.old_answer, worse.new_answer) == ("a", "answer to a", "no idea")
    assert (worse.old, worse.new, worse.worse_in) == ({"right": 1.0}, {"right": 0.5}, ("right",))
    assert better.row == "b"
    assert better.gain == pytest.approx(0.7)
    assert canonical_json(found.to_json())


def test_a_scorer_of_another_version_is_not_compared() -> None:
    old, new = both([(1.0, 0.0)] * 20)
    new = replace(new, kinds={**KINDS, "right": Kind("share", "more", "2")})
    found = of(compare(old, new), "right")
    assert (found.says, found.difference) == ("not measured", None)
    assert found.why == "it is version 2 now and was version 1: score the older answers again"


def test_what_a_threshold_names_is_not_corrected_for_slices_that_nobody_asked_for() -> None:
    tags = [[f"slice {at}" for at in range(20)]] * 60
    old = side([scored(row(f"r{at}", tags=some), {"right": 1.0}) for at, some in enumerate(tags)])
    new = side([scored(row(f"r{at}", tags=some), {"right": float(at > 6)}) for at, some in enumerate(tags)])
    asked = of(compare(old, new, thresholds=[Threshold("right", at_least=0.5)]), "right")
    assert (asked.is_primary, asked.says) == (True, "worse")
    assert asked.adjusted == asked.p_value
    found = compare(old, new)
    explored = [one for one in found.differences if one.p_value is not None]
    expected = holm([one.p_value or 0.0 for one in explored])
    assert [one.adjusted for one in explored] == pytest.approx(list(expected))
    assert (of(found, "right").adjusted or 0.0) > (asked.adjusted or 0.0)


def test_rows_that_belong_together_are_less_sure() -> None:
    scores = [(1.0, 0.0)] * 9 + [(0.0, 0.0)] * 31
    old, new = both(scores)
    alone = of(compare(old, new), "right")
    grouped = [
        side([replace(one, row=replace(one.row, group=f"g{at // 10}")) for at, one in enumerate(run.rows)])
        for run in (old, new)
    ]
    together = of(compare(*grouped), "right")
    assert alone.says == "worse"
    assert together.difference == alone.difference
    assert (together.p_value or 0.0) > (alone.p_value or 0.0)


def test_percentiles_have_the_interval_of_the_bootstrap_and_none_of_few_rows() -> None:
    def run(add_ms: float, count: int) -> Side:
        rows = [scored(row(f"r{at}"), {}, latency_ms=100.0 + at + add_ms) for at in range(count)]
        return side(rows, kinds={"latency_p50_ms": KINDS["latency_p50_ms"], "latency_p95_ms": KINDS["latency_p50_ms"]})

    found = compare(run(0, 90), run(50, 90))
    middle = of(found, "latency_p50_ms")
    assert (middle.difference, middle.says) == (50, "worse")
    assert (middle.low, middle.high) == (50, 50)
    assert of(found, "latency_p95_ms").says == "worse"
    few = of(compare(run(0, 20), run(50, 20)), "latency_p95_ms")
    assert (few.says, few.low, few.why) == ("not measured", None, "20 rows say nothing of how far off it may be")


def test_the_words_say_what_was_found_and_what_could_have_been() -> None:
    pairs = [(1.0, 1.0)] * 110 + [(1.0, 0.0)] * 6 + [(0.0, 1.0)] * 4
    found = compare(*both(pairs))
    one = of(found, "right")
    assert detectable_text(one) == (
        "with these 120 rows you could see a loss of 7.4 points in right; you need 6,670 for 1 point"
    )
    assert conclusion(found) == (
        "Of 120 rows that both runs have, 6 became worse and 4 better, which is no more than chance does. "
        "With these 120 rows you could see a loss of 7.4 points in right; you need 6,670 for 1 point."
    )
    assert difference_text(one).startswith("right: 0.967 → 0.950, 1.7 points worse (95 % interval ")
    clear = compare(*both([(1.0, 1.0)] * 90 + [(1.0, 0.0)] * 30))
    assert conclusion(clear) == "Of 120 rows that both runs have, the newer one is worse in right by 25 points."
    assert conclusion(compare(*both([(1.0, 1.0)] * 50))).startswith("Of 50 rows that both runs have, none has another")
    assert conclusion(compare(side([]), side([]))) == "The two runs have no row in common, so nothing was compared."
