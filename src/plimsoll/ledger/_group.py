"""Group commit: many callers, one transaction. Each caller waits until its own act is on the disk, and no longer."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue

from plimsoll.kernel.errors import UnavailableError

from ._types import Act, Recorded

_MOST = 2_000
"""Acts in one transaction at most, so that nobody waits for long behind a crowd."""


class GroupCommit:
    """Writes acts down for many threads at once.

    While one transaction is being flushed, the acts of all other callers gather, and go into the next. What fails in
    a group is tried again one by one, so that one bad act never takes others with it; where the ledger is unavailable,
    nothing is tried again.
    """

    def __init__(self, record: Callable[[Sequence[Act]], Sequence[Recorded]]) -> None:
        self._record = record
        self._waiting: SimpleQueue[tuple[Act, Future[Recorded]] | None] = SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, act: Act) -> "Future[Recorded]":
        """Hand an act over; the future is done when it is durable, or holds the error that kept it from that."""
        future: Future[Recorded] = Future()
        with self._lock:
            if self._closed:
                msg = "the ledger's writer is closed"
                raise RuntimeError(msg)
            self._waiting.put((act, future))
        return future

    def record(self, act: Act) -> Recorded:
        """Write an act down, and come back when it is durable. Raises what `Ledger.record` raises."""
        return self.submit(act).result()

    def close(self) -> None:
        """Write what is waiting, and end."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, more = self._gather()
            # Whoever gave up while waiting is left out; from here on nobody can.
            if group := [each for each in group if each[1].set_running_or_notify_cancel()]:
                self._write(group)
            if not more:
                return

    def _gather(self) -> tuple[list[tuple[Act, "Future[Recorded]"]], bool]:
        group = []
        item = self._waiting.get()
        while item is not None:
            group.append(item)
            if len(group) == _MOST or self._waiting.empty():
                return group, True
            item = self._waiting.get()
        return group, False

    def _write(self, group: Sequence[tuple[Act, "Future[Recorded]"]]) -> None:
        try:
            recorded = self._record([act for act, _ in group])
        except Exception as error:  # noqa: BLE001  # whoever waits for it gets it
            # What is unavailable is so for all of them, and may have been written down in spite of it.
            if len(group) == 1 or isinstance(error, UnavailableError):
                for _, future in group:
                    future.set_exception(error)
                return
            for single in group:
                self._write([single])
            return
        for (_, future), entry in zip(group, recorded, strict=True):
            future.set_result(entry)
