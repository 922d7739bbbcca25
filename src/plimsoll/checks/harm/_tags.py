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

_SECONDS: Final = np.array([1, 1, 1, 1, 2, 2, 2, 3, 3, 4])
_THIRDS: Final = np.array([2, 3, 4, 5, 3, 4, 5, 4, 5, 5])
_PAIRS: Final = CLASSES
_TRIPLES: Final = _PAIRS + len(NEAR) * CLASSES * CLASSES
ROWS: Final = _TRIPLES + COARSE**3

Rows = NDArray[np.int64]


class Table(NamedTuple):
    """Rows for each class of a text, and which of them there are."""

    rows: Rows
    there: NDArray[np.bool_]


class Features(NamedTuple):
    """Rows of the table, and the class among the text's with which each begins."""

    rows: Rows
    anchors: Rows


def distinct(tags: Tags, places: Tags, coarse: Tags) -> Rows:
    """All features of a text, each once. `coarse` says for each class which one it is in features of three, or 0."""
    found = np.zeros(ROWS, np.bool_)
    found[tags] = True
    if len(tags):
        pairs = _pairs(tags, places)
        found[pairs.rows[pairs.there]] = True
        some = coarse[tags]
        kept = some > 0
        if kept.any():
            triples = _triples(some[kept], places[kept])
            found[triples.rows[triples.there]] = True
    return np.flatnonzero(found)


def anchored(tags: Tags, places: Tags, coarse: Tags) -> Features:
    """All features of a text that has a class, as often as they are there, each with where it begins."""
    pairs = _pairs(tags, places)
    some = coarse[tags]
    kept = np.flatnonzero(some)
    triples = _triples(some[kept], places[kept])
    return Features(
        np.concatenate((tags, pairs.rows[pairs.there], triples.rows[triples.there])),
        np.concatenate((np.arange(len(tags)), np.nonzero(pairs.there)[0], kept[np.nonzero(triples.there)[0]])),
    )


def _following(values: Tags, count: int) -> Rows:
    """Shape (values, count): those that follow each value; 0 behind the end."""
    padded = np.zeros(len(values) + count, np.int64)
    padded[: len(values)] = values
    return padded.take(np.arange(1, len(values) + 1)[:, None] + np.arange(count))


def _pairs(tags: Tags, places: Tags) -> Table:
    others = _following(tags, FOLLOWING)
    apart = _following(places, FOLLOWING)
    apart -= places[:, None]
    near = (apart > NEAR[0]) * CLASSES
    near += (apart > NEAR[1]) * CLASSES
    near += tags[:, None]
    near *= CLASSES
    near += others
    near += _PAIRS
    return Table(near, (others > 0) & (apart <= NEAR[2]))


def _triples(tags: Tags, places: Tags) -> Table:
    last = int(_THIRDS.max())
    around, reach = _following(tags, last), _following(places, last)
    thirds = around.take(_THIRDS - 1, axis=1)
    rows = around.take(_SECONDS - 1, axis=1)
    rows += tags[:, None] * COARSE
    rows *= COARSE
    rows += thirds
    rows += _TRIPLES
    near = reach - places[:, None] <= TRIPLE_REACH
    return Table(rows, (thirds > 0) & near.take(_THIRDS - 1, axis=1))
