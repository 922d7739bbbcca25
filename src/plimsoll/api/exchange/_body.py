"""The body that a client sent, as far as it may go."""

from collections.abc import Callable
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from .._errors import BodyTooLargeError, MediaTypeError
from ..admission import Sent
from ..load import Held

_JSON: Final = b"application/json"
_SMALL_BYTES: Final = 64 * 1024
"""What comes in one piece and is no longer is not counted: of so much every open connection may have a buffer."""


async def read_json(sent: Sent, receive: Receive, limit_bytes: int, hold: Callable[[], Held]) -> bytes:
    """The body, if it is declared as JSON and is not too long. What `hold` gives counts what is kept, if that is much.

    The content type is also what keeps other sites from sending requests through a visitor's browser: a form cannot
    claim to be JSON, and for anything else the browser asks this server first, which never allows it.
    Raises MediaTypeError, BodyTooLargeError, OverloadedError, and Starlette's ClientDisconnect.
    """
    declared = sent.headers.get(b"content-type", b"")
    if declared != _JSON and declared.partition(b";")[0].strip().lower() != _JSON:
        raise MediaTypeError(declared.decode("latin-1"))
    length = sent.headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > limit_bytes:
        raise BodyTooLargeError(limit_bytes)
    body, more = _piece(await receive())
    if more:
        return await _rest(body, receive, limit_bytes, hold())
    if len(body) > limit_bytes:
        raise BodyTooLargeError(limit_bytes)
    if len(body) > _SMALL_BYTES:
        hold().add(len(body))
    return body


async def _rest(piece: bytes, receive: Receive, limit_bytes: int, held: Held) -> bytes:
    body, more = bytearray(), True
    while True:
        if len(body) + len(piece) > limit_bytes:
            raise BodyTooLargeError(limit_bytes)
        held.add(len(piece))
        body += piece
        if not more:
            return bytes(body)
        piece, more = _piece(await receive())


def _piece(message: Message) -> tuple[bytes, bool]:
    """A piece of the body, and whether more comes."""
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)
