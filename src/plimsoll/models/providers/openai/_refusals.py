"""What servers mean by their refusals, as errors of the model layer."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from plimsoll.http import ConnectError, ExchangeError, ExchangeTimeoutError, ResponseTooLargeError, TlsError
from plimsoll.kernel.errors import PlimsollError

from ..._errors import (
    AnswerTooLargeError,
    ContentRefusedError,
    ContextTooLongError,
    ModelMissingError,
    ProviderBusyError,
    ProviderDeniedError,
    ProviderQuotaError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from .._endpoint import ProviderEndpoint
from .._wire import later_s, said_in, words_of
from ._reading import ErrorEventError, NonsenseError

_NO_QUOTA: Final = 402
_TOO_MUCH: Final = frozenset({402, 429})
_DENIED: Final = frozenset({401, 403})
_MISSING: Final = 404
_LATER: Final = frozenset({408, 409, 425})
_REQUEST: Final = frozenset({400, 413, 422})
_SERVER_ERROR: Final = 500
_ERRORS: Final = range(400, 600)
_STATUS_OF: Final = {
    "invalid_request_error": 400,
    "BadRequestError": 400,
    "context_length_exceeded": 400,
    "content_filter": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "overloaded_error": 529,
}
"""The status that belongs to the code or the type of an error in the middle of a stream."""
_TOO_LONG: Final = ("context_length", "exceed_context_size", "context length", "context window", "context size")
_FILTERED: Final = ("content_filter", "content_policy_violation", "responsibleaipolicyviolation")


FAILURES: Final = (ExchangeError, ErrorEventError, NonsenseError)
"""What goes wrong while an answer is fetched and read."""


class Refusals:
    """Makes the errors for one endpoint; its key never stands in one, whatever the server says."""

    def __init__(self, endpoint: ProviderEndpoint) -> None:
        self._model = endpoint.route_model
        self._address = endpoint.base_url
        self._key = endpoint.api_key

    def of_response(self, status: int, headers: Mapping[str, str], body: bytes) -> PlimsollError:
        """The error for an answer with another status than 200."""
        return self._sorted(status, said_in(body), _marks(body), later_s(headers))

    def of_event(self, error: Any) -> PlimsollError:
        """The error for an error object that came as an answer, or in the middle of one."""
        return self._sorted(_status_of(error), words_of(error), _marks(msgspec.json.encode(error)), None)

    def redirected(self, status: int) -> ProviderRejectedError:
        """The error for an answer that names another address: following it would carry the key there."""
        return ProviderRejectedError(self._model, status, "it redirects to another address")

    def unsendable(self, problem: str) -> ProviderRejectedError:
        """The error for a request that cannot be written down."""
        return ProviderRejectedError(self._model, 0, problem)

    def broken(self, problem: str) -> ProviderUnavailableError:
        """The error for an answer that breaks off, or makes no sense."""
        return ProviderUnavailableError(self._model, problem)

    def of_failure(self, error: Exception) -> PlimsollError:
        """The error for one of `FAILURES`, which stay in this room and the one below."""
        if isinstance(error, ErrorEventError):
            return self.of_event(error.error)
        if isinstance(error, ExchangeError):
            return self._of_exchange(error)
        return self.broken(str(error))

    def _of_exchange(self, error: ExchangeError) -> PlimsollError:
        """The error for what went wrong on the way; never with the words of below, which hold addresses."""
        if isinstance(error, ExchangeTimeoutError):
            return ProviderTimeoutError(self._model, error.phase, error.limit_s)
        if isinstance(error, TlsError):
            insecure = self.broken("no secure connection to the server is possible")
            insecure.unreached = True
            return insecure
        if isinstance(error, ResponseTooLargeError):
            return AnswerTooLargeError(self._model)
        if isinstance(error, ConnectError):
            hint = "start the model server, or correct `base_url` in the route, which says where it is looked for"
            unreachable = ProviderUnavailableError(self._model, "the server cannot be reached", hint=hint)
            unreachable.address, unreachable.unreached = self._address, True
            return unreachable
        return self.broken("the connection to the server broke off")

    def _sorted(self, status: int, said: str, marks: str, retry_after_s: float | None) -> PlimsollError:
        said = said.replace(self._key, "***") if self._key else said
        if status in _REQUEST:
            return self._wrong_request(status, said, marks)
        if status in _DENIED:
            return ProviderDeniedError(self._model, status, said)
        if status == _MISSING:
            return ModelMissingError(self._model, status, said)
        if status in _TOO_MUCH:
            return self._too_much(status, said, marks, retry_after_s)
        if status in _LATER or status >= _SERVER_ERROR:
            problem = f"the server cannot answer now (HTTP {status})" + (f": {said}" if said else "")
            return ProviderUnavailableError(self._model, problem, retry_after_s=retry_after_s, status=status)
        return ProviderRejectedError(self._model, status, said)

    def _too_much(self, status: int, said: str, marks: str, retry_after_s: float | None) -> PlimsollError:
        if status == _NO_QUOTA or "insufficient_quota" in marks:
            return ProviderQuotaError(self._model, status, said)
        return ProviderBusyError(self._model, said, retry_after_s=retry_after_s, status=status)

    def _wrong_request(self, status: int, said: str, marks: str) -> PlimsollError:
        if any(mark in marks for mark in _FILTERED):
            return ContentRefusedError(self._model, status, said)
        if any(mark in marks for mark in _TOO_LONG):
            return ContextTooLongError(self._model, status, said)
        return ProviderRejectedError(self._model, status, said)


def _marks(body: bytes) -> str:
    """A refusal in lower case: servers put what they mean now into the code, now into the type or the words."""
    return body.decode("utf-8", "replace").lower()


def _status_of(error: Any) -> int:
    if not isinstance(error, dict):
        return _SERVER_ERROR
    for name in ("code", "status", "type"):
        value = str(error.get(name))
        if value.isascii() and value.isdigit() and int(value[:9]) in _ERRORS:
            return int(value)
        if value in _STATUS_OF:
            return _STATUS_OF[value]
    return _SERVER_ERROR
