"""Writing traces in batches, on a thread of its own, so that no request waits for the disk."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

from msgspec.structs import replace

from plimsoll.kernel.errors import IntegrityError, PlimsollError, UnavailableError

from ._cut import MOST_CONTENT, cut
from ._errors import IntakeFullError
from ._types import Trace

_BATCH = 500
_PENDING = 10_000
_PENDING_BYTES = 256 << 20
_MOST_SENT_BYTES = 64 << 20
_AT_ONCE_BYTES = 8 << 20
_LINGER_S = 0.05
_IDLE_AFTER_S = 0.25
_RETRY_S = (0.1, 1.0)
_CLOSING_S = 5.0
_FLUSH_S = 30.0
_SAY_EVERY_S = 5.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What somebody sent, who waits until it is committed."""

    payload: Any
    size_bytes: int
    outcome: Future[Any] = field(default_factory=Future)


_Item = Trace | _Sent | threading.Event | None
Lost = Mapping[tuple[str, str, datetime], int]
"""How many traces were lost of an application and environment in the hour that begins at a moment."""


class BatchedRecorder:
    """Takes traces at once and writes them soon, many in one transaction.

    A trace that comes when nothing is being written is written at once, the others within about 50 ms. While the place
    cannot be written (full, locked, gone) traces wait, at most `pending` of them with 256 MiB of what was said in them;
    `trouble` says why. What comes when that many wait, and what no database can keep, is lost: that is logged, counted
    in `lost`, told to `tell_lost` as soon as the place can be written again, and never held against the request. Of
    a trace that is too long the longest texts are cut.

    `take` writes what others send: it gets what `submit` was given and returns an outcome (or an error) for each, once
    all of it is committed. `idle` is called when there is nothing to write, as long as it says that it has more to do.
    `after` gets the traces that were written; it must be quick.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Trace]], None],
        *,
        take: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
        idle: Callable[[], bool] | None = None,
        after: Callable[[Sequence[Trace]], None] | None = None,
        tell_lost: Callable[[Lost], None] | None = None,
        pending: int = _PENDING,
    ) -> None:
        self._write = write
        self._take = take
        self._idle = idle
        self._after = after
        self._tell_lost = tell_lost
        self._most = pending
        self._items: SimpleQueue[_Item] = SimpleQueue()
        self._hurry = threading.Event()
        self._closing_at = 0.0
        self._written_at = 0.0
        self._lock = threading.Lock()
        self._sent_bytes = 0
        self._trace_bytes = 0
        self._said_at = -_SAY_EVERY_S
        self._untold: Counter[tuple[str, str, datetime]] = Counter()
        self.lost = 0
        """Traces that this process did not keep since its start."""
        self.trouble = ""
        """Why nothing can be written at the moment; empty while all is well."""
        self._thread = threading.Thread(target=self._run, name="trace-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many traces (and other things) are not written yet; those being written now are not counted."""
        return self._items.qsize()

    def record(self, trace: Trace) -> None:
        """See `Recorder.record`."""
        if trace.size_bytes > MOST_CONTENT:
            trace = replace(cut(trace), size_bytes=MOST_CONTENT)
        with self._lock:
            fits = self._items.qsize() < self._most and self._trace_bytes + trace.size_bytes <= _PENDING_BYTES
            if fits:
                self._trace_bytes += trace.size_bytes
        if fits:
            self._items.put(trace)
        else:
            self._lose([trace], "too many traces are waiting for the disk")

    def submit(self, payload: Any, size_bytes: int) -> Future[Any]:
        """Hand something to `take`; the future is done when it is committed. Its size is that of what is made of it.

        Raises IntakeFullError (UnavailableError) when more than 64 MiB wait already.
        """
        sent = _Sent(payload, size_bytes)
        with self._lock:
            if self._sent_bytes and self._sent_bytes + size_bytes > _MOST_SENT_BYTES:
                raise IntakeFullError
            self._sent_bytes += size_bytes
        self._items.put(sent)
        self._hurry.set()
        return sent.outcome

    def flush(self) -> None:
        """Wait until everything that was recorded before is written; at most 30 s, should the place be in trouble."""
        if self._thread.is_alive():
            written = threading.Event()
            self._items.put(written)
            self._hurry.set()
            written.wait(_FLUSH_S)

    def close(self) -> None:
        """See `Recorder.close`. A place in trouble gets five more seconds."""
        if self._thread.is_alive():
            self._closing_at = time.monotonic()
            self._items.put(None)
            self._hurry.set()
            self._thread.join()

    def _run(self) -> None:
        last = False
        while not last:
            batch = self._gather()
            last = None in batch
            traces = [item for item in batch if isinstance(item, Trace)]
            if traces:
                self._keep(traces)
                size_bytes = sum(trace.size_bytes for trace in traces)
                with self._lock:
                    self._trace_bytes -= size_bytes
            self._take_in([item for item in batch if isinstance(item, _Sent)])
            self._tell()
            self._written_at = time.monotonic()
            for item in batch:
                if isinstance(item, threading.Event):
                    item.set()

    def _gather(self) -> list[_Item]:
        batch = [self._first()]
        if isinstance(batch[0], Trace):
            linger = self._written_at + _LINGER_S - time.monotonic()
            if linger > 0:
                self._hurry.wait(linger)
        self._hurry.clear()
        size = _size(batch[0])
        with suppress(Empty):
            while len(batch) < _BATCH and size < _AT_ONCE_BYTES:
                item = self._items.get_nowait()
                batch.append(item)
                size += _size(item)
        return batch

    def _first(self) -> _Item:
        """Wait for something to write, and use the time."""
        with suppress(Empty):
            return self._items.get(timeout=_IDLE_AFTER_S)
        if self._idle is not None:
            try:
                while self._items.empty() and self._idle():
                    pass
            except Exception:  # noqa: BLE001  # the writer must never end
                # The work is there to be done next time; whoever needs it before does it.
                _log.exception("work beside the writing of traces failed")
        return self._items.get()

    def _keep(self, traces: Sequence[Trace]) -> None:
        wait_s = _RETRY_S[0]
        while True:
            try:
                self._write(traces)
            except (UnavailableError, IntegrityError) as error:
                if not self._may_retry(error):
                    self._lose(traces, error.message)
                    return
                self._hurry.wait(wait_s)
                self._hurry.clear()
                wait_s = min(2 * wait_s, _RETRY_S[1])
            except Exception as error:  # noqa: BLE001  # a trace holds what strangers sent; one must never end the writer
                self._keep_apart(traces, error)
                return
            else:
                self._well()
                if self._after is not None:
                    self._after(traces)
                return

    def _keep_apart(self, traces: Sequence[Trace], error: Exception) -> None:
        """One that cannot be written must not take the others with it."""
        if len(traces) == 1:
            self._lose(traces, str(error))
            return
        for trace in traces:
            self._keep([trace])

    def _take_in(self, sent: Sequence[_Sent]) -> None:
        if not sent:
            return
        try:
            outcomes = self._take([one.payload for one in sent]) if self._take else []
        except Exception as error:  # noqa: BLE001  # whoever sent it is told, and may send it again
            # No trouble of ours: it would stay until the next one sends, who may be waiting for it to end.
            outcomes = [error] * len(sent)
        else:
            self._well()
        with self._lock:
            self._sent_bytes -= sum(one.size_bytes for one in sent)
        for one, outcome in zip(sent, outcomes, strict=True):
            # Whoever gave up waiting has cancelled it.
            if one.outcome.set_running_or_notify_cancel():
                if isinstance(outcome, Exception):
                    one.outcome.set_exception(outcome)
                else:
                    one.outcome.set_result(outcome)

    def _tell(self) -> None:
        """Have the losses counted where all processes see them; what cannot be told now is told later."""
        if self._tell_lost is None or self.trouble or not self._untold:
            return
        with self._lock:
            untold, self._untold = self._untold, Counter()
        try:
            self._tell_lost(untold)
        except Exception:  # noqa: BLE001  # the writer must never end, and the losses stand in the log already
            _log.warning("%d lost traces could not be counted yet", untold.total(), exc_info=True)
            with self._lock:
                self._untold += untold

    def _may_retry(self, error: PlimsollError) -> bool:
        if not self.trouble:
            _log.error("traces cannot be written, and wait: %s", error.message)
        self.trouble = error.message
        return not self._closing_at or time.monotonic() < self._closing_at + _CLOSING_S

    def _well(self) -> None:
        if self.trouble:
            self.trouble = ""
            _log.warning("traces are written again")

    def _lose(self, traces: Sequence[Trace], why: str) -> None:
        with self._lock:
            self.lost += len(traces)
            self._untold.update(
                (trace.app, trace.environment, trace.started_at.replace(minute=0, second=0, microsecond=0))
                for trace in traces
            )
            now = time.monotonic()
            if now < self._said_at + _SAY_EVERY_S:
                return
            self._said_at = now
        _log.error("trace %s is lost (%d so far): %s", traces[0].id, self.lost, why)


def _size(item: _Item) -> int:
    return item.size_bytes if isinstance(item, Trace | _Sent) else 0
