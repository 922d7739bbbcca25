"""Writing answers in batches, on a thread of its own."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from plimsoll.kernel.errors import PlimsollError

from ._similar import Similar
from ._store import AnswerStore
from ._types import Entry

_PENDING = 1000
_BATCH = 100
_LOOK_S = 5.0
"""How often a process looks whether another one purged something."""
_TIDY_EVERY = 200
"""Answers after which the size of the database is looked at."""
_log = logging.getLogger(__name__)


class Writer:
    """Takes answers at once and writes them soon. What comes while 1,000 wait, or cannot be written, is not kept."""

    def __init__(
        self, store: AnswerStore, similar: Similar | None, *, most_bytes: int, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._similar = similar
        self._most_bytes = most_bytes
        self._clock = clock
        self._waiting: queue.Queue[Entry | threading.Event | None] = queue.Queue(_PENDING)
        self._purges: int | None = None
        self._purged = threading.Event()
        self._untidy = 0
        self.lost = 0
        """Answers that were not kept since the start."""
        self._thread = threading.Thread(target=self._run, name="answer-writer", daemon=True)
        self._thread.start()

    def add(self, entry: Entry) -> None:
        """Write an answer soon."""
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            self.lost += 1

    def flush(self) -> None:
        """Wait until everything that was added before is written."""
        if self._thread.is_alive():
            written = threading.Event()
            self._waiting.put(written)
            written.wait()

    def take_purged(self) -> bool:
        """Whether something was purged, here or by another process, since this was last asked."""
        if not self._purged.is_set():
            return False
        self._purged.clear()
        return True

    def tell_purged(self) -> None:
        """Something was purged by this process."""
        self._purged.set()

    def close(self) -> None:
        """Write what waits, and end the thread."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._look_for_purges()
            batch = self._take()
            self._write([item for item in batch if isinstance(item, Entry)])
            for item in batch:
                if isinstance(item, threading.Event):
                    item.set()
            if None in batch:
                return

    def _take(self) -> list[Entry | threading.Event | None]:
        try:
            batch = [self._waiting.get(timeout=_LOOK_S)]
        except queue.Empty:
            return []
        while len(batch) < _BATCH and not self._waiting.empty():
            batch.append(self._waiting.get_nowait())
        return batch

    def _look_for_purges(self) -> None:
        try:
            purges = self._store.purges()
        except PlimsollError:
            return
        if self._purges not in {None, purges}:
            self._purged.set()
        self._purges = purges

    def _write(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        try:
            self._store.write([self._with_vector(entry) for entry in entries])
            self._untidy += len(entries)
            if self._untidy >= _TIDY_EVERY:
                self._untidy = 0
                self._store.tidy(self._clock(), self._most_bytes)
        except Exception as error:  # noqa: BLE001  # an answer holds what strangers sent; none may end the writer
            self.lost += len(entries)
            # The text of an error of somebody else may hold what was asked.
            why = error.message if isinstance(error, PlimsollError) else type(error).__name__
            _log.warning("%d answers are not kept: %s", len(entries), why)

    def _with_vector(self, entry: Entry) -> Entry:
        if self._similar is None or not entry.question:
            return entry
        return replace(entry, vector=self._similar.vector(entry.question))
