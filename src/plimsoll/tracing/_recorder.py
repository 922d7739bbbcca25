"""Writing traces in batches, on a thread of its own, so that no request waits for the disk."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence

from plimsoll.kernel.errors import PlimsollError

from ._types import Trace

_BATCH = 200
_PENDING = 10_000
_log = logging.getLogger(__name__)


class BatchedRecorder:
    """Takes traces at once and writes them soon, many in one transaction.

    A trace is on disk at the latest when `close` or `flush` returns, normally within milliseconds. When the writer
    cannot keep up, `record` waits for room: a request may become slower, but no trace is dropped.
    """

    def __init__(self, write: Callable[[Sequence[Trace]], None]) -> None:
        self._write = write
        self._pending: queue.Queue[Trace | threading.Event | None] = queue.Queue(maxsize=_PENDING)
        self._thread = threading.Thread(target=self._run, name="trace-writer", daemon=True)
        self._thread.start()

    def record(self, trace: Trace) -> None:
        """See `Recorder.record`."""
        self._pending.put(trace)

    def flush(self) -> None:
        """Wait until everything that was recorded before is written."""
        if self._thread.is_alive():
            written = threading.Event()
            self._pending.put(written)
            written.wait()

    def close(self) -> None:
        """See `Recorder.close`."""
        if self._thread.is_alive():
            self._pending.put(None)
            self._thread.join()

    def _run(self) -> None:
        while True:
            batch = [self._pending.get()]
            while len(batch) < _BATCH and not self._pending.empty():
                batch.append(self._pending.get_nowait())
            self._keep([item for item in batch if isinstance(item, Trace)])
            for item in batch:
                if isinstance(item, threading.Event):
                    item.set()
            if None in batch:
                return

    def _keep(self, traces: Sequence[Trace]) -> None:
        if not traces:
            return
        try:
            self._write(traces)
        except PlimsollError as error:
            # The answers were given already; the loss of their traces must be seen, and must not end the thread.
            _log.error("%d traces could not be written: %s", len(traces), error.message)
