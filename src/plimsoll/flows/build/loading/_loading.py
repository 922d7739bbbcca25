"""How documents are loaded, and how what was loaded is remembered."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from msgspec import json

from plimsoll.documents import LoadSettings
from plimsoll.kernel.errors import PlimsollError
from plimsoll.pipelines import CachedStage, StageCache

REMARKS = "load remarks"
_MOST_WAITING_BYTES = 4_000_000
_LONGEST_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Loading:
    """How documents are loaded."""

    settings: LoadSettings
    stage: CachedStage
    failures: CachedStage
    """Files that cannot be loaded, whenever it is tried; counted with the others."""
    remarks: StageCache
    """What is to be said of documents that were loaded: their notes, and whether to try again."""
    workers: int
    on_done: Callable[[int, int], None]


@dataclass(slots=True)
class Memory:
    """What is to be remembered, written together: a transaction for each of many small files takes longer than they do.

    After a crash at most a second's work, or what waits up to 4 MB, is done again.
    """

    loading: Loading
    _documents: dict[str, bytes] = field(default_factory=dict)
    _remarks: dict[str, bytes] = field(default_factory=dict)
    _failures: dict[str, bytes] = field(default_factory=dict)
    _size: int = 0
    _written_at: float = field(default_factory=time.monotonic)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.write()

    def document(self, key: str, encoded: bytes, remark: Mapping[str, Any]) -> None:
        """A document under its key, with what is to be said of it."""
        self._documents[key] = encoded
        self._remarks[key] = json.encode(remark)
        self._grown(len(encoded))

    def failure(self, key: str, error: PlimsollError) -> None:
        """A file that cannot be loaded, whenever it is tried."""
        self._failures[key] = json.encode([error.message, error.hint])
        self._grown(0)

    def _grown(self, size: int) -> None:
        self._size += size
        if self._size > _MOST_WAITING_BYTES or time.monotonic() - self._written_at > _LONGEST_WAIT_S:
            self.write()

    def write(self) -> None:
        """Write what waits; remarks first, because a document that is known is not asked for them again."""
        self.loading.remarks.put(REMARKS, self._remarks)
        self.loading.stage.remember(self._documents)
        self.loading.failures.remember(self._failures)
        self._documents, self._remarks, self._failures = {}, {}, {}
        self._size, self._written_at = 0, time.monotonic()
