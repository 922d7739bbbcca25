"""One connection: bytes to and from the network, and the one timer that watches over it."""

import asyncio
import math
from collections.abc import Callable
from typing import Final, cast

from ._answer import Answer, MalformedAnswerError
from ._errors import BadResponseError, BrokenConnectionError, ExchangeError, ExchangeTimeoutError
from ._request import Request
from ._timeouts import Phase, Timeouts

_MOST_UNREAD: Final = 262_144
_JOINED: Final = 65_536
_NEVER: Final = math.inf
_TICK_S: Final = 0.001


class Connection(asyncio.Protocol):
    """Carries one exchange after the other.

    The timer is not set anew for each phase: when it fires early it is moved to the deadline that stands then.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        server: str,
        *,
        made: Callable[["Connection"], None],
        lost: Callable[["Connection"], None],
    ) -> None:
        self._loop = loop
        self.server = server
        """Its host and port, for errors."""
        self._made = made
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._error: ExchangeError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timeouts = Timeouts()
        self._phase: Phase = "connect"
        self._last = _NEVER
        self._deadline = _NEVER
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = _NEVER
        self._reading_is_paused = False
        self._writing_is_paused = False
        self._is_awaiting_head = False
        self._is_aborted = False
        self._ended: Callable[[], None] | None = None
        self.is_open = False
        """Whether it can still carry something."""

    async def exchange(self, request: Request, answer: Answer) -> None:
        """Send a request, and wait until the head of its answer is there. Raises ExchangeError, and is closed then."""
        self._answer, self._timeouts, self._error = answer, request.timeouts, None
        self._phase, self._last = "write", request.deadline
        self._write(request.head, request.body)
        if self._writing_is_paused:
            self._watch("write", self._timeouts.write_s)
        else:
            self._watch("first_byte", self._timeouts.first_byte_s)
        self._is_awaiting_head = True
        await self._wait()
        self._is_awaiting_head = False
        if not answer.status:
            self.abort()
            raise self._ending()

    async def progress(self) -> None:
        """Wait until more of the body came, or its end. Raises ExchangeError."""
        answer = self._answer
        if answer is None or answer.pieces or answer.is_complete:
            return
        if self._error is None and self.is_open:
            self._watch("between", self._timeouts.between_s)
            await self._wait()
        if not answer.pieces and not answer.is_complete:
            raise self._ending()

    def check_total(self) -> None:
        """Raises ExchangeTimeoutError when the whole exchange takes too long, though there is always more to read."""
        if self._loop.time() > self._last:
            raise ExchangeTimeoutError(self.server, "total", self._timeouts.total_s)

    def taken(self) -> None:
        """What came was read: more may come."""
        if self._reading_is_paused and self._transport is not None:
            self._reading_is_paused = False
            self._transport.resume_reading()

    def finish(self) -> bool:
        """End the exchange; whether the connection can carry another one. If not, it is closed."""
        answer, self._answer = self._answer, None
        kept = answer is not None and answer.keeps_alive and answer.is_complete
        if not (kept and self.is_open and not self._writing_is_paused):
            self.abort()
            return False
        self.taken()
        return True

    def end_soon(self, within_s: float, ended: Callable[[], None]) -> None:
        """Read the rest of the answer for nobody; `ended` is called when it is over, in whatever way."""
        self._ended, self._last = ended, _NEVER
        self._watch("between", within_s)

    def rest(self, idle_s: float) -> None:
        """Nobody needs it now: close it unless somebody does within `idle_s`."""
        self._last = _NEVER
        self._watch("between", idle_s)

    def abort(self) -> None:
        """Close it now, whatever is under way."""
        self.is_open = False
        self._is_aborted = True
        if self._transport is not None:
            self._transport.abort()

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        stream = cast("asyncio.Transport", transport)  # what loops give for TCP and TLS
        # Told of every byte that the network does not take at once, so that the phase of writing can be timed.
        stream.set_write_buffer_limits(high=1, low=0)
        self._transport = stream
        if self._is_aborted:
            # Given up while it was being made; some loops say so only now.
            stream.abort()
            return
        self.is_open = True
        self._made(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        answer = self._answer
        if answer is None:
            self.abort()  # nobody asked
            return
        try:
            answer.feed(data)
        except MalformedAnswerError as problem:
            self._fail(BadResponseError(self.server, str(problem)))
            return
        if self._ended is not None:
            answer.take()
            if answer.is_complete:
                self._tell_ended()
            return
        if answer.unread > _MOST_UNREAD and not self._reading_is_paused and self._transport is not None:
            self._reading_is_paused = True
            self._transport.pause_reading()
        if answer.status and (answer.pieces or answer.is_complete or self._is_awaiting_head):
            self._wake()

    def eof_received(self) -> None:
        """The server sends no more. The transport closes itself then."""
        self.is_open = False
        if self._answer is not None:
            self._answer.end()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.is_open = False
        # A close of our own, after a timeout for instance, is not the end of an answer that ends with its connection.
        if self._answer is not None and exc is None and not self._is_aborted:
            self._answer.end()
        self._deadline = _NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()
        self._tell_ended()
        self._lost(self)

    def pause_writing(self) -> None:
        """The network does not take the request at once."""
        self._writing_is_paused = True

    def resume_writing(self) -> None:
        """The network took the request."""
        self._writing_is_paused = False
        if self._is_awaiting_head and self._waiter is not None:
            self._watch("first_byte", self._timeouts.first_byte_s)

    def _write(self, head: bytes, body: bytes) -> None:
        transport = self._transport
        if transport is None or not self.is_open:
            raise BrokenConnectionError(self.server)
        if len(body) < _JOINED:
            transport.write(head + body)
        else:
            transport.writelines((head, body))

    async def _wait(self) -> None:
        waiter = self._waiter = self._loop.create_future()
        try:
            await waiter
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._waiter = None
            self._deadline = _NEVER

    def _ending(self) -> ExchangeError:
        return self._error or BrokenConnectionError(self.server)

    def _tell_ended(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: ExchangeError) -> None:
        self._error = error
        self.abort()
        self._wake()

    def _watch(self, phase: Phase, seconds: float) -> None:
        deadline = self._loop.time() + seconds
        self._phase, self._deadline = (phase, deadline) if deadline <= self._last else ("total", self._last)
        if self._timer is None or self._timer_at > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._deadline
        self._timer = self._loop.call_at(self._deadline, self._timer_fired)

    def _timer_fired(self) -> None:
        self._timer = None
        if self._deadline == _NEVER:
            return
        if self._deadline - self._loop.time() > _TICK_S:
            self._set_timer()
        elif self._answer is None:
            self.abort()
        else:
            self._fail(ExchangeTimeoutError(self.server, self._phase, self._limit_s()))

    def _limit_s(self) -> float:
        return cast("float", getattr(self._timeouts, f"{self._phase}_s"))
