"""Time, always aware and always UTC."""

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def unix_seconds() -> float:
    """The present moment in seconds since 1970, for formats that ask for a number."""
    return time.time()


def to_text(moment: datetime) -> str:
    """A moment as RFC 3339 text with microseconds, which sorts in the order of time.

    Raises ValueError for a naive moment, because nobody can say when that was.
    """
    if moment.tzinfo is None:
        msg = "a moment without a time zone cannot be stored"
        raise ValueError(msg)
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """The moment that `to_text` wrote."""
    return datetime.fromisoformat(text)
