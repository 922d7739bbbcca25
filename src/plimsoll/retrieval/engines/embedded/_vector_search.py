"""Vector search over the parts of a view: short forms find what is worth a look, and the look is exact."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._codes import least_differing, to_signs
from ._part import Part

SCORE_DIGITS: Final = 6
"""Cosines are rounded to this, because the last bits of a product depend on where the row lies in the matrix."""

_EXACT_UP_TO: Final = 20_000
"""Rows that are compared as they are."""
SIGNS_FROM: Final = 300_000
"""From so many rows on, signs are compared before bytes are, if they can tell these vectors apart."""
_LOOKS: Final = 100
_LOOKS_PER_HIT: Final = 2
"""How many rows are looked at exactly: the more of the two. Bytes are wrong by less than a hundredth; at 1,000,000
chunks, of the nearest 100 as many are found with 120 looks as with 500, to a thousandth."""
_SHARE: Final = 1 / 100
_SIGNS_PER_LOOK: Final = 25
"""Of all rows, those whose bytes are compared after signs were; and at least so many for each exact look."""

_COPY_COST: Final = 4
"""Comparing a row that must be copied first takes so many times as long as comparing it where it lies."""

_SAMPLE_ROWS: Final = 20_000
_SAMPLE_QUESTIONS: Final = 64
_SAMPLE_DEPTH: Final = 3
"""The nearest of a sample are further away than those of all, and so harder to find."""
_GOOD_RECALL: Final = 0.95
_MOST_TIES: Final = 10

Mask = NDArray[np.bool_]
Vector = NDArray[np.float32]
Cosines = NDArray[np.float64]
Ranked = tuple[NDArray[np.int64], Cosines]
"""Rows of a part, and their cosines."""


class VectorSearch:
    """Searches over the rows of some parts."""

    def __init__(self, parts: Sequence[Part], *, signs: bool) -> None:
        self._parts = parts
        self._signs = signs

    def search(self, wanted: Vector, limit: int, allowed: Sequence[Mask | None]) -> list[Ranked]:
        """For each part the rows that may be among the nearest `limit` of all; what is not alike at all is left out."""
        pairs = list(zip(self._parts, allowed, strict=True))
        total = sum(len(part.rows) if mask is None else int(np.count_nonzero(mask)) for part, mask in pairs)
        looks = max(_LOOKS, limit * _LOOKS_PER_HIT)
        if total <= max(_EXACT_UP_TO, looks):
            chosen = [np.arange(len(part.rows)) if mask is None else np.flatnonzero(mask) for part, mask in pairs]
        else:
            some = _by_signs(pairs, wanted, max(_SIGNS_PER_LOOK * looks, int(total * _SHARE))) if self._signs else None
            chosen = _by_bytes(pairs, wanted, looks, some)
        return [_positive(rows, cosines(part, rows, wanted)) for part, rows in zip(self._parts, chosen, strict=True)]


def cosines(part: Part, rows: NDArray[np.int64], wanted: Vector) -> Cosines:
    """The exact cosine of some rows, rounded."""
    vectors = part.vectors.all if len(rows) == len(part.rows) else part.vectors.of(rows)
    return np.round(vectors @ wanted, SCORE_DIGITS).astype(np.float64)


def signs_suffice(vectors: Vector, texts: Sequence[str], embed: Callable[[Sequence[str]], Vector]) -> bool:
    """Whether signs alone find what is near to questions, tried on a sample of an index.

    The questions are the first words of some chunks. Embedders whose vectors are sparse or all positive fail.
    """
    step = max(1, len(texts) // _SAMPLE_QUESTIONS)
    asked = embed([" ".join(text.split()[:12]) for text in texts[::step]])
    near = np.round(asked @ vectors.T, SCORE_DIGITS)
    signs = np.ascontiguousarray(to_signs(vectors).T)
    looks = max(int(len(vectors) * _SHARE), _SAMPLE_DEPTH)
    shares = []
    for scores, wanted in zip(near, to_signs(asked), strict=True):
        least = np.partition(scores, len(scores) - _SAMPLE_DEPTH)[len(scores) - _SAMPLE_DEPTH]
        seen = scores[least_differing([(signs, None)], wanted, looks)[0]]
        # Where most rows differ as little as the nearest ones, signs find everything and spare nothing.
        useful = len(seen) <= _MOST_TIES * looks
        shares.append(min(1.0, float((seen >= least).sum()) / _SAMPLE_DEPTH) if useful else 0.0)
    return float(np.mean(shares)) >= _GOOD_RECALL


Pairs = Sequence[tuple[Part, Mask | None]]


def _by_signs(pairs: Pairs, wanted: Vector, looks: int) -> list[NDArray[np.int64]]:
    """The rows whose signs differ least. How many differ at most is one number for all parts."""
    return least_differing([(part.signs, mask) for part, mask in pairs], to_signs(wanted[None])[0], looks)


def _by_bytes(
    pairs: Pairs, wanted: Vector, looks: int, some: Sequence[NDArray[np.int64]] | None
) -> list[NDArray[np.int64]]:
    """The rows whose bytes are nearest, of some in each part or of all. How near is one number for all parts."""
    if some is None:
        some = [np.arange(len(part.rows)) if mask is None else np.flatnonzero(mask) for part, mask in pairs]
    near = [_near(part, rows, wanted) for (part, _), rows in zip(pairs, some, strict=True)]
    together = np.concatenate(near)
    if len(together) <= looks:
        return list(some)
    least = np.partition(together, len(together) - looks)[len(together) - looks]
    return [rows[one >= least] for rows, one in zip(some, near, strict=True)]


def _near(part: Part, rows: NDArray[np.int64], wanted: Vector) -> Vector:
    """How near the bytes of some rows are. Where many are asked for, going through all costs less than copying them."""
    if len(rows) * _COPY_COST < len(part.rows):
        return part.bytes.of(rows).likeness(wanted)
    near = part.bytes.likeness(wanted)
    return near if len(rows) == len(near) else near[rows]


def _positive(rows: NDArray[np.int64], scores: Cosines) -> Ranked:
    good = scores > 0
    return rows[good], scores[good]


def sample_rows(names: NDArray[np.uint64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which documents to try: for one snapshot the same ones, wherever they lie. `names` belong to the documents."""
    order = np.argsort(names, kind="stable")
    return order[: int(np.searchsorted(np.cumsum(sizes[order]), _SAMPLE_ROWS)) + 1]
