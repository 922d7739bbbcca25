"""Vector search over the parts of a view: signs find what is worth a look, and the look is exact."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._codes import differing, nearest_limit, pack
from ._part import Part

SCORE_DIGITS: Final = 6
"""Cosines are rounded to this, because the last bits of a product depend on where the row lies in the matrix."""

_EXACT_UP_TO: Final = 4_000
"""Rows that are compared without looking at signs first: it would not be faster."""
_LOOKS: Final = 2_000
_LOOKS_PER_ROW: Final = 1 / 200
_LOOKS_PER_HIT: Final = 20
"""How many rows are looked at: the most of the three, of which the second is a share of all rows."""

Mask = NDArray[np.bool_]
Cosines = NDArray[np.float64]
Ranked = tuple[NDArray[np.int64], Cosines]
"""Rows of a part, and their cosines."""


def search_vectors(
    parts: Sequence[Part], wanted: NDArray[np.float32], limit: int, allowed: Sequence[Mask | None]
) -> list[Ranked]:
    """For each part the rows that may be among the nearest `limit` of all; rows without any likeness are left out."""
    counts = [len(part.rows) if mask is None else int(mask.sum()) for part, mask in zip(parts, allowed, strict=True)]
    total = sum(counts)
    looks = max(_LOOKS, int(total * _LOOKS_PER_ROW), limit * _LOOKS_PER_HIT)
    if total <= max(_EXACT_UP_TO, looks):
        chosen = [_all_rows(part, mask) for part, mask in zip(parts, allowed, strict=True)]
    else:
        chosen = _worth_a_look(parts, wanted, looks, allowed)
    return [_positive(rows, cosines(part, rows, wanted)) for part, rows in zip(parts, chosen, strict=True)]


def cosines(part: Part, rows: NDArray[np.int64], wanted: NDArray[np.float32]) -> Cosines:
    """The exact cosine of some rows, rounded."""
    vectors = part.vectors if len(rows) == len(part.rows) else part.vectors[rows]
    return np.round(vectors @ wanted, SCORE_DIGITS).astype(np.float64)


def _all_rows(part: Part, mask: Mask | None) -> NDArray[np.int64]:
    return np.arange(len(part.rows)) if mask is None else np.flatnonzero(mask)


def _worth_a_look(
    parts: Sequence[Part], wanted: NDArray[np.float32], looks: int, allowed: Sequence[Mask | None]
) -> list[NDArray[np.int64]]:
    """The rows whose signs differ least. How many differ at most is one number for all parts."""
    signs = pack(wanted[None])[0]
    apart = [differing(part.codes, signs) for part in parts]
    size = len(wanted) + 1
    counts = np.zeros(size, np.int64)
    for one, mask in zip(apart, allowed, strict=True):
        counts += np.bincount(one if mask is None else one[mask], minlength=size)
    most = nearest_limit(counts, looks)
    near = [one <= most for one in apart]
    return [np.flatnonzero(one if mask is None else one & mask) for one, mask in zip(near, allowed, strict=True)]


def _positive(rows: NDArray[np.int64], scores: Cosines) -> Ranked:
    good = scores > 0
    return rows[good], scores[good]
