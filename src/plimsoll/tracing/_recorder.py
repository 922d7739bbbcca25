"""Writing traces in batches, on a thread of its own, so that no request waits for the disk."""

import logging
import queue
import threading
from collections.abc import Callable, Sequence

from ._types import Trace

_BATCH = 200
_PENDING = 10_000
_log = logging.getLogger(__name__)


class BatchedRecorder:
    """Takes traces at once and writes them soon, many in one transaction.

    A trace is on disk at the latest when `close` or `flush` returns, normally within milliseconds. What cannot be
    written, and what comes while 10,000 traces wait, is lost: that is logged, counted in `lost`, and never held
    against the request.
    """

    def __init__(self, write: Callable[[Sequence[Trace]], None], *, pending: int = _PENDING) -> None:
        self._write = write
        self._pending: queue.Queue[Trace | threading.Event | None] = queue.Queue(maxsize=pending)
        self.lost = 0
        """Traces that were not kept since the start."""
        self._thread = threading.Thread(target=self._run, name="trace-writer", daemon=True)
        self._thread.start()

    def record(self, trace: Trace) -> None:
        """See `Recorder.record`."""
        try:
            self._pending.put_nowait(trace)
        except queue.Full:
            self._lose(trace, "too many traces are waiting for the disk")

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
        except Exception as error:  # noqa: BLE001  # a trace holds what strangers sent; one must never end the writer
            if len(traces) == 1:
                self._lose(traces[0], str(error))
                return
            # One that cannot be written must not take the others with it.
            for trace in traces:
                self._keep([trace])

    def _lose(self, trace: Trace, why: str) -> None:
        self.lost += 1
        _log.error("trace %s is lost (%d so far): %s", trace.id, self.lost, why)
