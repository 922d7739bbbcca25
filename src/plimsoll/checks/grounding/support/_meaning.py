"""How near words are in meaning, alone and among their neighbours, by the static vectors of `builtin/static`.

A word among its neighbours is the sum of its vector, half of those beside it and a quarter of those next to these. So
`Bath signed Burns` is far from `Burns signed Bath`, though both have the same words.
"""

from collections.abc import Sequence
from functools import cache
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
_KEPT_WORDS: Final = 20_000
_MOST_CHARACTERS: Final = 60
_SHARES: Final = (0.5, 0.25)
_LEAST: Final = 1e-9


class Nearness(NamedTuple):
    """For each word of a sentence how near the nearest word of the sources is, at most 1."""

    alone: NDArray[np.float32]
    among: NDArray[np.float32]
    """With the words around both."""


class Meaning:
    """Compares words; keeps their vectors. Safe to use from several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._kept: dict[str, Vectors] = {}

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
            alone[list(new)] = (vectors[list(new)] @ read[0].T).max(axis=1)
        return Nearness(alone.clip(0, 1), (_among(vectors) @ read[1].T).max(axis=1).clip(0, 1))

    def _read(self, source: Source, best: Sequence[int]) -> tuple[Vectors, Vectors] | None:
        """Vectors of the words of the sources, alone and among their neighbours."""
        if not source.content:
            return None
        if len(source.content) > _MOST_WORDS:
            found = self._vectors(source.content_of(best, _NEAREST_WORDS) or source.content[:_NEAREST_WORDS])
            return found, _among(found)
        if source.vectors is None:
            found = self._vectors(source.content)
            source.vectors = (found, _among(found))
        return source.vectors

    def _vectors(self, words: Sequence[str]) -> Vectors:
        kept = self._kept
        short = [word[:_MOST_CHARACTERS] for word in words]
        missing = [word for word in dict.fromkeys(short) if word not in kept]
        if missing:
            if len(kept) + len(missing) > _KEPT_WORDS:
                missing = list(dict.fromkeys(short))
                self._kept = kept = {}
            kept.update(zip(missing, self._embedder.embed(missing), strict=True))
        return np.stack([kept[word] for word in short])


def _among(alone: Vectors) -> Vectors:
    found = alone.copy()
    for steps, share in enumerate(_SHARES, 1):
        found[steps:] += share * alone[:-steps]
        found[:-steps] += share * alone[steps:]
    found[~alone.any(axis=1)] = 0  # a break between sentences is near to nothing
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), _LEAST)
    return found


@cache
def builtin_meaning() -> Meaning:
    """With the word vectors that come with Plimsoll. Raises EmbedderFilesError."""
    return Meaning(make_embedder("builtin/static"))
