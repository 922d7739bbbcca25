"""The one table from errors to HTTP statuses, and the error body of OpenAI's API.

The body has always the four keys `message`, `type`, `param` and `code`, as the official SDKs expect.
"""

import math
import re
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException

from plimsoll.access import NotAuthenticatedError
from plimsoll.kernel.errors import (
    ConflictError,
    DeniedError,
    GateError,
    IntegrityError,
    InvalidError,
    NotFoundError,
    PlimsollError,
    UnavailableError,
)

from ._errors import BodyTooLargeError, MediaTypeError, WrongHostError

CLIENT_GONE_STATUS = 499
"""Only counted, never sent: the client left before the answer (the number that nginx uses)."""

_TABLE: dict[type[PlimsollError], tuple[int, str]] = {
    NotAuthenticatedError: (401, "authentication_error"),
    BodyTooLargeError: (413, "invalid_request_error"),
    MediaTypeError: (415, "invalid_request_error"),
    WrongHostError: (421, "invalid_request_error"),
    InvalidError: (400, "invalid_request_error"),
    NotFoundError: (404, "invalid_request_error"),
    ConflictError: (409, "conflict_error"),
    DeniedError: (403, "permission_error"),
    GateError: (422, "invalid_request_error"),
    UnavailableError: (503, "server_error"),
    IntegrityError: (500, "server_error"),
    PlimsollError: (500, "server_error"),
}
_SHORTEST_WAIT_S = 1
# Absolute file paths, POSIX or Windows, but neither URLs nor the paths of this API.
_FILE_PATH = re.compile(r"(?<![\w:/.~])(?:~?/(?!v1/)(?:[^\s/`'\",;:()]+/)+[^\s/`'\",;:()]*|[A-Za-z]:\\[^\s`'\",;()]+)")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a client sees it."""

    status: int
    type: str
    code: str
    message: str
    hint: str = ""
    param: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The status in words, such as `Not Found`."""
        return HTTPStatus(self.status).phrase

    def to_json(self) -> bytes:
        """The error body, message and hint in one text."""
        error = {"message": self._whole_message(), "type": self.type, "param": self.param, "code": self.code}
        return msgspec.json.encode({"error": error})

    def _whole_message(self) -> str:
        if not self.hint:
            return self.message
        return f"{self.message.rstrip('.')}. {self.hint[0].upper()}{self.hint[1:]}"


def problem_from(error: Exception, *, request_id: str) -> Problem:
    """What the client is told about `error`. Of an unexpected error it learns nothing but the request's id."""
    if isinstance(error, PlimsollError):
        return _known(error)
    if isinstance(error, HTTPException):
        return _http(error)
    return Problem(
        status=500,
        type="server_error",
        code="server_error",
        message="the server made a mistake",
        hint=f"the server's log tells more under request id {request_id}",
    )


def status_of(error: Exception) -> int:
    """The HTTP status for `error`."""
    return problem_from(error, request_id="").status


def _known(error: PlimsollError) -> Problem:
    status, kind = next(_TABLE[family] for family in type(error).__mro__ if family in _TABLE)
    headers: dict[str, str] = {}
    if isinstance(error, UnavailableError):
        headers["retry-after"] = str(max(_SHORTEST_WAIT_S, math.ceil(error.retry_after_s or 0)))
    if isinstance(error, IntegrityError):
        # The official SDKs repeat every 5xx unless told that it is of no use.
        headers["x-should-retry"] = "false"
    param = getattr(error, "param", None)
    return Problem(
        status=status,
        type=kind,
        code=error.code,
        message=without_file_paths(error.message),
        hint=without_file_paths(error.hint),
        param=param if isinstance(param, str) else None,
        headers=headers,
    )


def _http(error: HTTPException) -> Problem:
    return Problem(
        status=error.status_code,
        type="server_error" if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error",
        code={404: "unknown_url", 405: "method_not_allowed"}.get(error.status_code, "http_error"),
        message={
            404: "there is nothing at this address",
            405: "this address does not take that method",
        }.get(error.status_code, error.detail),
        headers=dict(error.headers or {}),
    )


def without_file_paths(text: str) -> str:
    """`text` with absolute file paths of this machine cut down to their last part."""
    return _FILE_PATH.sub(lambda found: re.split(r"[/\\]", found.group().rstrip("/\\"))[-1], text)
