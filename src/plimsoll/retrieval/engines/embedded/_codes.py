"""Short forms of vectors, enough to find what is worth an exact look: a byte for each number, and a bit.

Which rows are looked at follows from a bound that is the same for all rows, ties included, so what is found does not
depend on the order in which rows lie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import simsimd
from numpy.typing import NDArray

BYTE_MAX: Final = 127
_WORD_BITS: Final = 64
_BLOCK: Final = 65_536
_BYTE_WORDS: Final = 4
_MOST_OF_WORD: Final = np.uint8(63)

Signs = NDArray[np.uint64]
"""Shape (words, rows): the first 64 signs of all rows lie together, then the next 64."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Vectors as whole numbers from -127 to 127, each row with its own scale: `scale * number` is nearly the vector."""

    numbers: NDArray[np.int8]
    """Shape (rows, dimension)."""
    scales: NDArray[np.float32]
    """Shape (rows,)."""

    def of(self, rows: NDArray[np.int64]) -> "Bytes":
        """Some of the rows."""
        return Bytes(self.numbers[rows], self.scales[rows])

    def likeness(self, wanted: NDArray[np.float32]) -> NDArray[np.float32]:
        """The scalar product of each row with a vector, nearly."""
        asked = to_bytes(wanted[None])
        products = simsimd.cdist(asked.numbers, self.numbers, "dot", out_dtype="float32")
        near: NDArray[np.float32] = np.asarray(products)[0] * self.scales * asked.scales[0]
        return near


def to_bytes(vectors: NDArray[np.float32]) -> Bytes:
    """The short form with a byte for each number."""
    largest = np.abs(vectors).max(axis=1, initial=0.0)
    scales = (np.where(largest > 0, largest, 1) / BYTE_MAX).astype(np.float32)
    return Bytes(np.rint(vectors / scales[:, None]).astype(np.int8), scales)


def to_signs(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Whether each number is positive, shape (rows, words).

    The share of equal signs estimates the angle between two vectors (Charikar 2002).
    """
    missing = -vectors.shape[1] % _WORD_BITS
    signs = np.pad(vectors > 0, ((0, 0), (0, missing)))
    return np.packbits(signs, axis=1, bitorder="little").view("<u8")


def least_differing(
    pairs: Sequence[tuple[Signs, NDArray[np.bool_] | None]], wanted: NDArray[np.uint64], looks: int
) -> list[NDArray[np.int64]]:
    """The `looks` rows of all whose signs differ least from `wanted`, shape (words,), and all that equal the last one.

    A pair is the signs of some rows and which rows count, None for all; the result has the rows of each pair.
    """
    apart = [(_differing(signs, wanted), mask) for signs, mask in pairs]
    few, most = -1, max((int(one.max(initial=0)) for one, _ in apart), default=0)
    while most - few > 1:  # halving the interval takes a third of the time of a partition
        middle = (few + most) // 2
        if sum(int(np.count_nonzero(_up_to(middle, one, mask))) for one, mask in apart) < looks:
            few = middle
        else:
            most = middle
    return [np.flatnonzero(_up_to(most, one, mask)) for one, mask in apart]


def _differing(signs: Signs, wanted: NDArray[np.uint64]) -> NDArray[np.unsignedinteger]:
    """In how many signs each row differs from `wanted`, at most 63 of each 64: so a byte is enough for 256 signs."""
    total: NDArray[np.unsignedinteger] = np.empty(signs.shape[1], np.uint8 if len(signs) <= _BYTE_WORDS else np.uint16)
    apart, bits = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint8)
    # In blocks that fit a processor's cache: twice as fast as all rows at once.
    for first in range(0, signs.shape[1], _BLOCK):
        block = total[first : first + _BLOCK]
        size = len(block)
        block[:] = 0
        for word, asked in zip(signs, wanted, strict=True):
            np.bitwise_xor(word[first : first + size], asked, out=apart[:size])
            np.bitwise_count(apart[:size], out=bits[:size])
            np.add(block, np.minimum(bits[:size], _MOST_OF_WORD, out=bits[:size]), out=block)
    return total


def _up_to(most: int, values: NDArray[np.integer], mask: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = values <= most
    return near if mask is None else near & mask
