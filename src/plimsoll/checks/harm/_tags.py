"""What the classes of a text's words add up to: each by itself, two in order, and three in order.

Every feature has a row of its own in the table, so nothing is hashed. A feature belongs to the word with which it
begins.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._words import Tags

CLASSES: Final = 48
"""Room for classes."""
NEAR: Final = (1, 3, 8)
"""Two classes are next to each other, near, or in reach: so many words apart at most."""
FOLLOWING: Final = 6
"""How many classes that follow are looked at."""
COARSE: Final = 26
"""Room for classes in features of three."""
TRIPLE_REACH: Final = 14
"""Three classes are at most so many words from the first to the last."""

_SECONDS: Final = np.array([1, 1, 1, 1, 2, 2, 2, 3, 3, 4]) - 1
_THIRDS: Final = np.array([2, 3, 4, 5, 3, 4, 5, 4, 5, 5]) - 1
_LAST: Final = 5
_FAR: Final = 1 << 40
_SQUARE: Final = CLASSES * CLASSES
_TRIPLES: Final = CLASSES
_PAIRS: Final = _TRIPLES + COARSE**3
ROWS: Final = _PAIRS + len(NEAR) * _SQUARE
"""Rows of classes by themselves, of three of them, and of two. Behind them comes what is too far apart to be a pair."""
_NEARNESS: Final = np.array(
    [_PAIRS + _SQUARE * sum(apart > near for near in NEAR) for apart in range(max(NEAR) + 2)], np.int64
)
"""Where the rows of two classes begin that are so many words apart, or more."""

Rows = NDArray[np.int64]


class Features(NamedTuple):
    """Rows of the table, and the class among the text's with which each begins."""

    rows: Rows
    anchors: Rows


def distinct(tags: Tags, places: Tags, coarse: Tags) -> Rows:
    """All features of a text, each once. `coarse` says for each class which one it is in features of three, or 0."""
    found = np.zeros(ROWS + _SQUARE, np.bool_)
    if len(tags):
        found[tags] = True
        steps = _steps(len(tags))
        found[_pairs(tags, places, steps)] = True
        some = coarse.take(tags)
        kept = np.flatnonzero(some)
        if len(kept):
            found[_triples(some.take(kept), places.take(kept), steps)] = True
            found[_TRIPLES:_PAIRS:COARSE] = False
    return np.flatnonzero(found[:ROWS])


def anchored(tags: Tags, places: Tags, coarse: Tags) -> Features:
    """All features of a text that has a class, as often as they are there, each with where it begins."""
    steps = _steps(len(tags))
    pairs = _pairs(tags, places, steps)
    some = coarse.take(tags)
    kept = np.flatnonzero(some)
    triples = _triples(some.take(kept), places.take(kept), steps)
    is_pair, is_triple = pairs < ROWS, (triples - _TRIPLES) % COARSE > 0
    return Features(
        np.concatenate((tags, pairs[is_pair], triples[is_triple])),
        np.concatenate((np.arange(len(tags)), np.nonzero(is_pair)[1], kept[np.nonzero(is_triple)[1]])),
    )


def _steps(count: int) -> Rows:
    """Shape (FOLLOWING, count): the places of those that follow each."""
    return np.arange(1, FOLLOWING + 1)[:, None] + np.arange(count)


def _following(values: Tags, steps: Rows, behind: int) -> Rows:
    """Shape of `steps`: those that follow each value; `behind` behind the end."""
    padded = np.full(len(values) + FOLLOWING, behind, np.int64)
    padded[: len(values)] = values
    return padded.take(steps)


def _pairs(tags: Tags, places: Tags, steps: Rows) -> Rows:
    """Shape (FOLLOWING, tags): the row of each class with each that follows; behind all rows where it is too far."""
    apart = _following(places, steps, _FAR)
    apart -= places
    rows = _NEARNESS.take(apart, mode="clip")
    rows += _following(tags, steps, 0)
    rows += tags * CLASSES
    return rows


def _triples(tags: Tags, places: Tags, steps: Rows) -> Rows:
    """Shape (10, tags): the row of each class with two that follow; one of those that begin every COARSE if too far."""
    steps = steps[:_LAST, : len(tags)]
    others = _following(tags, steps, 0)
    others *= _following(places, steps, _FAR) - places <= TRIPLE_REACH
    firsts = others * COARSE
    firsts += tags * COARSE**2 + _TRIPLES
    rows = firsts.take(_SECONDS, axis=0)
    rows += others.take(_THIRDS, axis=0)
    return rows
