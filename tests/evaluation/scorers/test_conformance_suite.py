"""The suite that authors of plug-ins are given finds what is wrong with a scorer."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import pytest

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation
from plimsoll.evaluation.scorers import RuleScorer, Score, Scorer
from plimsoll.testing.scorers import HOSTILE, LARGE, Sample, ScorerConformance

SAMPLES = [Sample(Row("1", "When?", ("nine",), (), answerable=True, tags=()), Observation("nine"))]
SUITE = ScorerConformance()
COUNTED = count()
SEEN: list[str] = []


def right(row: Row, seen: Observation) -> float | None:
    return float(seen.answer in row.answers) if row.answerable else None


def raising(_: Row, seen: Observation) -> float:
    return float(1 / len(seen.answer) > 0)


def beyond(_: Row, seen: Observation) -> float:
    return 1.0 + (len(seen.answer) > 100)


def infinite(_: Row, seen: Observation) -> float:
    return float("inf") if not seen.answer else 1.0


def silent(_: Row, seen: Observation) -> Score:
    return Score(1.0 if seen.answer.isascii() else None)


def drifting(_: Row, seen: Observation) -> float:
    return 1 / (1 + next(COUNTED)) if seen.answer else 1.0


def remembering(_: Row, seen: Observation) -> float:
    before = SEEN[-1] if SEEN else ""
    SEEN.append(seen.answer)
    return 1.0 if before.isascii() else 0.5


def hoarding(_: Row, seen: Observation) -> Score:
    return Score(1.0, parts={"answer": seen.answer})


def unstorable(_: Row, _seen: Observation) -> Score:
    return Score(1.0, parts={"share": float("nan")})


def never_right(_: Row, _seen: Observation) -> float:
    return 0.5


def encoding(_: Row, seen: Observation) -> float:
    return float(bool(seen.answer.encode()) or 1)


@dataclass(frozen=True)
class Saying:
    """A scorer that says something of rows to which it does not apply."""

    name: str = "saying"
    version: str = "1"
    unit: str = "share"
    better: str = "more"

    def applies(self, row: Row) -> bool:
        return row.id == "1"

    def score(self, _: Row, _seen: Observation) -> Score:
        return Score(1.0)


def all_cases(make: Callable[[], Scorer]) -> None:
    SUITE.test_it_says_what_it_is(make())
    SUITE.test_a_perfect_answer_has_the_best_score(make(), SAMPLES)
    SUITE.test_it_applies_to_what_it_scores(make(), SAMPLES)
    SUITE.test_made_again_it_says_the_same(make, SAMPLES)
    SUITE.test_neither_other_rows_nor_their_order_change_a_score(make, SAMPLES)
    SUITE.test_many_may_ask_at_once(make, SAMPLES)
    for text in HOSTILE.values():
        SUITE.test_no_answer_breaks_it(make(), SAMPLES, text)
    for made in LARGE.values():
        SUITE.test_no_answer_is_too_large(make(), SAMPLES, made)


def test_a_sound_scorer_passes() -> None:
    all_cases(lambda: RuleScorer("right", right))
    all_cases(lambda: RuleScorer("length", lambda _, seen: float(len(seen.answer)), unit="number", better="less"))


@pytest.mark.parametrize("rule", [beyond, infinite, silent, drifting, remembering, never_right, hoarding, unstorable])
def test_what_cannot_be_is_found(rule: Callable[[Row, Observation], float | Score | None]) -> None:
    with pytest.raises(AssertionError):
        all_cases(lambda: RuleScorer("odd", rule))


@pytest.mark.parametrize(("rule", "error"), [(raising, ZeroDivisionError), (encoding, UnicodeEncodeError)])
def test_what_raises_is_found(rule: Callable[[Row, Observation], float], error: type[Exception]) -> None:
    with pytest.raises(error):
        all_cases(lambda: RuleScorer("odd", rule, when=lambda _: True))


def test_a_scorer_without_a_version_is_found() -> None:
    with pytest.raises(AssertionError):
        all_cases(lambda: RuleScorer("odd", right, version=""))


def test_a_scorer_that_says_something_where_it_does_not_apply_is_found() -> None:
    with pytest.raises(AssertionError, match="does not apply"):
        all_cases(Saying)  # type: ignore[arg-type]  # texts where literals are asked for
