"""Where a text repeats another, word for word or nearly so."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"[^\W_]+")
_RUN: Final = 4
"""Words in a row that count as repeated."""
_GAP: Final = 3
"""Words between two repeated runs that may be other ones."""


class Repeat(NamedTuple):
    """A stretch that repeats the other text."""

    start: int
    end: int
    words: int
    """How many of its words are repeated in runs."""
    share: float
    """How much of the other text that is."""


class Words(NamedTuple):
    """The words of a text in lower case, with where they stand."""

    shown: list[str]
    spans: list[tuple[int, int]]


def words_of(text: str) -> Words:
    """The words of a text."""
    found = list(_WORD.finditer(text))
    return Words([match.group().casefold() for match in found], [match.span() for match in found])


def runs_of(words: Sequence[str]) -> set[tuple[str, ...]]:
    """All runs of four words."""
    return set(zip(*(words[shift:] for shift in range(_RUN)), strict=False))


def repeats(words: Words, runs: AbstractSet[tuple[str, ...]], count: int) -> Iterator[Repeat]:
    """Stretches of the words that are made of `runs`; `count` is how many words the other text has."""
    shown = words.shown
    inside = [False] * len(shown)
    for at in range(len(shown) - _RUN + 1):
        if tuple(shown[at : at + _RUN]) in runs:
            inside[at : at + _RUN] = [True] * _RUN
    for first, last, held in _stretches(inside):
        yield Repeat(words.spans[first][0], words.spans[last][1], held, min(1.0, held / max(1, count)))


def _stretches(inside: Sequence[bool]) -> Iterator[tuple[int, int, int]]:
    """First and last place of each stretch, and how many places of it are marked."""
    first = last = -1
    held = 0
    for at, marked in enumerate(inside):
        if not marked:
            continue
        if first >= 0 and at - last > _GAP + 1:
            yield first, last, held
            first, held = at, 0
        first = at if first < 0 else first
        last, held = at, held + 1
    if first >= 0:
        yield first, last, held
