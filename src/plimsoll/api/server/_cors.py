"""Lets pages of other origins call, where somebody asked for it (CORS, Fetch Standard)."""

import re
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._errors import OriginError

ANY = "*"
_ORIGIN = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?")
_EXPOSED = (
    b"x-request-id, retry-after, openai-processing-ms, x-plimsoll-release, x-plimsoll-release-name, x-plimsoll-trace, "
    b"x-plimsoll-model, x-plimsoll-cached, x-plimsoll-cost-usd, x-plimsoll-overhead-ms, x-plimsoll-guardrails, "
    b"x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, "
    b"x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens"
)
_METHODS = b"GET, POST"
_KEPT_S = b"600"
_HEADER_NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, \t-]{1,4096}")


def checked_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """The origins, when each is `*` or exact as browsers send it. Raises OriginError."""
    for origin in origins:
        if origin != ANY and _ORIGIN.fullmatch(origin) is None:
            raise OriginError(origin)
    return tuple(origins)


class Cors:
    """ASGI middleware, outermost: a preflight carries no key, so it is answered before anybody asks for one.

    - Only requests for `/v1` are concerned; the console and the management pages are for their own origin.
    - Credentials (cookies, the browser's own passwords) are never allowed, whatever the origin: a page shows its key
      itself, in a header.
    - An origin that was not named gets no CORS header at all, so that its browser refuses to show the answer.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._any = ANY in origins
        self._origins = {origin.encode() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        origin = _header(scope, b"origin") if scope["type"] == "http" and scope["path"].startswith("/v1/") else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        allowed = self._allowed(origin)
        if scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method") is not None:
            await _preflight(scope, send, allowed)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [*allowed, (b"access-control-expose-headers", _EXPOSED)] if allowed else []
                message = {**message, "headers": [*message.get("headers", ()), *own, (b"vary", b"Origin")]}
            await send(message)

        await self._app(scope, receive, with_headers)

    def _allowed(self, origin: bytes) -> list[tuple[bytes, bytes]]:
        if self._any:
            return [(b"access-control-allow-origin", b"*")]
        return [(b"access-control-allow-origin", origin)] if origin in self._origins else []


async def _preflight(scope: Scope, send: Send, allowed: list[tuple[bytes, bytes]]) -> None:
    asked = _header(scope, b"access-control-request-headers") or b""
    headers = [(b"vary", b"Origin, Access-Control-Request-Headers"), (b"content-length", b"0")]
    if allowed:
        headers += [*allowed, (b"access-control-allow-methods", _METHODS), (b"access-control-max-age", _KEPT_S)]
        if _HEADER_NAME.fullmatch(asked):
            headers.append((b"access-control-allow-headers", asked))
    await send({"type": "http.response.start", "status": 200 if allowed else 403, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _header(scope: Scope, name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None
