"""How well a candidate says each word of a question in other words: late interaction over vectors of single words."""

import re
import threading
from collections.abc import Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plimsoll.models import Embedder

from .._types import Numbers
from .._words import ascii_words, function_words

_WORD = re.compile(r"[^\W_]+")
_LEAST_LIKENESS: Final = 0.3
"""Words less alike than this have nothing to do with each other."""
_KEPT_WORDS: Final = 50_000
_MOST_WORDS: Final = 60
"""Of a question."""
_LONGEST_WORD: Final = 60
_FIRST_WORDS: Final = 4_096
"""For so many there is room at first."""


class WordLikeness:
    """Compares words by the vectors of an embedder that is cheap for single words, such as `builtin/static`.

    Vectors are kept for words that come again. Safe to use from several threads.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._known = _Known(embedder.dimension)

    def coverage(self, question: str, texts: Sequence[str]) -> Numbers:
        """For each text the share of the question that it says, 0 to 1.

        Each telling word of the question counts with its best cosine to a word of the text, and weighs its idf among
        the texts (`ln(1 + (N - df + 0.5) / (df + 0.5))`); the word itself has 1.
        """
        asked = list(dict.fromkeys(word for word in _spelled(question) if len(word) <= _LONGEST_WORD))[:_MOST_WORDS]
        asked = [word for word in asked if word not in function_words()] or asked
        if not asked or not texts:
            return np.zeros(len(texts))
        said = [_spelled(text) for text in texts]
        vectors, places = self._vectors([*asked, *chain.from_iterable(said)])
        lengths = np.array([len(words) for words in said])
        best = _best_likeness(vectors, places[: len(asked)], places[len(asked) :], lengths)
        weights = _idf((best >= 1 - 1e-6).sum(axis=0), len(texts))
        return np.asarray(best @ weights / weights.sum(), np.float64)

    def _vectors(self, words: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """A matrix of vectors, and for each word its row there."""
        with self._lock:
            if len(self._known.places) > _KEPT_WORDS:
                self._known = _Known(self._embedder.dimension)
            return self._known.of(words, self._embedder)


class _Places(dict[str, int]):
    """Numbers words from 1, in the order in which they are asked for. Words that are too long are 0."""

    def __init__(self) -> None:
        super().__init__()
        self.new: list[str] = []

    def __missing__(self, word: str) -> int:
        if len(word) > _LONGEST_WORD:
            return 0
        self.new.append(word)
        self[word] = place = len(self) + 1
        return place


class _Known:
    """Vectors of words. What was given out once stays as it is while more are added."""

    def __init__(self, dimension: int) -> None:
        self.places = _Places()
        self._matrix = np.zeros((_FIRST_WORDS, dimension), np.float32)

    def of(self, words: Sequence[str], embedder: Embedder) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """A matrix with the vectors of at least these words, and for each of them its row; row 0 is nothing."""
        places = np.fromiter(map(self.places.__getitem__, words), np.int64, len(words))
        if self.places.new:
            try:
                self._add(embedder.embed(self.places.new))
            except BaseException:
                self._forget()
                raise
            self.places.new = []
        return self._matrix[: len(self.places) + 1], places

    def _add(self, vectors: NDArray[np.float32]) -> None:
        end = len(self.places) + 1
        if end > len(self._matrix):
            # Twice as large each time: to copy everything for each new word would cost more than all the rest.
            larger = np.zeros((max(end, 2 * len(self._matrix)), self._matrix.shape[1]), np.float32)
            larger[: end - len(vectors)] = self._matrix[: end - len(vectors)]
            self._matrix = larger
        self._matrix[end - len(vectors) : end] = vectors

    def _forget(self) -> None:
        """Words whose vectors did not come are not known."""
        for word in self.places.new:
            del self.places[word]
        self.places.new = []


def _spelled(text: str) -> list[str]:
    """Runs of letters and digits in small letters. Texts of ASCII go a way that is several times faster."""
    return ascii_words(text) if text.isascii() else _WORD.findall(text.lower())


def _best_likeness(
    vectors: NDArray[np.float32], asked: NDArray[np.int64], said: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Numbers:
    """For each text and each word of the question the highest cosine, shape (texts, words).

    `asked` and `said` are rows of `vectors`; `lengths` says how many of `said` belong to each text.
    """
    held = np.zeros(len(vectors), bool)
    held[said] = True
    held[0] = False
    likeness = np.zeros((len(vectors), len(asked)), np.float32)
    near = vectors[held] @ vectors[asked].T
    near[near < _LEAST_LIKENESS] = 0.0
    likeness[held] = near
    out = np.zeros((len(lengths), len(asked)))
    ends = np.cumsum(lengths)
    full = np.flatnonzero(lengths)
    if len(full):
        out[full] = np.maximum.reduceat(likeness[said], (ends - lengths)[full], axis=0)
    return np.minimum(out, 1.0)


def _idf(holding: NDArray[np.int64], total: int) -> Numbers:
    return np.asarray(np.log1p((total - holding + 0.5) / (holding + 0.5)), np.float64)
