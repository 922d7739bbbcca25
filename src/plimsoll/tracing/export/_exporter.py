"""Sending traces to a collector: on a thread with a loop of its own, so that a slow collector is in nobody's way."""

import asyncio
import gzip
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from plimsoll.http import Client, ExchangeError, Timeouts
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import PlimsollError

from .._capture import Capture
from .._types import Trace
from ..otlp.out import rejected_in, to_protobuf

_AT_ONCE = 100
_PENDING = 5_000
_LINGER_S = 1.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0
_PATIENCE_S = 120.0
_CLOSING_S = 5.0
_MOST_ANSWER_BYTES = 64 << 10
_TIMEOUTS = Timeouts(connect_s=5.0, write_s=10.0, first_byte_s=10.0, between_s=10.0)
# OTLP/HTTP, "Failures": no other answer means that sending again may help.
_RETRYABLE = {429, 502, 503, 504}
_log = logging.getLogger(__name__)


class Exporter:
    """Sends traces that were recorded to `endpoint`, the whole address (`https://…/v1/traces`).

    `offer` never blocks and never raises. At most `pending` traces wait; what does not fit, and what the collector
    refuses or does not take within two minutes, is counted in `dropped` and said in the log. Of content only goes out
    what `capture` lets through (by default nothing; what is kept sealed stays here). With `old_names` spans also carry
    the names of GenAI conventions up to 1.36.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        capture: Capture | None = None,
        service: str = "plimsoll",
        old_names: bool = False,
        pending: int = _PENDING,
    ) -> None:
        given = capture or Capture("off")
        self._capture = Capture("off") if given.content == "sealed" else given
        self._endpoint = endpoint
        self._headers = (*headers, ("content-type", "application/x-protobuf"), ("content-encoding", "gzip"))
        self._service, self._old_names, self._most = service, old_names, pending
        self._waiting: deque[Trace] = deque()
        self._lock = threading.Lock()
        self._closing_at: float | None = None
        self._wake: Callable[[], None] = _nothing
        self.sent = 0
        """Traces that the collector took."""
        self.dropped = 0
        """Traces that it did not get."""
        self.rejected_spans = 0
        """Spans that it got, and did not keep."""
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="trace-exporter", daemon=True)
        self._thread.start()
        self._started.wait()

    def offer(self, traces: Sequence[Trace]) -> None:
        """Take traces for sending."""
        with self._lock:
            room = max(0, self._most - len(self._waiting))
            self._waiting.extend(traces[:room])
        if room < len(traces):
            self._drop(len(traces) - room, "too many traces are waiting for the collector")
        self._wake()

    def close(self) -> None:
        """Send what is waiting, for at most about five seconds, then stop."""
        if self._thread.is_alive():
            self._closing_at = time.monotonic()
            self._wake()
            self._thread.join()

    async def _run(self) -> None:
        loop, something = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(something.set)

        self._wake = wake
        self._started.set()
        client = Client()
        try:
            while self._waiting or self._closing_at is None:
                if not self._waiting:
                    await something.wait()
                something.clear()
                await self._linger(something)
                await self._send(client, self._some(), something)
        finally:
            self._wake = _nothing
            await client.close()

    async def _linger(self, something: asyncio.Event) -> None:
        """Let a few more come, so that they go together."""
        until = time.monotonic() + _LINGER_S
        while len(self._waiting) < _AT_ONCE and self._closing_at is None and (left := until - time.monotonic()) > 0:
            await _wait(something, left)
            something.clear()

    def _some(self) -> list[Trace]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(_AT_ONCE, len(self._waiting)))]

    async def _send(self, client: Client, traces: Sequence[Trace], something: asyncio.Event) -> None:
        if not traces:
            return
        try:
            allowed = [self._capture.of_trace(trace) for trace in traces]
            body = gzip.compress(to_protobuf(allowed, service=self._service, old_names=self._old_names), 1)
        except Exception as error:  # noqa: BLE001  # a trace holds what strangers sent; one must never end the thread
            self._drop(len(traces), f"they cannot be written as OTLP ({type(error).__name__})")
            return
        began, wait_s = time.monotonic(), _FIRST_WAIT_S
        while True:
            refused, after_s = await self._try(client, body)
            if not refused:
                self.sent += len(traces)
                return
            if after_s is None or self._is_over(began):
                self._drop(len(traces), refused)
                return
            # Jitter, so that many servers do not all come back at the same moment.
            pause = max(after_s, wait_s * random.uniform(0.5, 1.0))  # noqa: S311  # no secret
            await self._pause(min(pause, _LONGEST_WAIT_S), something)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    async def _try(self, client: Client, body: bytes) -> tuple[str, float | None]:
        """Send once. Empty when the collector took it; else why not, and after how long to try again, if at all."""
        try:
            response = await client.send("POST", self._endpoint, headers=self._headers, body=body, timeouts=_TIMEOUTS)
        except ExchangeError as error:
            return error.message, 0.0
        except PlimsollError as error:
            return error.message, None
        try:
            told = await response.read(_MOST_ANSWER_BYTES)
        except ExchangeError:
            # The status counts; what was said about it is lost.
            told = b""
        finally:
            response.release()
        if response.status < HTTPStatus.MULTIPLE_CHOICES:
            self._count_rejected(told)
            return "", None
        if response.status in _RETRYABLE:
            return f"the collector answers {response.status}", _after(response.headers.get("retry-after", ""))
        return f"the collector answers {response.status}, and would again", None

    def _count_rejected(self, told: bytes) -> None:
        rejected, why = rejected_in(told)
        if rejected:
            self.rejected_spans += rejected
            _log.warning("the collector rejected %d spans (%d so far): %s", rejected, self.rejected_spans, why[:200])

    async def _pause(self, wait_s: float, something: asyncio.Event) -> None:
        until = time.monotonic() + wait_s
        while (left := until - time.monotonic()) > 0 and self._closing_at is None:
            something.clear()
            await _wait(something, left)
        if self._closing_at is not None:
            await asyncio.sleep(min(max(0.0, left), 0.2))

    def _is_over(self, began: float) -> bool:
        now = time.monotonic()
        return now > began + _PATIENCE_S or (self._closing_at is not None and now > self._closing_at + _CLOSING_S)

    def _drop(self, count: int, why: str) -> None:
        with self._lock:
            first = self.dropped == 0
            self.dropped += count
        _log.log(
            logging.ERROR if first else logging.WARNING,
            "%d traces were not exported (%d so far): %s",
            count,
            self.dropped,
            why,
        )


async def _wait(something: asyncio.Event, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(something.wait(), timeout_s)
    except TimeoutError:
        return


def _after(header: str) -> float:
    """Seconds that `Retry-After` asks for, as a number or as a date; 0 when it says nothing that can be read."""
    if header.isascii() and header.isdecimal():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - utc_now()).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _nothing() -> None:
    """Nobody to wake."""
