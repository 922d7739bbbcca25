"""BM25 with the figures of one snapshot, as the embedded engine has it, for a few chunks at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Final

from .embedded._text_search import HEAD_WEIGHT

K1: Final = 1.2
B: Final = 0.75
MOST_COUNT: Final = 255
"""A word counts at most so often in one chunk."""
MOST_WORDS: Final = 200
"""Of a question; the others are not looked for."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The figures of a snapshot."""

    chunks: int
    text_mean: float
    """Mean number of words of a chunk."""
    head_mean: float
    """Mean number of words above a chunk."""


@dataclass(frozen=True, slots=True)
class Standing:
    """In how many chunks a word stands."""

    text: int
    head: int


def weights(corpus: Corpus, standings: Mapping[str, Standing]) -> dict[str, tuple[float, float]]:
    """For each word that stands anywhere how much it counts in a text and above one: idf times the weight of the field.

    idf = ln(1 + (N - df + 0.5) / (df + 0.5)), as Lucene has it.
    """
    return {
        word: (_idf(corpus.chunks, one.text), HEAD_WEIGHT * _idf(corpus.chunks, one.head))
        for word, one in standings.items()
        if one.text or one.head
    }


def _idf(chunks: int, standing: int) -> float:
    return log(1 + (chunks - standing + 0.5) / (standing + 0.5)) if standing else 0.0


def saturated(count: int, length: int, mean: float) -> float:
    """What a word that stands `count` times in `length` words is worth, from 0 to k1 + 1."""
    often = min(count, MOST_COUNT)
    return (K1 + 1) * often / (often + K1 * (1 - B) + K1 * B * length / max(mean, 1e-9))
