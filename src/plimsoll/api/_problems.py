"""The one table from errors to HTTP statuses, and the error bodies of OpenAI's and Anthropic's APIs.

OpenAI's body has always the four keys `message`, `type`, `param` and `code`, as the official SDKs expect; the last two
may be null.
"""

import math
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.exceptions import HTTPException

from plimsoll.access import NotAuthenticatedError
from plimsoll.kernel.errors import (
    BlockedError,
    BudgetError,
    ConflictError,
    DeniedError,
    GateError,
    IntegrityError,
    InvalidError,
    NotFoundError,
    PlimsollError,
    UnavailableError,
)

from ._errors import BodyTimeoutError, BodyTooLargeError, MediaTypeError, WrongHostError

CLIENT_GONE_STATUS = 499
"""Only counted, never sent: the client left before the answer (the number that nginx uses)."""

_NO_QUOTA: Final = "insufficient_quota"


@dataclass(frozen=True, slots=True)
class _Rule:
    status: int
    type: str
    code: str = ""
    """What OpenAI's clients look for; empty for the error's own code."""
    vain: bool = False
    """Whether the official SDKs would repeat the call by themselves, and should not."""


_BY_FAMILY: Final[dict[type[PlimsollError], _Rule]] = {
    NotAuthenticatedError: _Rule(401, "authentication_error"),
    BodyTooLargeError: _Rule(413, "invalid_request_error"),
    BodyTimeoutError: _Rule(408, "invalid_request_error"),
    MediaTypeError: _Rule(415, "invalid_request_error"),
    WrongHostError: _Rule(421, "invalid_request_error"),
    BlockedError: _Rule(400, "invalid_request_error", "content_filter"),
    InvalidError: _Rule(400, "invalid_request_error"),
    NotFoundError: _Rule(404, "invalid_request_error"),
    ConflictError: _Rule(409, "conflict_error"),
    DeniedError: _Rule(403, "permission_error"),
    GateError: _Rule(422, "invalid_request_error"),
    BudgetError: _Rule(429, _NO_QUOTA, _NO_QUOTA, vain=True),
    UnavailableError: _Rule(503, "server_error"),
    IntegrityError: _Rule(500, "server_error", vain=True),
    PlimsollError: _Rule(500, "server_error"),
}
_BY_CODE: Final[dict[str, _Rule]] = {
    # A limit that fills again by itself, of this server or of a provider.
    "rate_limit_exceeded": _Rule(429, "rate_limit_error"),
    # Nothing is used up: the caller may not use what has no price while a cap in money holds.
    "price_unknown": _Rule(403, "permission_error"),
    # Said as OpenAI says it of a project that may not use a model.
    "model_forbidden": _Rule(403, "invalid_request_error", "model_not_found"),
    "overloaded": _Rule(429, "rate_limit_error"),
    # The operator's business: no other call of the client would fare better.
    "secret_missing": _Rule(503, "server_error", vain=True),
    # The operator's account at the provider: no caller can wait for that.
    "provider_quota": _Rule(503, "server_error", vain=True),
    "provider_timeout": _Rule(504, "server_error"),
    "first_token_timeout": _Rule(504, "server_error"),
    "route_deadline": _Rule(504, "server_error"),
}
"""Leaves that their family does not tell enough of."""

_ANTHROPIC_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_SHORTEST_WAIT_S = 1
_MS_PER_S = 1000
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
    request_id: str = ""

    @property
    def title(self) -> str:
        """The status in words, such as `Not Found`."""
        return HTTPStatus(self.status).phrase

    @property
    def whole_message(self) -> str:
        """Message and hint in one text."""
        if not self.hint:
            return self.message
        return f"{self.message.rstrip('.')}. {self.hint[0].upper()}{self.hint[1:]}"

    def to_json(self) -> bytes:
        """OpenAI's error body."""
        error = {"message": self.whole_message, "type": self.type, "param": self.param, "code": self.code or None}
        return msgspec.json.encode({"error": error})

    def to_anthropic(self) -> bytes:
        """Anthropic's error body; the status is the same."""
        fallback = "api_error" if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
        kind = "billing_error" if self.code == _NO_QUOTA else _ANTHROPIC_TYPES.get(self.status, fallback)
        message = f"{self.param}: {self.whole_message}" if self.param else self.whole_message
        error = {"type": kind, "message": message, "code": self.code or None}
        return msgspec.json.encode({"type": "error", "error": error, "request_id": self.request_id or None})


def problem_from(error: Exception, *, request_id: str) -> Problem:
    """What the client is told about `error`. Of an unexpected error it learns nothing but the request's id."""
    if isinstance(error, PlimsollError):
        return _known(error, request_id)
    if isinstance(error, HTTPException):
        return _http(error, request_id)
    return Problem(
        status=500,
        type="server_error",
        code="server_error",
        message="the server made a mistake",
        hint=f"the server's log tells more under request id {request_id}",
        request_id=request_id,
    )


def status_of(error: Exception) -> int:
    """The HTTP status for `error`."""
    return problem_from(error, request_id="").status


def _known(error: PlimsollError, request_id: str) -> Problem:
    rule = _rule_of(error)
    param = getattr(error, "param", None) or getattr(error, "field", None)
    return Problem(
        status=rule.status,
        type=rule.type,
        code=rule.code or error.code,
        message=without_file_paths(error.message),
        hint=without_file_paths(error.hint),
        param=param if isinstance(param, str) else None,
        headers=_advice(error, rule),
        request_id=request_id,
    )


def _rule_of(error: PlimsollError) -> _Rule:
    found = _BY_CODE.get(error.code)
    return found or next(_BY_FAMILY[family] for family in type(error).__mro__ if family in _BY_FAMILY)


def _advice(error: PlimsollError, rule: _Rule) -> dict[str, str]:
    """When to try again, and whether that is of any use: the official SDKs do as these headers say."""
    never_fits = isinstance(error, BudgetError) and error.retry_after_s is None
    headers = {"x-should-retry": "false"} if rule.vain or never_fits else {}
    if isinstance(error, UnavailableError | BudgetError):
        wait_s = error.retry_after_s
        if wait_s is not None or not (rule.vain or never_fits):
            headers["retry-after"] = str(max(_SHORTEST_WAIT_S, math.ceil(wait_s or 0)))
        if wait_s is not None and rule.status == HTTPStatus.TOO_MANY_REQUESTS:
            headers["retry-after-ms"] = str(max(1, math.ceil(wait_s * _MS_PER_S)))
    return headers


def _http(error: HTTPException, request_id: str) -> Problem:
    return Problem(
        status=error.status_code,
        type="server_error" if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error",
        code={404: "unknown_url", 405: "method_not_allowed"}.get(error.status_code, "http_error"),
        message={
            404: "there is nothing at this address",
            405: "this address does not take that method",
        }.get(error.status_code, error.detail),
        headers=dict(error.headers or {}),
        request_id=request_id,
    )


def without_file_paths(text: str) -> str:
    """`text` with absolute file paths of this machine cut down to their last part."""
    return _FILE_PATH.sub(lambda found: re.split(r"[/\\]", found.group().rstrip("/\\"))[-1], text)
