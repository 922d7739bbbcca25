"""Vector search by an engine that orders rows in its own way: its best are looked at exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._types import Numbers, Rows
from ._joined import Scored
from .embedded._vector_search import SCORE_DIGITS

_EXTRA: Final = 16
_MORE: Final = 4

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Looked:
    """Rows that an engine holds for the nearest, with their vectors."""

    rows: Rows
    vectors: Vectors
    keys: NDArray[np.uint64]
    ordinals: NDArray[np.int64]


def nearest(
    wanted: Vectors, limit: int, count: int, look: Callable[[int], Looked]
) -> tuple[Scored, dict[int, Vectors]]:
    """The nearest rows, and the vectors of all that were looked at; rows without any likeness are left out.

    `look` gives so many rows of `count`. It is asked for more until it is sure which of equals come first.
    """
    looks = 2 * limit + _EXTRA
    while True:
        found = look(min(looks, count))
        scored = Scored(found.rows, cosines(found.vectors, wanted), found.keys, found.ordinals)
        best = scored.best(limit)
        if len(found.rows) < min(looks, count) or looks >= count or scored.scores.min() < best.scores[-1]:
            break
        looks *= _MORE
    good = best.scores > 0
    known = dict(zip(found.rows.tolist(), found.vectors, strict=True))
    return Scored(best.rows[good], best.scores[good], best.keys[good], best.ordinals[good]), known


def cosines(vectors: Vectors, wanted: Vectors) -> Numbers:
    """The exact cosine of some rows, rounded as the embedded engine rounds."""
    if not len(vectors):
        return np.zeros(0)
    return np.round(vectors @ wanted, SCORE_DIGITS).astype(np.float64)


def cosines_of(rows: Rows, wanted: Vectors, known: dict[int, Vectors], read: Callable[[list[int]], Vectors]) -> Numbers:
    """The exact cosine of some rows; the vectors of those that are not known yet are read."""
    missing = [row for row in rows.tolist() if row not in known]
    every = {**known, **dict(zip(missing, read(missing), strict=True))}
    return cosines(np.array([every[row] for row in rows.tolist()], np.float32), wanted)
