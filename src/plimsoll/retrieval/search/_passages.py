"""From chunks to what a reader is given: wider stretches, and neighbours as one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from plimsoll.models import Passage

from .._types import Found, Hit, Numbers


class Spans(Protocol):
    """What is needed of an index."""

    def span(self, row: int, start: int, end: int) -> str:
        """Any stretch of the document to which a row belongs, in characters."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A chunk that was found, with what is known of it."""

    row: int
    found: Found
    score: float
    relevance: float
    vector_score: float | None
    text_score: float | None
    vector_rank: int | None
    text_rank: int | None
    known: Numbers | None = field(default=None, compare=False)
    """What is known of it for narrowing, where hits are narrowed."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of one document, named after the best chunk in it."""

    best: Ranked
    page: int
    start: int
    end: int

    def touches(self, other: "Stretch") -> bool:
        """Whether nothing lies between them."""
        same = self.best.found.document == other.best.found.document
        return same and self.start <= other.end and other.start <= self.end

    def joined(self, other: "Stretch") -> "Stretch":
        first = self if self.start <= other.start else other
        return replace(self, page=first.page, start=first.start, end=max(self.end, other.end))


def stretches(ranked: Sequence[Ranked], *, parents: bool, merge: bool, limit: int) -> list[Stretch]:
    """What the first chunks stand for, best first, at most `limit`; what an earlier one holds does not come again.

    With `merge`, those that touch become one, in the place of the best of them.
    """
    return gathered((_wide(one, parents=parents) for one in ranked), merge=merge, limit=limit)


def gathered(found: Iterable[Stretch], *, merge: bool, limit: int) -> list[Stretch]:
    """The first stretches, at most `limit`, without what an earlier one holds; see `stretches`."""
    kept: list[Stretch] = []
    for new in found:
        if len(kept) >= limit:
            break
        if not any(_covers(old, new) for old in kept):
            kept = _with(kept, new) if merge else [*kept, new]
    return kept


def _with(kept: Sequence[Stretch], new: Stretch) -> list[Stretch]:
    """The stretches with one more, which is joined to those that it touches."""
    touched = [old for old in kept if old.touches(new)]
    if not touched:
        return [*kept, new]
    whole = touched[0]
    for other in (*touched[1:], new):
        whole = whole.joined(other)
    return [whole if old is touched[0] else old for old in kept if old is touched[0] or old not in touched]


def hit(stretch: Stretch, index: Spans) -> Hit:
    """The hit for a stretch; its text is read where it is more than the chunk's."""
    best = stretch.best
    chunk = best.found
    own = (stretch.start, stretch.end) == (chunk.start, chunk.end)
    return Hit(
        passage=Passage(
            id=chunk.id,
            document=chunk.document,
            title=chunk.title,
            page=stretch.page,
            start=stretch.start,
            end=stretch.end,
            text=chunk.text if own else index.span(best.row, stretch.start, stretch.end),
            score=best.score,
        ),
        vector_score=best.vector_score,
        text_score=best.text_score,
        vector_rank=best.vector_rank,
        text_rank=best.text_rank,
    )


def part_of(one: Ranked, start: int, end: int) -> Stretch:
    """Some characters of a chunk's text."""
    return Stretch(one, one.found.page, one.found.start + start, one.found.start + end)


def _wide(one: Ranked, *, parents: bool) -> Stretch:
    chunk = one.found
    start, end = chunk.parent if parents and chunk.parent is not None else (chunk.start, chunk.end)
    return Stretch(one, chunk.page, start, end)


def _covers(old: Stretch, new: Stretch) -> bool:
    same = old.best.found.document == new.best.found.document
    return same and old.start <= new.start and new.end <= old.end
