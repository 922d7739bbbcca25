"""A call in any dialect: who asks, what is asked, and how the answer goes out."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

from starlette.types import Receive, Scope, Send

from plimsoll.flows.serve import (
    Answer,
    AnswerDone,
    AnswerEvent,
    AnswerRequest,
    AnswerStarted,
    EndpointMissingError,
)
from plimsoll.kernel.clock import unix_seconds
from plimsoll.models import Chunks
from plimsoll.releases import NothingLiveError

from .._dialect import Asked, Dialect, ReplyWriter
from .._edge import let_go, log_error
from .._errors import AnswerCutShortError
from .._metrics import Measurement
from .._problems import problem_from
from ..admission import Sent
from ._connection import WhileConnected
from ._facts import Header, done_headers, started_headers
from ._room import Measured, Room, not_served, request_for

_STREAM_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    # nginx would collect the pieces otherwise.
    (b"x-accel-buffering", b"no"),
)


class Exchanges(Measured):
    """The endpoint of one dialect, as an ASGI application: it must see the client leave while it waits."""

    def __init__(self, dialect: Dialect, room: Room) -> None:
        super().__init__(room)
        self._dialect = dialect
        self._surface = dialect.surface

    async def respond(self, scope: Scope, receive: Receive, send: Send, measured: Measurement) -> int:
        """Answer one request; the status that was sent, or that of the error which broke a stream."""
        room = self.room
        body, sent = await room.read(scope, receive), Sent.of(scope)
        asked = self._dialect.read(body)
        request = request_for(asked, (scope, sent, len(body)), room, surface=self._surface, measured=measured)
        sending = _Sending(self._dialect, asked, send, measured)
        permit = room.admit(request)
        try:
            if asked.stream:
                return await self._stream(request, receive, sending)
            async with WhileConnected(receive):
                answer = await room.service.answer(request)
            return await sending.whole(answer)
        except (EndpointMissingError, NothingLiveError) as error:
            raise not_served(request, error) from error
        finally:
            permit.leave()

    async def _stream(self, request: AnswerRequest, receive: Receive, sending: "_Sending") -> int:
        async with aclosing(self.room.service.stream(request)) as events:
            async with WhileConnected(receive):
                end = await sending.pieces(events)
            if isinstance(end, AnswerDone):
                await sending.close(end)
                return HTTPStatus.OK
            return await sending.break_off(end)


class _Sending:
    """One answer on its way to the client."""

    __slots__ = ("_asked", "_dialect", "_measured", "_reply", "_send", "_started")

    def __init__(self, dialect: Dialect, asked: Asked, send: Send, measured: Measurement) -> None:
        self._dialect = dialect
        self._asked = asked
        self._send = send
        self._measured = measured

    async def whole(self, answer: Answer) -> int:
        """Send a complete answer. Returns the HTTP status."""
        measured, started = self._measured, answer.started
        measured.used(answer.done)
        body = self._writer(started).whole(answer)
        headers: list[Header] = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            *started_headers(started),
            *done_headers(answer.done, measured.elapsed_ms),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})
        return HTTPStatus.OK

    async def pieces(self, events: AsyncIterator[AnswerEvent]) -> AnswerDone | Exception:
        """Send the answer as it comes, up to its end or to the error that broke it.

        The response starts with the first piece: until then an error, such as a model provider that does not answer,
        can still be sent with its own HTTP status.
        """
        started = await anext(events, None)
        if not isinstance(started, AnswerStarted):
            raise AnswerCutShortError
        self._reply = self._writer(started)
        self._started = started
        first = await anext(events, None)
        await self._start(started)
        try:
            return await self._pieces(events, first)
        except Exception as error:  # noqa: BLE001 (the status is sent already: any error must go into the stream)
            return error

    async def close(self, done: AnswerDone) -> None:
        """Send the end of a stream that ended well."""
        self._measured.used(done)
        await self._body(self._reply.closing(done), more=False)

    async def break_off(self, error: Exception) -> int:
        """Send an error into the stream. Returns the status to count."""
        problem = problem_from(error, request_id=self._started.trace_id)
        log_error(error, problem, self._started.trace_id)
        await self._body(self._reply.broken(problem), more=False)
        let_go(error)
        return problem.status

    async def _start(self, started: AnswerStarted) -> None:
        headers = [
            *_STREAM_HEADERS,
            *started_headers(started),
            (b"openai-processing-ms", b"%.0f" % self._measured.elapsed_ms),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _pieces(self, events: AsyncIterator[AnswerEvent], first: AnswerEvent | None) -> AnswerDone:
        done = first if isinstance(first, AnswerDone) else None
        opening = self._reply.opening()
        if isinstance(first, Chunks):
            self._measured.text()
            opening += self._reply.pieces(first)
        if opening:
            await self._body(opening, more=True)
        # The platform is heard to its end also after AnswerDone: to stop earlier would mean that the client left.
        async for event in events:
            if isinstance(event, Chunks):
                self._measured.text()
                await self._body(self._reply.pieces(event), more=True)
            elif isinstance(event, AnswerDone):
                done = event
        if done is None:
            raise AnswerCutShortError
        return done

    def _writer(self, started: AnswerStarted) -> ReplyWriter:
        return self._dialect.reply(self._asked, started, int(unix_seconds()))

    async def _body(self, data: bytes, *, more: bool) -> None:
        if data or not more:
            await self._send({"type": "http.response.body", "body": data, "more_body": more})
