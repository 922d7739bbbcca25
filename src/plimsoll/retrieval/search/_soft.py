"""How well a candidate says each word of a question in other words: late interaction over vectors of single words."""

import re
import threading
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plimsoll.models import Embedder

from .._types import Numbers
from .._words import function_words

_WORD = re.compile(r"[^\W_]+")
_LEAST_LIKENESS: Final = 0.3
"""Words less alike than this have nothing to do with each other."""
_KEPT_WORDS: Final = 50_000
_MOST_WORDS: Final = 60
"""Of a question."""
_LONGEST_WORD: Final = 60


class WordLikeness:
    """Compares words by the vectors of an embedder that is cheap for single words, such as `builtin/static`.

    Vectors are kept for words that come again. Safe to use from several threads.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._places: dict[str, int] = {}
        self._matrix: NDArray[np.float32] = np.empty((0, embedder.dimension), np.float32)

    def coverage(self, question: str, texts: Sequence[str]) -> Numbers:
        """For each text the share of the question that it says, 0 to 1.

        Each telling word of the question counts with its best cosine to a word of the text, and weighs its idf among
        the texts (`ln(1 + (N - df + 0.5) / (df + 0.5))`); the word itself has 1.
        """
        asked = list(dict.fromkeys(_spelled(question)))[:_MOST_WORDS]
        asked = [word for word in asked if word not in function_words()] or asked
        if not asked or not texts:
            return np.zeros(len(texts))
        said = [list(dict.fromkeys(_spelled(text))) for text in texts]
        vectors, places = self._vectors(asked, said)
        best = _best_likeness(vectors[places[0]], vectors, places[1:])
        weights = _idf((best >= 1 - 1e-6).sum(axis=0), len(texts))
        return np.asarray(best @ weights / weights.sum(), np.float64)

    def _vectors(self, asked: list[str], said: list[list[str]]) -> tuple[NDArray[np.float32], list[NDArray[np.int64]]]:
        """A matrix of vectors, and for the question and for each text the rows of its words."""
        with self._lock:
            wanted = dict.fromkeys(word for words in (asked, *said) for word in words)
            missing = [word for word in wanted if word not in self._places]
            if missing:
                if len(self._places) + len(missing) > _KEPT_WORDS:
                    self._places, self._matrix, missing = {}, self._matrix[:0], list(wanted)
                start = len(self._places)
                self._matrix = np.concatenate([self._matrix, self._embedder.embed(missing)])
                self._places |= {word: start + place for place, word in enumerate(missing)}
            places = [np.array([self._places[word] for word in words], np.int64) for words in (asked, *said)]
            return self._matrix, places


def _spelled(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if len(word) <= _LONGEST_WORD]


def _best_likeness(asked: NDArray[np.float32], vectors: NDArray[np.float32], texts: list[NDArray[np.int64]]) -> Numbers:
    """For each text and each word of the question the highest cosine, shape (texts, words)."""
    said = np.zeros(len(vectors), bool)
    for words in texts:
        said[words] = True
    likeness = np.zeros((len(vectors), len(asked)), np.float32)
    likeness[said] = vectors[said] @ asked.T
    likeness[likeness < _LEAST_LIKENESS] = 0.0
    out = np.zeros((len(texts), len(asked)))
    for place, words in enumerate(texts):
        if len(words):
            out[place] = likeness[words].max(axis=0)
    return np.minimum(out, 1.0)


def _idf(holding: NDArray[np.int64], total: int) -> Numbers:
    return np.asarray(np.log1p((total - holding + 0.5) / (holding + 0.5)), np.float64)
