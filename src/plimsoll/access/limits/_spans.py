"""Windows of time, aligned and in UTC."""

import math
from datetime import UTC, datetime
from typing import Final

from ._types import Measure, Span

_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
_DECEMBER: Final = 12


def stretch(span: Span, now_s: float) -> tuple[int, float]:
    """The first second of the window that a moment falls into, and the first one after it; seconds since 1970."""
    if span == "month":
        now = datetime.fromtimestamp(now_s, UTC)
        first = datetime(now.year, now.month, 1, tzinfo=UTC)
        after = datetime(now.year + now.month // _DECEMBER, now.month % _DECEMBER + 1, 1, tzinfo=UTC)
        return int(first.timestamp()), after.timestamp()
    length = _SECONDS.get(span)
    if length is None:
        return 0, math.inf
    start = int(now_s // length) * length
    return start, float(start + length)


def ends_at(span: Span, start: int) -> datetime | None:
    """When a window ends; None for one without an end."""
    until = stretch(span, start)[1]
    return None if math.isinf(until) else datetime.fromtimestamp(until, UTC)


def is_rate(measure: Measure, span: Span) -> bool:
    """Whether running into it means to go slower, rather than that the money is gone."""
    return measure != "usd" and span in {"minute", "hour"}
