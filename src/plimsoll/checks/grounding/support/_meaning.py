"""How near words are in meaning, alone and among their neighbours, by the static vectors of `builtin/static`.

A word among its neighbours is the sum of its vector, half of those beside it and a quarter of those next to these. So
`Bath signed Burns` is far from `Burns signed Bath`, though both have the same words.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plimsoll.models import Embedder
from plimsoll.models.catalogue import make_embedder

from ._passages import Source

Vectors = NDArray[np.float32]
_MOST_WORDS: Final = 2400
"""Words of the sources that a sentence is compared with; of more, some of the sentences nearest to it are taken."""
_NEAREST_WORDS: Final = 600
_DIMENSION: Final = 128
"""Of the 256 numbers of a vector; the second half was measured to add nothing here."""
_KEPT_WORDS: Final = 20_000
_MOST_CHARACTERS: Final = 60
_SHARE: Final = np.float32(0.5)
_LEAST: Final = np.float32(1e-9)


class Nearness(NamedTuple):
    """For each word of a sentence how near the nearest word of the sources is, at most 1."""

    alone: NDArray[np.float32]
    among: NDArray[np.float32]
    """With the words around both."""


class Meaning:
    """Compares words; keeps their vectors. Safe to use from several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = Lock()
        self._rows: dict[str, int] = {}
        self._table = np.empty((_KEPT_WORDS, min(_DIMENSION, embedder.dimension)), np.float32)

    def nearness(self, words: Sequence[str], new: Sequence[bool], source: Source, best: Sequence[int]) -> Nearness:
        """How near each word comes; those that are not `new` stand in the sources and are as near as can be.

        `best` are sentences of the sources, the most similar first.
        """
        read = self._read(source, best)
        if not words or read is None:
            none = np.zeros(len(words), np.float32)
            return Nearness(none, none)
        vectors = self._vectors(words)
        alone = np.ones(len(words), np.float32)
        if any(new):
            alone[list(new)] = (vectors[list(new)] @ read[0]).max(axis=1)
        return Nearness(alone.clip(0, 1), (_among(vectors) @ read[1]).max(axis=1).clip(0, 1))

    def _read(self, source: Source, best: Sequence[int]) -> tuple[Vectors, Vectors] | None:
        """Vectors of the words of the sources, one a column: of each word alone, of each place among its neighbours."""
        if not source.content:
            return None
        if len(source.content) > _MOST_WORDS:
            found = self._vectors(source.content_of(best, _NEAREST_WORDS) or source.content[:_NEAREST_WORDS])
            return found.T, _among(found).T
        if source.vectors is None:
            found = self._vectors(source.content)
            alone = self._vectors([*dict.fromkeys(source.content)])
            # So that the products, one for each sentence, take two thirds of the time.
            source.vectors = (np.ascontiguousarray(alone.T), np.ascontiguousarray(_among(found).T))
        return source.vectors

    def _vectors(self, words: Sequence[str]) -> Vectors:
        with self._lock:
            try:
                rows = [self._rows[word] for word in words]  # mostly all of them are known
            except KeyError:
                short = [word[:_MOST_CHARACTERS] for word in words]
                self._learn(dict.fromkeys(short))
                rows = [self._rows[word] for word in short]
            return self._table.take(rows, axis=0)

    def _learn(self, words: Mapping[str, None]) -> None:
        """Keep the vectors of these words; where there is no room left, instead of all others."""
        missing = [word for word in words if word not in self._rows]
        if not missing:
            return
        if len(self._rows) + len(missing) > _KEPT_WORDS:
            self._rows, missing = {}, [*words]
        first = len(self._rows)
        self._table[first : first + len(missing)] = _unit(self._embedder.embed(missing)[:, :_DIMENSION])
        self._rows.update(zip(missing, range(first, first + len(missing)), strict=True))


def _among(alone: Vectors) -> Vectors:
    found, part = alone.copy(), alone
    for steps in (1, 2):
        part = part * _SHARE
        found[steps:] += part[:-steps]
        found[:-steps] += part[steps:]
    found[~alone.any(axis=1)] = 0  # a break between sentences is near to nothing
    return _unit(found)


def _unit(rows: Vectors) -> Vectors:
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(rows / np.maximum(lengths, _LEAST)[:, None])


@cache
def builtin_meaning() -> Meaning:
    """With the word vectors that come with Plimsoll. Raises EmbedderFilesError."""
    return Meaning(make_embedder("builtin/static"))
