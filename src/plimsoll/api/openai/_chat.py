"""`POST /v1/chat/completions`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from plimsoll.flows.serve import AnswerDone, AnswerEvent, AnswerRequest, AnswerStarted, AnswerText, Caller
from plimsoll.kernel.clock import utc_now

from .._access import acting_of
from .._catalogue import Catalogue
from .._edge import log_error
from .._errors import AnswerCutShortError, ClientGoneError
from .._metrics import Measurement, Metrics
from .._problems import CLIENT_GONE_STATUS, problem_from, status_of
from .._service import ServedModel, Service
from .._settings import ApiSettings
from ._client import WhileConnected
from ._request import USER_HEADER, decode, messages_from, parameters_from, read_json, user_from
from ._response import Reply, cost_header
from ._wire import ChatCompletionIn

ENVIRONMENT_HEADER = "x-plimsoll-environment"


class ChatCompletions:
    """The endpoint, as an ASGI application: it must see the client leave while it waits for the answer."""

    def __init__(self, service: Service, settings: ApiSettings, *, metrics: Metrics, catalogue: Catalogue) -> None:
        self._service = service
        self._settings = settings
        self._metrics = metrics
        self._catalogue = catalogue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        measured = Measurement(self._metrics)
        status = CLIENT_GONE_STATUS
        try:
            status = await self._answer(Request(scope, receive), send, measured)
        except (ClientGoneError, ClientDisconnect):
            pass
        except Exception as error:
            status = status_of(error)
            raise
        finally:
            measured.end(status)

    async def _answer(self, request: Request, send: Send, measured: Measurement) -> int:
        asked = decode(await read_json(request, self._settings.max_body_bytes))
        environment = request.headers.get(ENVIRONMENT_HEADER) or self._settings.default_environment
        messages = messages_from(asked)
        served = await self._catalogue.resolve(asked.model, environment)
        measured.answering(served)
        answer = AnswerRequest(
            app=served.app,
            endpoint=served.endpoint,
            messages=messages,
            parameters=parameters_from(asked),
            environment=environment,
            caller=_caller(request, asked),
        )
        async with _closing(self._service.stream(answer)) as events:
            exchange = _Exchange(request, send, events, measured)
            return await (exchange.stream if asked.stream else exchange.whole)(asked, served)


def _caller(request: Request, asked: ChatCompletionIn) -> Caller:
    acting = acting_of(request.scope)
    user = user_from(asked, request.headers.getlist(USER_HEADER))
    return Caller(acting.actor, acting.team, acting.project, user)


class _Exchange:
    """One answer on its way from the platform to the client."""

    def __init__(self, request: Request, send: Send, events: AsyncIterator[AnswerEvent], measured: Measurement) -> None:
        self._request = request
        self._send = send
        self._events = events
        self._measured = measured

    async def whole(self, _asked: ChatCompletionIn, served: ServedModel) -> int:
        """Wait for the complete answer, then send it. Returns the HTTP status."""
        done: AnswerDone | None = None
        async with WhileConnected(self._request.receive):
            reply = await self._begin(served)
            async for event in self._events:
                if isinstance(event, AnswerDone):
                    done = event
                elif isinstance(event, AnswerText):
                    self._measured.text()
        done = self._finished(done)
        headers = {**reply.headers(), **cost_header(done), "openai-processing-ms": f"{self._measured.elapsed_ms:.0f}"}
        response = Response(reply.whole(done), headers=headers, media_type="application/json")
        await response(self._request.scope, self._request.receive, self._send)
        return response.status_code

    async def stream(self, asked: ChatCompletionIn, served: ServedModel) -> int:
        """Send the answer as it comes. Returns the status to count: that of the error, if the stream broke.

        The response starts with the first text: until then an error, such as a model provider that does not answer,
        can still be sent with its own HTTP status.
        """
        include_usage = bool(asked.stream_options and asked.stream_options.include_usage)
        async with WhileConnected(self._request.receive):
            reply = await self._begin(served, include_usage=include_usage)
            event = await anext(self._events, None)
            await self._start_stream(reply)
            end = await self._send_pieces(reply, event)
        if isinstance(end, AnswerDone):
            await self._send_body(reply.last_chunks(end), more=False)
            return HTTPStatus.OK
        return await self._break_off(reply, end)

    async def _begin(self, served: ServedModel, *, include_usage: bool = False) -> Reply:
        started = await anext(self._events, None)
        if not isinstance(started, AnswerStarted):
            raise AnswerCutShortError
        return Reply(started, served.id, int(utc_now().timestamp()), include_usage=include_usage)

    async def _start_stream(self, reply: Reply) -> None:
        headers = {
            **reply.headers(),
            "openai-processing-ms": f"{self._measured.elapsed_ms:.0f}",
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            # nginx would collect the pieces otherwise.
            "x-accel-buffering": "no",
        }
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": 200, "headers": raw})

    async def _send_pieces(self, reply: Reply, first: AnswerEvent | None) -> AnswerDone | Exception:
        try:
            return await self._send_texts(reply, first)
        except Exception as error:  # noqa: BLE001 (the status is sent already: any error must go into the stream)
            return error

    async def _send_texts(self, reply: Reply, first: AnswerEvent | None) -> AnswerDone:
        done = first if isinstance(first, AnswerDone) else None
        opening = reply.first_chunk()
        if isinstance(first, AnswerText):
            self._measured.text()
            opening += reply.text_chunk(first.text)
        await self._send_body(opening, more=True)
        # The platform is heard to its end also after AnswerDone: to stop earlier would mean that the client left.
        async for event in self._events:
            if isinstance(event, AnswerText):
                self._measured.text()
                await self._send_body(reply.text_chunk(event.text), more=True)
            elif isinstance(event, AnswerDone):
                done = event
        return self._finished(done)

    async def _break_off(self, reply: Reply, error: Exception) -> int:
        request_id = reply.started.trace_id
        problem = problem_from(error, request_id=request_id)
        log_error(error, problem, request_id)
        await self._send_body(b"data: " + problem.to_json() + b"\n\n", more=False)
        return problem.status

    async def _send_body(self, data: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    def _finished(self, done: AnswerDone | None) -> AnswerDone:
        if done is None:
            raise AnswerCutShortError
        self._measured.used(done.usage)
        return done


@asynccontextmanager
async def _closing(events: AsyncIterator[AnswerEvent]) -> AsyncIterator[AsyncIterator[AnswerEvent]]:
    """Closes an iterator that can be closed (a generator), so that it learns at once that nobody listens."""
    try:
        yield events
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
