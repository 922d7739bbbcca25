"""What stands in the place of a model: an embedder that is not loaded yet, a model whose secret is not set."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import TYPE_CHECKING

from plimsoll.models import Body, ChatEnd, ChatRequest, Chunks, Completion, Embedder, Embeddings
from plimsoll.settings import SecretMissingError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LateEmbedder:
    """An embedder that is loaded when it is first used: most routes never need one, and it takes 40 MB."""

    def __init__(self, load: Callable[[], Embedder]) -> None:
        self._load = load

    @property
    def name(self) -> str:
        """See Embedder."""
        return self._load().name

    @property
    def fingerprint(self) -> str:
        """See Embedder."""
        return self._load().fingerprint

    @property
    def dimension(self) -> int:
        """See Embedder."""
        return self._load().dimension

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """See Embedder."""
        return self._load().embed(texts)


class Unkeyed:
    """A model whose secret is not set: every call of it says so."""

    def __init__(self, name: str, error: SecretMissingError) -> None:
        self.name = name
        self._error = error

    async def complete(self, _request: ChatRequest) -> Completion:
        """Raises SecretMissingError."""
        raise SecretMissingError(*self._error.named)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        """Raises SecretMissingError."""
        yield (await self.complete(request)).end

    async def embed_texts(self, _inputs: Sequence[str] | Sequence[Sequence[int]], _parameters: Body) -> Embeddings:
        """Raises SecretMissingError."""
        raise SecretMissingError(*self._error.named)

    async def close(self) -> None:
        """Nothing to give back."""
