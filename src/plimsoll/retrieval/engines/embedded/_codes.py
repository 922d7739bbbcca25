"""One bit for each number of a vector: whether it is positive. Enough to find what is worth an exact look.

The share of equal signs estimates the angle between two vectors (Charikar 2002). Of 1,000 rows with the fewest
different signs, 97 % of the ten nearest are among them in 36,000 chunks of real texts, of 2,000 99 %.
"""

import numpy as np
from numpy.typing import NDArray

_WORD_BITS = 64

Codes = NDArray[np.uint64]
"""Shape (words, rows): the first 64 signs of all rows lie together, then the next 64."""


def pack(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """The signs of some vectors, shape (rows, words)."""
    missing = -vectors.shape[1] % _WORD_BITS
    signs = np.pad(vectors > 0, ((0, 0), (0, missing)))
    return np.packbits(signs, axis=1, bitorder="little").view("<u8")


def differing(codes: Codes, wanted: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """In how many signs each row differs from `wanted`, which has shape (words,)."""
    total = np.zeros(codes.shape[1], np.uint16)
    for word, signs in zip(codes, wanted, strict=True):
        total += np.bitwise_count(word ^ signs)
    return total


def nearest_limit(counts: NDArray[np.int64], wanted: int) -> int:
    """The most differing signs with which a row still belongs to the nearest `wanted`; `counts[d]` rows differ in d.

    All rows that differ as much as the last one are taken, so that which are taken does not depend on their order.
    """
    return int(np.searchsorted(np.cumsum(counts), wanted))
