"""Requests and answers of OTLP over HTTP (OpenTelemetry Protocol 1.11, section OTLP/HTTP)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from msgspec import json
from starlette.types import Receive, Scope, Send

MOST_BYTES = 16 << 20
"""Of one request, packed and unpacked; the senders of OpenTelemetry pack some hundred spans together."""
_MOST_RATIO = 200
"""Spans are a tenth to a fiftieth of their size when they are packed; what is far less is no telemetry."""
_GZIP_MARK = b"\x1f\x8b"
_ALWAYS_TAKEN = 1 << 20
PROTOBUF, JSON = "application/x-protobuf", "application/json"
_GZIP = "gzip"
_BODY = "http.request"
# Codes of gRPC, which the body of an error repeats.
_CODES = {400: 3, 413: 8, 415: 3, 429: 8, 500: 13, 503: 14}


class RefusedError(Exception):
    """The request gets no further: an HTTP status, a sentence, and when to try again."""

    def __init__(self, status: HTTPStatus, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s


class ClientGoneError(Exception):
    """Nobody waits for an answer any more."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a body is written."""

    is_json: bool
    is_gzip: bool
    length: int | None
    """What the sender says about its length, in bytes."""


def form_of(scope: Scope) -> Form:
    """How the body of a request is written. Raises RefusedError."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
    if kind not in {PROTOBUF, JSON}:
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"the body must be {PROTOBUF} or {JSON}")
    packing = headers.get(b"content-encoding", "").strip().lower()
    if packing not in {"", "identity", _GZIP}:
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "the body may be packed with gzip only")
    length = headers.get(b"content-length", "")
    return Form(kind == JSON, packing == _GZIP, int(length) if length.isascii() and length.isdecimal() else None)


async def read_body(receive: Receive, most_bytes: int, hold: Callable[[int], None] | None = None) -> bytes:
    """The whole body; `hold` is told how much arrives. Raises RefusedError when it is too long, and ClientGoneError."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != _BODY:
            raise ClientGoneError
        part = message.get("body", b"")
        size += len(part)
        if size > most_bytes:
            raise too_large(most_bytes)
        if hold is not None:
            hold(len(part))
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def unpacked_bytes(body: bytes, form: Form) -> int:
    """How long a body is when it is unpacked, as it says itself; who unpacks it holds it to that.

    Raises RefusedError for what is too long, or much longer than spans can be.
    """
    if not form.is_gzip or not body.startswith(_GZIP_MARK):
        return len(body)
    # RFC 1952, section 2.3.1: the last four bytes are the length.
    size = int.from_bytes(body[-4:], "little")
    if size > MOST_BYTES or size > max(_ALWAYS_TAKEN, _MOST_RATIO * len(body)):
        raise too_large(MOST_BYTES)
    return max(size, len(body))


def too_large(most_bytes: int) -> RefusedError:
    """The refusal of a body that is too long."""
    return RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the body has, or unpacks to, more than {most_bytes >> 20} MiB: send fewer with one request",
    )


def success(*, is_json: bool, rejected: int, field: str, message: str) -> bytes:
    """The body of an answer: empty, or how many things were rejected, and why. `field` is their name in JSON."""
    if not rejected and not message:
        return b"{}" if is_json else b""
    if is_json:
        # Protobuf's JSON writes 64-bit numbers as text.
        partial = {field: str(rejected), "errorMessage": message}
        return json.encode({"partialSuccess": partial})
    return _message(1, _number(1, rejected) + _text(2, message))


def status_body(*, is_json: bool, status: int, message: str) -> bytes:
    """The body of an error: `google.rpc.Status`."""
    code = _CODES.get(status, 2)
    if is_json:
        return json.encode({"code": code, "message": message})
    return _number(1, code) + _text(2, message)


async def answer(
    send: Send, status: int, body: bytes, *, is_json: bool, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """Send the whole answer, in the form of the request."""
    kind = (JSON if is_json else PROTOBUF).encode()
    length = str(len(body)).encode()
    start = [(b"content-type", kind), (b"content-length", length), *headers]
    await send({"type": "http.response.start", "status": int(status), "headers": start})
    await send({"type": "http.response.body", "body": body})


def _number(field: int, value: int) -> bytes:
    return bytes([field << 3]) + _varint(value) if value else b""


def _text(field: int, value: str) -> bytes:
    return _message(field, value.encode()) if value else b""


def _message(field: int, content: bytes) -> bytes:
    return bytes([field << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:  # noqa: PLR2004  # seven bits at a time
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
