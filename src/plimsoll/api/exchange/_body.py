"""What a client sent: its headers, and its body as far as it may go."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from .._errors import BodyTooLargeError, MediaTypeError

_JSON: Final = b"application/json"


@dataclass(frozen=True, slots=True)
class Sent:
    """The headers of one request, by their lower-case names; of a repeated one the last counts, unless asked."""

    headers: Mapping[bytes, bytes]
    raw: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def of(cls, scope: Scope) -> "Sent":
        """The headers of an ASGI scope."""
        raw = scope["headers"]
        return cls(dict(raw), raw)

    def text(self, name: bytes) -> str:
        """One header as text; empty where it is not there."""
        value = self.headers.get(name)
        return "" if value is None else value.decode("latin-1")

    def every(self, name: bytes) -> list[str]:
        """Every value of a header."""
        if name not in self.headers:
            return []
        return [value.decode("latin-1") for key, value in self.raw if key == name]


async def read_json(sent: Sent, receive: Receive, limit_bytes: int) -> bytes:
    """The body, if it is declared as JSON and is not too long.

    The content type is also what keeps other sites from sending requests through a visitor's browser: a form cannot
    claim to be JSON, and for anything else the browser asks this server first, which never allows it.
    Raises MediaTypeError, BodyTooLargeError, and Starlette's ClientDisconnect.
    """
    declared = sent.headers.get(b"content-type", b"")
    if declared != _JSON and declared.partition(b";")[0].strip().lower() != _JSON:
        raise MediaTypeError(declared.decode("latin-1"))
    length = sent.headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit_bytes:
        raise BodyTooLargeError(limit_bytes)
    body, more = await _piece(receive)
    if more:
        return await _rest(bytearray(body), receive, limit_bytes)
    if len(body) > limit_bytes:
        raise BodyTooLargeError(limit_bytes)
    return body


async def _rest(body: bytearray, receive: Receive, limit_bytes: int) -> bytes:
    more = True
    while more:
        if len(body) > limit_bytes:
            raise BodyTooLargeError(limit_bytes)
        piece, more = await _piece(receive)
        body += piece
    if len(body) > limit_bytes:
        raise BodyTooLargeError(limit_bytes)
    return bytes(body)


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    """A piece of the body, and whether more comes."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)
