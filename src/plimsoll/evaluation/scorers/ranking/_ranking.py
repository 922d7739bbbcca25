"""What was found, best first, beside what is worth finding."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from plimsoll.datasets import Row

from ..._observation import Observation, Retrieved
from .._entries import ScorerEntry
from .._types import RuleScorer, Score
from ..options import Option, Options, choice, text, whole

K: Final = whole("k", 10)
ALL: Final = whole("k", None)
LEVEL: Final = choice("level", ("documents", "passages"), "documents")
PASSAGES: Final = text("passages", "evidence", "passages")
_PAGE: Final = re.compile(r"document:(.+)#page=(\d{1,9})")
_LEAST_CHARACTERS: Final = 20


@dataclass(frozen=True, slots=True)
class Ranking:
    """Gains of what was found, best first, and of all that is worth finding, the greatest first."""

    gains: tuple[float, ...]
    """Above 0 where it is worth finding; something that is found again gains nothing the second time."""
    ideal: tuple[float, ...]
    covers: tuple[int, ...]
    """How many of those that are worth finding each of the found is; a passage may hold two that a row names."""

    def hits(self, k: int | None = None) -> int:
        """How many of the first k are worth finding."""
        return sum(gain > 0 for gain in self.gains[:k])


Worth = Mapping[Any, float]
"""What is worth finding, and how much."""


def of_documents(worth: Worth, seen: Observation) -> Ranking:
    """By the paths of documents; each counts once, where its first passage stands."""
    found = tuple(worth.get(one, 0.0) for one in dict.fromkeys(seen.retrieved))
    return Ranking(found, _ideal(worth), tuple(int(gain > 0) for gain in found))


def of_passages(worth: Worth, seen: Observation) -> Ranking:
    """By passages: their id, their document and page, or words that stand in both."""
    left = dict(worth)
    gains: list[float] = []
    covers: list[int] = []
    for passage in seen.passages:
        mine = [one for one in left if _is(one, passage)]
        gains.append(max((left[one] for one in mine), default=0.0))
        covers.append(len(mine))
        for one in mine:
            del left[one]
    return Ranking(tuple(gains), _ideal(worth), tuple(covers))


def _ideal(worth: Worth) -> tuple[float, ...]:
    return tuple(sorted(worth.values(), reverse=True))


def _is(wanted: str | tuple[str, int], passage: Retrieved) -> bool:
    if isinstance(wanted, tuple):
        return (passage.document, passage.page) == wanted
    if wanted == passage.chunk:
        return True
    one, other = _plain(wanted), _plain(passage.text)
    return one in other or (len(other) >= _LEAST_CHARACTERS and other in one) if one else False


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())


def worth_of(options: Options, row: Row) -> Worth:
    """What a row says is worth finding; empty where it says nothing."""
    if not row.answerable:
        return {}
    if options.get("grades"):
        grades = row.fields.get(options["grades"])
        return dict(_grades(grades)) if isinstance(grades, Mapping) else {}
    if options["level"] == "documents":
        return dict.fromkeys(row.documents, 1.0)
    named = row.fields.get(options["passages"])
    if isinstance(named, Sequence) and not isinstance(named, str):
        return {one: 1.0 for one in named if isinstance(one, str) and one.strip()}
    page = _PAGE.fullmatch(row.source)
    return {(page[1], int(page[2])): 1.0} if page else {}


def _grades(grades: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, grade in grades.items():
        if isinstance(grade, int | float) and not isinstance(grade, bool) and 0 < grade < float("inf"):
            yield name, float(grade)


Formula = Callable[[Ranking, int | None], float]


def ranking_entry(name: str, says: str, formula: Formula, *options: Option) -> ScorerEntry:
    """The entry of a figure of one ranking. It applies to answerable rows that say what is worth finding."""

    def make(called: str, given: Options) -> RuleScorer:
        return RuleScorer(called, partial(_of_row, formula, given), when=lambda row: bool(worth_of(given, row)))

    return ScorerEntry(name, says, make, (*options, LEVEL, PASSAGES))


def _of_row(formula: Formula, options: Options, row: Row, seen: Observation) -> Score:
    rank = of_documents if options["level"] == "documents" else of_passages
    ranking = rank(worth_of(options, row), seen)
    return Score(formula(ranking, options["k"]), parts={"found": ranking.hits(options["k"]), "of": len(ranking.ideal)})
