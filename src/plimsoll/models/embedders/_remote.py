"""Embedders behind a server that speaks OpenAI's embeddings."""

import asyncio
import random as randomness
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plimsoll.http import Client
from plimsoll.kernel.digest import digest_json
from plimsoll.kernel.errors import BudgetError, PlimsollError, UnavailableError

from .._errors import ProviderBusyError
from .._types import EmbeddingModel, Usage
from ._background import BackgroundLoop
from ._errors import VectorsWrongError
from ._rate import RateLimit
from ._types import EmbedderSettings

_VERSION: Final = "remote-1"
_MOST_TEXTS: Final = 128
_MOST_CHARS: Final = 200_000
_RETRIES: Final = 4
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 60.0

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Time and chance, for tests to replace."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = randomness.random


class RemoteEmbedder:
    """Asks a server, within its limits and again when it is busy. Safe to use from several threads.

    What the server cannot take now is asked again: as often as patience lasts where it only wants fewer calls, a few
    times where it fails. Everything else is raised at once. Nothing says that a server still has the model that it had
    yesterday: see `compare` in `plimsoll.models.embedders`.
    """

    def __init__(
        self,
        model: EmbeddingModel,
        settings: EmbedderSettings,
        *,
        count_tokens: Callable[[str], int],
        waiting: Waiting | None = None,
        client: Client | None = None,
    ) -> None:
        """`client` is what the model asks through, where it is this embedder's own: closed with it."""
        self.name = settings.model
        self._model = model
        self._settings = settings
        self._client = client
        self._count_tokens = count_tokens
        self._waiting = waiting or Waiting()
        self._requests = RateLimit(settings.remote.requests_per_minute)
        self._tokens = RateLimit(settings.remote.tokens_per_minute)
        self._background = BackgroundLoop()
        self._lock = threading.Lock()
        self._dimension = settings.dimensions
        self.usage = Usage(0, 0, cost_usd=0.0)
        """Tokens and cost of all answers so far; the cost is None once an answer had none that is known."""
        prompts = [settings.query_prompt or "", settings.passage_prompt or ""]
        facts = digest_json([settings.model, settings.dimensions, prompts, settings.revision])
        self.fingerprint = f"{settings.model}+{_VERSION}+{facts}"

    @property
    def dimension(self) -> int:
        """Length of each vector; without `dimensions` the server is asked once. Raises as `embed` does."""
        with self._lock:
            if self._dimension is None:
                self._dimension = self._embed(["dimension"]).shape[1]
            return self._dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors; blank texts give the zero vector and are not sent.

        Raises UnavailableError when the server does not answer as long as patience lasts, and what a model raises.
        """
        return self._filled(texts, self._settings.passage_prompt or "")

    def embed_query(self, question: str) -> Vectors:
        """See QueryEmbedder. Raises as `embed` does."""
        row: Vectors = self._filled([question], self._settings.query_prompt or "")[0]
        return row

    def close(self) -> None:
        """Give back connections and the thread."""
        self._background.run(self._model.close())
        if self._client is not None:
            self._background.run(self._client.close())
        self._background.close()

    def _filled(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        spoken = [place for place, text in enumerate(texts) if text.strip()]
        if spoken:
            found = self._embed([prompt + texts[place] for place in spoken])
            if found.shape[1] != vectors.shape[1]:
                problem = f"vectors of {found.shape[1]} numbers, and not of {vectors.shape[1]}"
                raise VectorsWrongError(self.name, problem)
            vectors[spoken] = found
        return vectors

    def _embed(self, texts: Sequence[str]) -> Vectors:
        rows = [row for batch in _batches(texts) for row in self._background.run(self._asked(batch))]
        if len({len(row) for row in rows}) != 1:
            raise VectorsWrongError(self.name, "vectors of different lengths")
        matrix = np.array(rows, np.float64)
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        return (matrix / np.where(lengths > 0, lengths, 1)).astype(np.float32)

    async def _asked(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        wanted = self._settings.dimensions
        parameters = {} if wanted is None else {"dimensions": wanted}
        tokens = sum(map(self._count_tokens, texts)) if self._settings.remote.tokens_per_minute else 0
        waited_s, tries = 0.0, 0
        while True:
            await self._turn(tokens)
            try:
                answer = await self._model.embed_texts(texts, parameters)
            except PlimsollError as error:
                wait_s = self._wait_s(error, tries)
                if wait_s is None or waited_s + wait_s > self._settings.remote.patience_s:
                    raise
                if isinstance(error, ProviderBusyError):
                    self._requests.pause(self._waiting.clock() + wait_s)
            else:
                # Only ever in the one thread of the loop.
                self.usage = self.usage.plus(answer.usage)
                return answer.vectors
            await self._waiting.sleep(wait_s)
            waited_s, tries = waited_s + wait_s, tries + 1

    async def _turn(self, tokens: int) -> None:
        """Wait until the limits allow a call."""
        now = self._waiting.clock()
        wait_s = max(self._requests.book(1, now), self._tokens.book(tokens, now))
        if wait_s > 0:
            await self._waiting.sleep(wait_s)

    def _wait_s(self, error: PlimsollError, tries: int) -> float | None:
        """Seconds before another try; None when there is none.

        The server's own wish goes first; else the wait is drawn from the upper half of an exponential bound.
        """
        if getattr(error, "retryable", True) is False or not isinstance(error, UnavailableError | BudgetError):
            return None
        if tries >= _RETRIES and not isinstance(error, ProviderBusyError):
            return None
        if error.retry_after_s is not None:
            return float(error.retry_after_s)
        bound = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(tries, 10))
        return bound * (0.5 + self._waiting.random() / 2)


def _batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Runs of at most 128 texts with at most 200,000 characters together; one longer text goes alone."""
    first, chars = 0, 0
    for place, text in enumerate(texts):
        if place > first and (place - first >= _MOST_TEXTS or chars + len(text) > _MOST_CHARS):
            yield texts[first:place]
            first, chars = place, 0
        chars += len(text)
    if first < len(texts):
        yield texts[first:]
