"""The built-in embedder, behind the port of models that make vectors for callers."""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .._errors import LocalEmbeddingError
from .._types import Body, Embedder, Embeddings, Usage


class LocalEmbeddingModel:
    """Makes vectors in a thread, asks no network and costs nothing."""

    def __init__(self, embedder: Embedder, *, count_tokens: Callable[[str], int]) -> None:
        self._embedder = embedder
        self._count_tokens = count_tokens

    @property
    def name(self) -> str:
        """Such as `builtin/static`."""
        return self._embedder.name

    async def embed_texts(self, inputs: Sequence[str] | Sequence[Sequence[int]], parameters: Body) -> Embeddings:
        """One unit vector for each text; with `dimensions`, its first numbers, scaled to length 1 again.

        Raises LocalEmbeddingError for token ids, which are another tokenizer's, and for more dimensions than there are.
        """
        texts = [text for text in inputs if isinstance(text, str)]
        if len(texts) != len(inputs):
            raise LocalEmbeddingError(self.name, "it takes texts, and no token ids")
        wanted = parameters.get("dimensions")
        if wanted is not None and not (isinstance(wanted, int) and 1 <= wanted <= self._embedder.dimension):
            raise LocalEmbeddingError(self.name, f"`dimensions` is a number from 1 to {self._embedder.dimension}")
        vectors, tokens = await asyncio.to_thread(self._work, texts, wanted or self._embedder.dimension)
        return Embeddings(tuple(vectors.tolist()), Usage(tokens, 0, cost_usd=0.0), model=self.name)

    async def close(self) -> None:
        """Nothing to do."""

    def _work(self, texts: Sequence[str], dimensions: int) -> tuple[NDArray[np.float32], int]:
        vectors = self._embedder.embed(texts)[:, :dimensions]
        if dimensions < self._embedder.dimension:
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors = (vectors / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        # The embedder itself does not count line breaks, which `count_tokens` does for other models.
        return vectors, sum(self._count_tokens(text) - text.count("\n") for text in texts)
