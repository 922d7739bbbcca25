"""The hashed n-grams of a text's words, each word once: of three to five characters, edges included.

A word that comes again says nothing new about what a text is about, so a text is the set of its words.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..ngrams import CHARACTERS, blocks

BITS: Final = 16
"""There are `2 ** BITS` buckets."""

_WORD: Final = re.compile(r"[^\W_]+")
_RUNS: Final = re.compile(r"(.)\1{3,}")
_DIGITS: Final = str.maketrans("123456789", "000000000")
_LONGEST: Final = 32
_PIECE: Final = 8000
"""Words are read in pieces of so many characters, each of which is one block."""

Buckets = NDArray[np.int64]


class Grams(NamedTuple):
    """The n-grams of some words."""

    characters: Buckets
    """Shape (lengths, columns)."""
    there: NDArray[np.bool_]
    """Those that stand within one word and the spaces beside it."""
    firsts: Buckets
    """The column with which each word begins."""


def distinct_words(lowered: str) -> list[str]:
    """The words of a text in lower case, each once; digits alike, runs and words cut short."""
    found = dict.fromkeys(_WORD.findall(_digits_alike(lowered)))
    together = " ".join(found)
    if _has_runs(together):
        found = dict.fromkeys(_RUNS.sub(r"\1\1\1", together).split(" "))
    if max(map(len, found), default=0) > _LONGEST:
        found = dict.fromkeys(word[:_LONGEST] for word in found)
    return list(found)


def _digits_alike(text: str) -> str:
    if text.isascii():
        return text.translate(_DIGITS)
    for digit in "123456789":  # `translate` is slow here
        text = text.replace(digit, "0")
    return text


def _has_runs(words: str) -> bool:
    """Whether there is a run of four."""
    codes = np.frombuffer(words.encode("utf-32-le", "surrogatepass"), np.uint32)
    same = codes[1:] == codes[:-1]
    return bool((same[2:] & same[1:-1] & same[:-2]).any())


def grams(words: Sequence[str]) -> Iterator[Grams]:
    """The n-grams of distinct words, in pieces."""
    piece: list[str] = []
    size = 0
    for word in words:
        piece.append(word)
        size += len(word) + 1
        if size > _PIECE:
            yield _of(piece)
            piece, size = [], 0
    if piece:
        yield _of(piece)


def _of(words: list[str]) -> Grams:
    sizes = np.fromiter(map(len, words), np.int64, len(words)) + 1
    ends = np.cumsum(sizes)
    (block,) = blocks(" ".join(words), BITS)
    left = np.repeat(ends + 1, sizes) - np.arange(int(ends[-1]))
    there = left >= np.array(CHARACTERS)[:, None]
    return Grams(block.characters, there, ends - sizes)
