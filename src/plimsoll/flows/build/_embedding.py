"""The embed stage: texts become vectors, each remembered by its text, across documents, builds and releases."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import digest_bytes
from plimsoll.models import Embedder
from plimsoll.models.embedders import check_vectors
from plimsoll.pipelines import CachedStage

from ._guard import EmbedderGuard

_WINDOW = 1024
_FLOAT_BYTES = 4

Vectors = NDArray[np.float32]


def nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is embedded together. Each batch is remembered as soon as it is there."""

    texts: int = 128
    """In one batch."""
    batches: int = 1
    """At the same time, for embedders that ask a server; one that works here has threads of its own."""


@dataclass(slots=True)
class Embedding:
    """Makes vectors with one embedder, which is asked before the first of them whether it is still the same."""

    guard: EmbedderGuard
    stage: CachedStage
    pace: Pace = field(default_factory=Pace)
    on_done: Callable[[int, int], None] = nobody
    """Told how many of the texts of one call have their vectors, and how many there are."""

    @property
    def embedder(self) -> Embedder:
        """What makes the vectors."""
        return self.guard.embedder

    def through(self, texts: Sequence[str]) -> Vectors:
        """A vector for each text, shape (texts, dimension).

        What was embedded before an error is remembered, so that the next build goes on from there. Raises
        EmbedderChangedError and VectorsWrongError before anything wrong is remembered, and what the embedder raises.
        """
        matrix = np.zeros((len(texts), self.embedder.dimension), np.float32)
        for first in range(0, len(texts), _WINDOW):
            some = texts[first : first + _WINDOW]
            rows = self._rows(some)
            matrix[first : first + len(some)] = np.frombuffer(b"".join(rows), "<f4").reshape(len(some), -1)
            self.on_done(first + len(some), len(texts))
        return matrix

    def _rows(self, texts: Sequence[str]) -> list[bytes]:
        keys = [self._key(text) for text in texts]
        size = _FLOAT_BYTES * self.embedder.dimension
        # A row of another size was damaged: it is made again.
        rows = {key: row for key, row in self.stage.known(keys).items() if len(row) == size}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in rows}
        if missing:
            self.guard.require_unchanged()
        for made in self._made(missing):
            self.stage.remember(made)
            rows |= made
        return [rows[key] for key in keys]

    def _made(self, missing: dict[str, str]) -> Iterator[dict[str, bytes]]:
        """The rows of texts, by key, in batches as they come. After an error, what still runs is given out first."""
        keys = list(missing)
        batches = [keys[first : first + self.pace.texts] for first in range(0, len(keys), self.pace.texts)]
        if self.pace.batches == 1:
            yield from (self._batch(batch, missing) for batch in batches)
            return
        pool = ThreadPoolExecutor(self.pace.batches)
        try:
            yield from _as_they_come({pool.submit(self._batch, batch, missing) for batch in batches})
        finally:
            # Nothing runs any more, unless this was interrupted: then nobody waits for a server.
            pool.shutdown(wait=False, cancel_futures=True)

    def _batch(self, keys: Sequence[str], texts: dict[str, str]) -> dict[str, bytes]:
        some = [texts[key] for key in keys]
        vectors = self.embedder.embed(some)
        check_vectors(self.embedder.name, some, vectors, self.embedder.dimension)
        return {key: row.astype("<f4").tobytes() for key, row in zip(keys, vectors, strict=True)}

    def _key(self, text: str) -> str:
        return f"{self.embedder.fingerprint} {digest_bytes(text.encode('utf-8', 'surrogatepass'))}"


def _as_they_come(waiting: set[Future[dict[str, bytes]]]) -> Iterator[dict[str, bytes]]:
    """The results of all. The first error ends what has not begun; what runs is given out, and then it is raised."""
    failed: BaseException | None = None
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            failed = failed or _error_of(future)
        if failed is not None:
            waiting = {future for future in waiting if not future.cancel()}
        yield from (future.result() for future in done if _error_of(future) is None)
    if failed is not None:
        raise failed


def _error_of(future: Future[dict[str, bytes]]) -> BaseException | None:
    return None if future.cancelled() else future.exception()
