"""Which texts are near-duplicates of earlier ones, without comparing each with each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._signature import PLACES

NEAR = 0.8
"""Two texts of which at least this share of shingles is the same are near-duplicates: about 3 words in 100 differ."""

# Texts that agree in all places of a band are compared (locality-sensitive hashing; Indyk and Motwani, 1998). With 21
# bands of 6 places, of pairs with 0.8 in common 99.8 % are.
_BANDS = 21
_ROWS = 6
# Keeps the work linear when very many texts share a boilerplate without being near.
_MOST_COMPARED = 64


class Twin(NamedTuple):
    """A text that is nearly an earlier one. Both are places in the sequence that was given."""

    place: int
    first: int
    similarity: float
    """Estimated share of common shingles, 0 to 1; its standard error is at most 0.04."""


def near_duplicates(signatures: Sequence[bytes], *, near: float = NEAR) -> list[Twin]:
    """The texts that are nearly the same as an earlier one that itself is no near-duplicate, in order.

    Empty signatures, of texts that are too short, are near to nothing.
    """
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    rows = [np.frombuffer(signature, dtype="<u4") if signature else None for signature in signatures]
    twins: list[Twin] = []
    for place, row in enumerate(rows):
        if row is None:
            continue
        keys = list(_bands(row))
        others = sorted({other for key in keys for other in buckets[key]})
        twin = _nearest(place, row, [(other, rows[other]) for other in others])
        if twin is not None and twin.similarity >= near:
            twins.append(twin)
            continue
        for key in keys:
            if len(buckets[key]) < _MOST_COMPARED:
                buckets[key].append(place)
    return twins


def _bands(row: NDArray[np.uint32]) -> Iterator[tuple[int, bytes]]:
    for band in range(_BANDS):
        yield band, row[band * _ROWS : (band + 1) * _ROWS].tobytes()


def _nearest(
    place: int, row: NDArray[np.uint32], others: Sequence[tuple[int, NDArray[np.uint32] | None]]
) -> Twin | None:
    known = [(other, found) for other, found in others if found is not None]
    if not known:
        return None
    shares = (np.stack([found for _, found in known]) == row).sum(axis=1) / PLACES
    best = int(shares.argmax())
    return Twin(place, known[best][0], float(shares[best]))
