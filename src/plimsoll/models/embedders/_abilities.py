"""What only some embedders do: treat questions in another way, keep tokens apart, tell how far they may waver."""

from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .._types import Embedder

STEADY: Final = 0.999
"""Least cosine of the same text's vectors, of embedders in full precision. Arithmetic on another processor changes the
last digits only; weights of 8 bits in their place come to .99, another version of a model to far less."""

Vectors = NDArray[np.float32]


@runtime_checkable
class QueryEmbedder(Protocol):
    """An embedder that writes something else before a question than before a passage."""

    def embed_query(self, question: str) -> Vectors:
        """The unit vector of a question, shape (dimension,)."""


@runtime_checkable
class TokenEmbedder(Protocol):
    """An embedder that keeps the vectors of tokens apart, for late interaction."""

    def token_vectors(self, texts: Sequence[str]) -> list[Vectors]:
        """Unit vectors for each text, shape (tokens, width); none for a text without any token."""


@runtime_checkable
class WaveringEmbedder(Protocol):
    """An embedder whose vectors may differ on another processor by more than the last digits."""

    @property
    def steadiness(self) -> float:
        """The least cosine between two vectors of the same text, from -1 to 1."""


def embed_query(embedder: Embedder, question: str) -> Vectors:
    """The unit vector of a question, shape (dimension,): as the embedder treats questions, else as any text."""
    if isinstance(embedder, QueryEmbedder):
        return embedder.embed_query(question)
    row: Vectors = embedder.embed([question])[0]
    return row


def steadiness_of(embedder: Embedder) -> float:
    """How near the vectors of the same text must stay, as a cosine."""
    return embedder.steadiness if isinstance(embedder, WaveringEmbedder) else STEADY
