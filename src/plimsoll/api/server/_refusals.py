"""What a client is told when its request does not even reach the application."""

from dataclasses import dataclass
from http import HTTPStatus

import msgspec


@dataclass(frozen=True, slots=True)
class Refusal:
    """A whole answer, written by the server itself."""

    status: int
    code: str
    message: str
    retry_after_s: int | None = None

    def response(self) -> bytes:
        """The answer as bytes: OpenAI's error body, and the connection ends."""
        own_fault = self.status < HTTPStatus.INTERNAL_SERVER_ERROR
        body = msgspec.json.encode(
            {
                "error": {
                    "message": self.message,
                    "type": "invalid_request_error" if own_fault else "server_error",
                    "param": None,
                    "code": self.code,
                }
            }
        )
        retry = f"retry-after: {self.retry_after_s}\r\n" if self.retry_after_s is not None else ""
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{retry}x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        return head.encode() + body


NOT_HTTP = Refusal(400, "invalid_http", "this is not a valid HTTP/1.1 request")
URL_TOO_LONG = Refusal(414, "url_too_long", "the address in the request line is too long")
HEADERS_TOO_LARGE = Refusal(431, "headers_too_large", "the request has too many headers, or too long ones")
TOO_MUCH_BESIDE = Refusal(
    431, "headers_too_large", "the request has too much beside its headers and its body: trailers, or chunk extensions"
)
HEADERS_TOO_SLOW = Refusal(408, "headers_too_slow", "the headers of the request did not arrive in time")
BODY_TOO_SLOW = Refusal(408, "body_too_slow", "the body of the request did not arrive in time")
UPGRADE_WITH_BODY = Refusal(
    400, "upgrade_refused", "a request with a body may not ask for an upgrade; turn off HTTP/2 upgrades in the client"
)
TOO_MANY_CONNECTIONS = Refusal(503, "too_many_connections", "the server has too many open connections", 1)
