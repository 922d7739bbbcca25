"""The layer between the server and the application: the end of the process, and the request log."""

import asyncio
import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._connection import Shared

_access = logging.getLogger("plimsoll.access")
_READY_PATH: Final = "/readyz"
_API: Final = "/v1/"
_ANTHROPIC: Final = "/v1/messages"
_MESSAGE: Final = "the server was stopped before the answer was complete. Send the request again"
_CODE: Final = "server_stopping"
_LONGEST_PATH = 200


@dataclass(slots=True)
class _Seen:
    """`send`, noting how the answer began; for the log."""

    send: Send
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = message.get("headers") or []
        await self.send(message)


class Front:
    """ASGI middleware around the whole application.

    - From the moment the process is told to end, `/readyz` says 503, whatever the application thinks.
    - An answer that is cut because the process ends tells so: as an error event when it is a stream that began, as a
      status 503 when nothing was sent yet. The application sees a cancellation, and settles as for any other.
    - With `log_requests`, one line for each request: never a header, a key, a query or a body.
    """

    def __init__(self, app: ASGIApp, shared: Shared, *, log_requests: bool = False) -> None:
        self._app = app
        self._shared = shared
        self._log = log_requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._shared.draining and scope["path"] == _READY_PATH:
            await _json(send, 503, {"status": "not ready", "reason": "the server is stopping"})
        elif self._log:
            await self._logged(scope, receive, send)
        else:
            await self._answered(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not self._shared.cut:
                raise
            await _end(scope, send)

    async def _logged(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        seen = _Seen(send)
        try:
            await self._answered(scope, receive, seen)
        finally:
            facts = request_facts(scope, seen.status, seen.headers, ms=(perf_counter() - began) * 1000)
            _access.info("request", extra={"facts": facts})


async def _end(scope: Scope, send: Send) -> None:
    """End a cut answer so that its reader can tell; one that is complete already stays as it is."""
    exchange = scope["state"].get("exchange")
    if exchange is None or exchange.response_complete:
        return
    if not exchange.response_started:
        error = {"message": f"{_MESSAGE}.", "type": "server_error", "param": None, "code": _CODE}
        await _json(send, HTTPStatus.SERVICE_UNAVAILABLE, {"error": error})
    elif exchange.chunked_encoding and scope["path"].startswith(_API):
        # What has no length under /v1 is a stream of events.
        await send({"type": "http.response.body", "body": cut_event(scope["path"]), "more_body": False})
    else:
        # Half a body of another kind: only the broken connection can tell.
        exchange.transport.abort()


def cut_event(path: str) -> bytes:
    """The error event as the API of a path knows it: Anthropic's, that of OpenAI's responses, or that of its chat."""
    if path.startswith(_ANTHROPIC):
        error: dict[str, Any] = {"type": "error", "error": {"type": "overloaded_error", "message": f"{_MESSAGE}."}}
        return b"event: error\ndata: " + msgspec.json.encode(error) + b"\n\n"
    if path.startswith("/v1/responses"):
        error = {"type": "error", "code": _CODE, "message": f"{_MESSAGE}.", "param": None}
        return b"event: error\ndata: " + msgspec.json.encode(error) + b"\n\n"
    error = {"error": {"message": f"{_MESSAGE}.", "type": "server_error", "param": None, "code": _CODE}}
    return b"data: " + msgspec.json.encode(error) + b"\n\n"


def request_facts(scope: Scope, status: int, headers: list[tuple[bytes, bytes]], *, ms: float) -> dict[str, Any]:
    """What the request log says about one request; status 499 when the client left before the answer."""
    known = dict(headers)
    trace = known.get(b"x-plimsoll-trace") or known.get(b"x-request-id") or b""
    acting = scope.get("state", {}).get("acting")
    return {
        "method": scope["method"],
        "path": scope["path"][:_LONGEST_PATH],
        "status": status or 499,
        "ms": round(ms, 1),
        "trace": trace.decode("latin-1"),
        "key": getattr(acting, "via", ""),
    }


async def _json(send: Send, status: int, body: dict[str, Any]) -> None:
    raw = msgspec.json.encode(body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(raw)).encode()),
        (b"retry-after", b"1"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": raw, "more_body": False})
