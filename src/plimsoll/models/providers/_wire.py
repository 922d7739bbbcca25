"""What OpenAI-compatible servers say, as values: chunks of an answer, whole answers, refusals."""

import math
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, Final

import msgspec

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import PlimsollError

from .._errors import ProviderDeniedError, ProviderRejectedError, ProviderUnavailableError
from .._prices import Tokens

DONE: Final = "[DONE]"

_MAX_RETRY_AFTER_S: Final = 86_400.0
_DENIED: Final = frozenset({401, 403})
_LATER: Final = frozenset({408, 425, 429})
_SERVER_ERROR: Final = 500
_ERRORS: Final = range(400, 600)
_STATUS_OF_TYPE: Final = {"invalid_request_error": 400, "authentication_error": 401, "permission_error": 403}

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Details(msgspec.Struct):
    cached_tokens: _Count | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: _Count
    completion_tokens: _Count = 0
    prompt_tokens_details: _Details | None = None


class _Content(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Content | None = None
    message: _Content | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: Any = None
    model: str | None = None
    error: Any = None


_chunk = msgspec.json.Decoder(_Chunk)


class Server:
    """Who is speaking: the route's name of the model, and the key, which must not come back in an error."""

    def __init__(self, model: str, api_key: str | None) -> None:
        self.model = model
        self._api_key = api_key

    def refusal(self, status: int, said: str, retry_after_s: float | None = None) -> PlimsollError:
        """The error for an HTTP status and the server's words."""
        said = said.replace(self._api_key, "***") if self._api_key else said
        if status in _DENIED:
            return ProviderDeniedError(self.model, status, said)
        if status in _LATER or status >= _SERVER_ERROR:
            problem = f"the server cannot answer now (HTTP {status})" + (f": {said}" if said else "")
            return ProviderUnavailableError(self.model, problem, retry_after_s=retry_after_s)
        return ProviderRejectedError(self.model, status, said)

    def broken(self, problem: str) -> ProviderUnavailableError:
        """The error for an answer that does not come, breaks off, or makes no sense."""
        return ProviderUnavailableError(self.model, problem)

    def unreachable(self, address: str) -> ProviderUnavailableError:
        """The error for a server that does not take the connection."""
        hint = "start the model server, or correct `base_url` in the route, which says where it is looked for"
        error = ProviderUnavailableError(self.model, "the server cannot be reached", hint=hint)
        error.address = address
        return error


class Transcript:
    """An answer as far as it has come: text by text, and at some time its model, its end and its usage."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._texts: list[str] = []
        self.is_done = False
        """Whether the server said that nothing comes any more."""
        self.finish_reason = ""
        self.model = ""
        self.tokens: Tokens | None = None

    @property
    def text(self) -> str:
        """The whole text so far."""
        return "".join(self._texts)

    @property
    def is_complete(self) -> bool:
        """Whether the text is whole: usage may still come."""
        return self.is_done or bool(self.finish_reason)

    def take(self, data: str) -> str:
        """Read one chunk, or a whole answer; its text, which may be empty. Raises the error that it carries."""
        if data == DONE:
            self.is_done = True
            return ""
        try:
            chunk = _chunk.decode(data)
        except (msgspec.MsgspecError, RecursionError):
            raise self._server.broken("the server sent something that is not a chat completion") from None
        if chunk.error is not None:
            raise self._server.refusal(*_error(chunk.error))
        self.model = chunk.model or self.model
        self._take_usage(chunk.usage)
        text = "".join(self._take_choice(choice) for choice in (chunk.choices or [])[:1])
        if text:
            self._texts.append(text)
        return text

    def _take_choice(self, choice: _Choice) -> str:
        self.finish_reason = choice.finish_reason or self.finish_reason
        content = choice.delta or choice.message
        return (content.content or "") if content else ""

    def _take_usage(self, value: Any) -> None:
        try:
            usage = msgspec.convert(value, _Usage | None)
        except msgspec.MsgspecError:
            return  # a count that is no count is as good as none: the tokens are counted here then
        if usage is not None:
            cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
            self.tokens = Tokens(input=usage.prompt_tokens, output=usage.completion_tokens, cached=cached or 0)


def said_in(body: bytes) -> str:
    """The server's own words in the body of a refusal: the message of an error object, else the body as text."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
    if isinstance(value, dict):
        value = value.get("error", value.get("detail", value.get("message", value)))
    return _error(value)[1]


def retry_after_s(header: str | None) -> float | None:
    """Seconds in a Retry-After header (RFC 9110, section 10.2.3), at most a day; None when it says nothing."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = _seconds_until(header)
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def _seconds_until(header: str) -> float:
    try:
        then = parsedate_to_datetime(header)
        return (then - utc_now()).total_seconds()
    except (ValueError, TypeError):  # not a date, or one without a time zone
        return math.nan


def _error(error: Any) -> tuple[int, str]:
    """Status and message of an error object, whatever its shape."""
    if not isinstance(error, dict):
        return _SERVER_ERROR, error if isinstance(error, str) else msgspec.json.encode(error).decode()
    message = error.get("message")
    said = message if isinstance(message, str) else msgspec.json.encode(error).decode()
    code = str(error.get("code"))
    if code.isascii() and code.isdigit() and int(code[:9]) in _ERRORS:
        return int(code), said
    return _STATUS_OF_TYPE.get(str(error.get("type")), _SERVER_ERROR), said
