"""MinHash (Broder, 1997): the share of equal places in two signatures estimates how many shingles two texts share."""

import re
import zlib

import numpy as np
from numpy.typing import NDArray

PLACES = 128
VERSION = 1

_WORD = re.compile(r"\w+")
_SHINGLE_WORDS = 3
_SHINGLE_CHARACTERS = 5
# Text without spaces between its words is taken character by character.
_LONGEST_MEAN_WORD = 15
_FEWEST_SHINGLES = 30
_AT_ONCE = 8192

_random = np.random.Generator(np.random.PCG64(20_190_312))
_FACTORS = _random.integers(1, 1 << 63, PLACES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_TERMS = _random.integers(0, 1 << 63, PLACES, dtype=np.uint64)


def signature(text: str) -> bytes:
    """128 numbers of 32 bits (little-endian) over the shingles of three words; empty for a text that is too short.

    Case, punctuation and spaces do not count. The same on every machine.
    """
    words = _WORD.findall(text.lower())
    size = _SHINGLE_WORDS
    if words and sum(map(len, words)) > _LONGEST_MEAN_WORD * len(words):
        words, size = list("".join(words)), _SHINGLE_CHARACTERS
    if len(words) < _FEWEST_SHINGLES + size - 1:
        return b""
    return _minima(_shingles(words, size)).astype("<u4").tobytes()


def _shingles(words: list[str], size: int) -> NDArray[np.uint64]:
    """A number for each run of `size` words, each once."""
    numbers = {word: zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    row = np.array([numbers[word] for word in words], dtype=np.uint64)
    count = len(row) - size + 1
    shingles = np.zeros(count, dtype=np.uint64)
    for place in range(size):
        shingles = shingles * np.uint64(0x9E3779B97F4A7C15) + row[place : place + count]
    return np.unique(shingles)


def _minima(shingles: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """For each of the hash functions (multiply and shift; Dietzfelbinger et al., 1997) its smallest value."""
    least = np.full(PLACES, np.iinfo(np.uint64).max, dtype=np.uint64)
    for first in range(0, len(shingles), _AT_ONCE):
        some = shingles[first : first + _AT_ONCE]
        mixed = (some ^ (some >> np.uint64(29)))[:, None] * _FACTORS + _TERMS
        least = np.minimum(least, (mixed >> np.uint64(32)).min(axis=0))
    return least
