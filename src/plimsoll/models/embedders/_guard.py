"""What every embedder is held to, so that nothing wrong gets into an index.

The rules, in the order in which they are checked:
- as many vectors as texts, each of the embedder's dimension;
- numbers only: no NaN, no infinity;
- length 1 (to 1 in 1,000), or the zero vector;
- the zero vector only for a text that has neither letter nor digit.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._types import Embedder
from ._abilities import embed_query, steadiness_of
from ._errors import VectorsWrongError, shown

_TOLERANCE: Final = 1e-3

Vectors = NDArray[np.float32]


def check_vectors(name: str, texts: Sequence[str], vectors: Vectors, dimension: int) -> None:
    """Hold vectors to the rules above. Raises VectorsWrongError, which names the first text that breaks one."""
    if vectors.ndim != 2 or vectors.dtype.kind != "f":  # noqa: PLR2004  # rows and columns
        raise VectorsWrongError(name, f"{vectors.ndim}-dimensional {vectors.dtype}, and no rows of floating numbers")
    if len(vectors) != len(texts):
        raise VectorsWrongError(name, f"{len(vectors)} vectors for {len(texts)} texts")
    if len(texts) and vectors.shape[1] != dimension:
        raise VectorsWrongError(name, f"vectors of {vectors.shape[1]} numbers, and not of {dimension}")
    _check_numbers(name, texts, vectors)


def _check_numbers(name: str, texts: Sequence[str], vectors: Vectors) -> None:
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise VectorsWrongError(name, f"something that is no number for {shown(texts[int(np.argmin(finite))])}")
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    wrong = (np.abs(lengths - 1) > _TOLERANCE) & (lengths != 0)
    if wrong.any():
        first = int(np.argmax(wrong))
        raise VectorsWrongError(name, f"a vector of length {lengths[first]:.4g}, and not 1, for {shown(texts[first])}")
    for place in np.flatnonzero(lengths == 0).tolist():
        if any(char.isalnum() for char in texts[place]):
            raise VectorsWrongError(name, f"the zero vector for {shown(texts[place])}, which has words")


class GuardedEmbedder:
    """An embedder whose vectors are checked each time."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @property
    def unguarded(self) -> Embedder:
        """The embedder itself, for what only some of them can do."""
        return self._embedder

    def close(self) -> None:
        """Give back what the embedder holds, where it holds anything."""
        close = getattr(self._embedder, "close", None)
        if close is not None:
            close()

    @property
    def name(self) -> str:
        """See Embedder."""
        return self._embedder.name

    @property
    def fingerprint(self) -> str:
        """See Embedder."""
        return self._embedder.fingerprint

    @property
    def dimension(self) -> int:
        """See Embedder."""
        return self._embedder.dimension

    @property
    def steadiness(self) -> float:
        """See WaveringEmbedder."""
        return steadiness_of(self._embedder)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See Embedder. Raises VectorsWrongError."""
        vectors = self._embedder.embed(texts)
        check_vectors(self.name, texts, vectors, self.dimension)
        return vectors

    def embed_query(self, question: str) -> Vectors:
        """See `embed_query`. Raises VectorsWrongError."""
        vector = embed_query(self._embedder, question)
        check_vectors(self.name, [question], vector[np.newaxis], self.dimension)
        return vector
