"""One connection: uvicorn's HTTP protocol on httptools, with the limits that it has no setting for.

uvicorn counts neither headers nor seconds: a header may grow without end and come one byte a minute, trailers are kept
with the headers, however many come, a body may pause for ever, and a client that does not read holds its answer for
ever. All this is counted here. Deadlines are not timers but looked at once a second, for all connections (`look`), so
that a request pays only for noting when it began.
"""

import asyncio
from typing import Any, Final

from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from . import _refusals as refusals
from ._refusals import Refusal
from ._settings import Limits

_HEAD: Final = 0
_BODY: Final = 1
_ANSWER: Final = 2
_IDLE: Final = 3
_REFUSED: Final = 4
_UPGRADE: Final = b"pgrade: h2c\r\n"
_FRAMING_PER_BYTE: Final = 8
"""What a byte of a body may cost beside it: one that comes in a chunk of its own costs five."""
_LINGER_S = 2.0
_GOODBYE_S = 1.0
_REFUSED_AT_ONCE = 512


class Shared(ServerState):
    """What all connections of a process share."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.limits = limits
        self.draining = False
        self.cut = False


class _RefusedError(Exception):
    """Ends the parsing of a request that is refused."""


class Connection(HttpToolsProtocol):
    """A connection, in one of these phases: head and body of a request arrive, it is answered, idle, refused."""

    def __init__(
        self,
        config: Config,
        server_state: Shared,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._shared = server_state
        self._limits = server_state.limits
        self._phase = _HEAD
        self._since = 0.0
        self._heard = 0.0
        self._body_since = 0.0
        self._seen_bytes = 0
        self._chunk_bytes = 0
        self._body_bytes = 0
        self._trailer_bytes = 0
        self._refusal: Refusal = refusals.NOT_HTTP
        self._answered: RequestResponseCycle | None = None
        """What is being answered; uvicorn knows only what came last, which may wait behind it."""
        self._stalled_since: float | None = None
        self._closing_since: float | None = None

    @property
    def idle(self) -> bool:
        """Whether no request is on its way in or being answered."""
        return self._phase == _IDLE or (self._phase == _HEAD and self._seen_bytes == 0)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        self._since = self.loop.time()
        over = len(self.connections) - self._limits.most_connections
        if over > _REFUSED_AT_ONCE:
            transport.abort()
        elif over > 0:
            self._refuse(refusals.TOO_MANY_CONNECTIONS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that is being answered, also where others wait behind it."""
        cycle = self._answered
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, and count it."""
        phase = self._phase
        if phase == _REFUSED:
            return
        self._chunk_bytes = len(data)
        if phase == _IDLE:
            self._phase, self._since, self._seen_bytes = _HEAD, self.loop.time(), 0
        if self._phase == _HEAD and _UPGRADE in data:
            data = _without_upgrade(data)
        super().data_received(data)
        self._seen_bytes += len(data)
        phase = self._phase
        if phase == _BODY:
            self._heard = self.loop.time()
        if self._seen_bytes > self._limits.header_bytes and phase != _REFUSED:
            self._bound(phase)

    def _bound(self, phase: int) -> None:
        """Bound what is kept, or read in vain, of requests that are not complete."""
        if phase == _HEAD:
            self._refuse(refusals.HEADERS_TOO_LARGE)
        elif phase == _ANSWER and self._seen_bytes > self._limits.most_pending_bytes:
            self.transport.abort()
        elif phase == _BODY and self.cycle.response_complete:
            self._linger()
        elif phase == _BODY:
            # The head came with the first piece of the body, and may be as long as the rest of the allowance.
            beside = self._seen_bytes - self._body_bytes - 2 * self._limits.header_bytes
            if beside > _FRAMING_PER_BYTE * self._body_bytes:
                self._refuse(refusals.TOO_MUCH_BESIDE)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes after the body, a trailer, is only counted.

        As in uvicorn, but that it keeps trailers among the headers.
        """
        if self._phase == _BODY:
            self._trailer_bytes += len(name) + len(value) + 4
            if self._trailer_bytes > self._limits.header_bytes:
                self._stop(refusals.TOO_MUCH_BESIDE)
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body. As in uvicorn, but counted."""
        self._body_bytes += len(body)
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_headers_complete(self) -> None:
        """Start to answer, unless the head is too large."""
        limits = self._limits
        if len(self.url) > limits.url_bytes:
            self._stop(refusals.URL_TOO_LONG)
        if len(self.headers) > limits.header_count or (
            self._seen_bytes + self._chunk_bytes > limits.header_bytes and self._head_bytes() > limits.header_bytes
        ):
            self._stop(refusals.HEADERS_TOO_LARGE)
        if self.parser.should_upgrade() and _has_body(self.headers):
            # The parser ends at an upgrade, and would take the body for the next request.
            self._stop(refusals.UPGRADE_WITH_BODY)
        super().on_headers_complete()
        self._phase = _BODY
        self._body_since = self._heard = self.loop.time()
        self._seen_bytes = self._body_bytes = self._trailer_bytes = 0
        # What the application may ask about its connection: whether the end of an answer was cut.
        self.scope["state"]["exchange"] = self.cycle
        if self._shared.draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """The request is complete; what comes now in the same piece belongs to the next one."""
        super().on_message_complete()
        self._phase = _IDLE if self.cycle.response_complete else _ANSWER
        self._since = self._heard
        self._seen_bytes = -self._chunk_bytes

    def on_response_complete(self) -> None:
        """Begin with a request that came ahead, or wait for the next one.

        As in uvicorn, but for its timer of idle connections: `look` sees to them.
        """
        self.server_state.total_requests += 1
        if self._answered is not None:
            # The two hold each other, and all that the request held, until the garbage collector comes.
            self._answered.scope["state"].pop("exchange", None)
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._phase == _ANSWER:
            self._phase = _IDLE
            self._since = self.loop.time()

    def pause_writing(self) -> None:
        """The client does not read."""
        self._stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The client reads again."""
        self._stalled_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's signature)
        """Answer what cannot be parsed, or was refused while it was."""
        refusal, self._refusal = self._refusal, refusals.NOT_HTTP
        self._refuse(refusal)

    def eof_received(self) -> None:
        """The client will send nothing more."""
        if self._phase == _REFUSED:
            self.transport.close()

    def shutdown(self) -> None:
        """No more requests after the present one, when its answer can still say so."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_started:
            cycle.keep_alive = False

    def close_if_idle(self, since: float) -> None:
        """Close the connection when nothing has been on its way since then.

        TLS waits for the other side's goodbye, which does not come from a client that does not read.
        """
        if not self.idle or self._since > since:
            return
        now = self.loop.time()
        self._closing_since = self._closing_since or now
        if now - self._closing_since > _GOODBYE_S and not self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def look(self, now: float) -> None:
        """Cut off a client that is too slow; `now` is the loop's time."""
        stalled_s = self._limits.stalled_s
        if self._stalled_since is not None and now - self._stalled_since > stalled_s:
            self.transport.abort()
        elif self.transport.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > stalled_s:
                self.transport.abort()
        elif self._phase == _REFUSED and now - self._since > _LINGER_S:
            self.transport.close()
        elif self._phase == _HEAD and now - self._since > self._limits.header_s:
            self._end_slow(refusals.HEADERS_TOO_SLOW, asked=self._seen_bytes > 0)
        elif self._phase == _IDLE and now - self._since > self._limits.idle_s:
            self.transport.close()
        elif self._phase == _BODY and self._body_is_slow(now):
            self._end_slow(refusals.BODY_TOO_SLOW, asked=not self.cycle.response_complete)

    def _end_slow(self, refusal: Refusal, *, asked: bool) -> None:
        """Where nothing was asked, or it is answered already, there is nothing to say."""
        if asked:
            self._refuse(refusal)
        else:
            self.transport.close()

    def _body_is_slow(self, now: float) -> bool:
        if self.flow.read_paused or self.cycle.waiting_for_100_continue:
            return False
        limits, lasted_s = self._limits, now - self._body_since
        if now - self._heard > limits.body_silence_s:
            return True
        return lasted_s > limits.body_silence_s and self._seen_bytes < lasted_s * limits.body_bytes_per_s

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _stop(self, refusal: Refusal) -> None:
        self._refusal = refusal
        raise _RefusedError

    def _refuse(self, refusal: Refusal) -> None:
        cycle: RequestResponseCycle | None = self.cycle  # there is none before the first request
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            if cycle.response_started or self._phase != _BODY or self.pipeline:
                self.transport.abort()
                return
        if cycle is None or not (cycle.response_complete and self._phase == _BODY):
            # What was answered already is not answered twice: that would be taken for the next answer.
            self.transport.write(refusal.response())
        self._linger()

    def _linger(self) -> None:
        """Close, but read on for a moment: closing with unread input would take the answer from the client."""
        self._phase, self._since = _REFUSED, self.loop.time()
        self._unset_keepalive_if_required()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()
        self.flow.resume_reading()


def _without_upgrade(data: bytes) -> bytes:
    """A head in which HTTP/2 was offered, as if it had not been: Java's client offers it with every request.

    An offer may be ignored (RFC 9110, 7.8), but the parser would stop after the head. The name keeps its length.
    """
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[: end + 2]
    return head.replace(b"\r\nUpgrade: h2c\r\n", b"\r\nIgnored: h2c\r\n", 1) + data[len(head) :]


def _has_body(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0") for name, value in headers
    )
