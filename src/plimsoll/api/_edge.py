"""The outermost layer: request id, security headers, who may call, and every error as a proper response."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from plimsoll.kernel.errors import PlimsollError
from plimsoll.kernel.ids import new_trace_id
from plimsoll.models.routing import attempts_of

from ._problems import Problem, problem_from
from .admission import Admission, Sent, is_api_path

_log = logging.getLogger("plimsoll.api")

ErrorPage = Callable[[Problem], str]
"""Writes the page that a person sees instead of the one that failed."""

_API_HEADERS: Final = ((b"x-content-type-options", b"nosniff"),)
_CONTENT_SECURITY_POLICY: Final = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Pages show text from documents and from strangers: even if escaping failed, no script could run.
_PAGE_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", _CONTENT_SECURITY_POLICY),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def request_id_of(scope: Scope) -> str:
    """The id that the response will carry in `x-request-id`, unless the answer's trace gives a better one."""
    # Made when it is asked for: an answer has the id of its trace, and needs no other.
    state = scope.setdefault("state", {})
    value = state.get("request_id")
    if value is None:
        value = state["request_id"] = new_trace_id()
    return value if isinstance(value, str) else ""


def speaks_anthropic(scope: Scope) -> bool:
    """Whether errors are in Anthropic's form: on its own paths, and where the caller names a version of its API."""
    path = scope["path"]
    if path.startswith("/v1/messages") and path[12:13] in {"", "/"}:
        return True
    return b"anthropic-version" in Sent.of(scope).headers and is_api_path(path)


@dataclass(frozen=True, slots=True)
class ErrorResponses:
    """Turns an error into a response: OpenAI's or Anthropic's error body for programs, a page for people."""

    page: ErrorPage

    def respond(self, scope: Scope, error: Exception) -> Response:
        """The response for `error`; an unexpected one goes to the log, with its traceback, and only there."""
        request_id = request_id_of(scope)
        problem = problem_from(error, request_id=request_id)
        log_error(error, problem, request_id)
        path = scope["path"]
        for_program = is_api_path(path)
        headers = dict(problem.headers)
        if problem.status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = "Bearer" if for_program else 'Basic realm="Plimsoll", charset="UTF-8"'
        if for_program:
            body = problem.to_anthropic() if speaks_anthropic(scope) else problem.to_json()
            return Response(body, problem.status, headers, media_type="application/json")
        headers["cache-control"] = "no-store"
        return Response(self.page(problem), problem.status, headers, media_type="text/html")


def log_error(error: Exception, problem: Problem, request_id: str) -> None:
    """Write to the log what the operator must know: mistakes with their traceback, failures of parts in one line.

    A model server may repeat what was asked: its words stand in the trace as far as the project keeps content, and
    never in the log.
    """
    if problem.code == "server_error":
        _log.error("request %s failed", request_id, exc_info=error)
    elif isinstance(error, PlimsollError) and problem.type == "server_error":
        _log.warning("request %s: %s (%s)", request_id, _sentence(error), error.code)


def _sentence(error: PlimsollError) -> str:
    # Errors of model servers say whether the same call may succeed later; nobody else's do.
    if not hasattr(error, "retryable"):
        return error.message
    status = getattr(error, "status", 0)
    tried = [f"{attempt.target} {attempt.outcome}: {attempt.why}" for attempt in attempts_of(error)]
    return "; ".join(["a model server failed", *([f"it answered {status}"] if status else []), *tried])


def let_go(error: BaseException) -> None:
    """Part an error that was dealt with from what it holds: through its traceback everything of the request.

    A future that raised it holds it in turn. Only the garbage collector would end such a circle, and that comes late.
    """
    current: BaseException | None = error
    while current is not None:
        before = current.__cause__ or current.__context__
        current.__traceback__ = current.__cause__ = current.__context__ = None
        current = before


class Edge:
    """ASGI application around the whole application."""

    def __init__(
        self, app: ASGIApp, *, admission: Admission, errors: ErrorResponses, direct: Mapping[str, ASGIApp]
    ) -> None:
        self._app = app
        self._admission = admission
        self._errors = errors
        self._direct = direct
        """Applications for POST at exactly these paths: finding them by routes costs as much as checking the key."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        path = scope["path"]
        stamped = _Stamped(send, path, scope)
        try:
            await self._admission.admit(scope)
            app = self._direct.get(path, self._app) if scope["method"] == "POST" else self._app
            await app(scope, receive, stamped)
        except Exception as error:  # noqa: BLE001 (this is the door: nothing may leave it but a response)
            response = self._errors.respond(scope, error)
            if not stamped.started:
                await response(scope, receive, stamped)
            let_go(error)


class _Stamped:
    """`send`, with the headers that every response carries.

    A connection that is closing already is treated as lost. uvicorn learns of that a turn of the loop later, and until
    then uvloop raises RuntimeError for whatever is written.
    """

    __slots__ = ("_exchange", "_path", "_scope", "_send", "started")

    def __init__(self, send: Send, path: str, scope: Scope) -> None:
        self._send = send
        self._path = path
        self._scope = scope
        self._exchange = scope["state"].get("exchange")
        self.started = False

    async def __call__(self, message: Message) -> None:
        exchange = self._exchange
        if exchange is not None and exchange.transport.is_closing():
            exchange.disconnected = True
        if message["type"] == "http.response.start":
            self.started = True
            message = {**message, "headers": self._stamp(message.get("headers", ()))}
        await self._send(message)

    def _stamp(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        path = self._path
        headers = [*given, *(_API_HEADERS if is_api_path(path) else _PAGE_HEADERS)]
        for name, value in headers:
            if name == b"x-request-id":
                request_id = value
                break
        else:
            request_id = request_id_of(self._scope).encode()
            headers.append((b"x-request-id", request_id))
        if speaks_anthropic(self._scope):
            headers.append((b"request-id", request_id))
        return headers
