"""What servers of every provider say in the same way: their own words in a refusal, and when to come back."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from plimsoll.kernel.clock import utc_now

_MAX_RETRY_AFTER_S: Final = 86_400.0
_MS_PER_S: Final = 1000.0


def said_in(body: bytes) -> str:
    """The server's own words in the body of a refusal: the message of an error object, else the body as text."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body.decode("utf-8", "replace")
    if isinstance(value, dict):
        value = value.get("error", value.get("detail", value.get("message", value)))
    return words_of(value)


def words_of(error: Any) -> str:
    """The message of an error object, whatever its shape."""
    if isinstance(error, str):
        return error
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    return msgspec.json.encode(error).decode()


def later_s(headers: Mapping[str, str]) -> float | None:
    """Seconds after which the server wants to be asked again, from `retry-after-ms`, else from `retry-after`."""
    given_ms = _number(headers.get("retry-after-ms", ""))
    if not math.isnan(given_ms):
        return _bounded(given_ms / _MS_PER_S)
    return retry_after_s(headers.get("retry-after"))


def retry_after_s(header: str | None) -> float | None:
    """Seconds in a Retry-After header (RFC 9110, section 10.2.3), at most a day; None when it says nothing."""
    if header is None:
        return None
    seconds = _number(header)
    if math.isnan(seconds):
        seconds = _seconds_until(header)
    return None if math.isnan(seconds) else _bounded(seconds)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER_S)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _seconds_until(header: str) -> float:
    try:
        then = parsedate_to_datetime(header)
        return (then - utc_now()).total_seconds()
    except (ValueError, TypeError):  # not a date, or one without a time zone
        return math.nan
