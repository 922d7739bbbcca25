"""How long answers take: percentiles, with intervals that hold whatever the distribution is."""

from collections.abc import Callable, Sequence
from typing import Final

from plimsoll.kernel.statistics import percentile, quantile_interval

from .._observation import Observation
from ._types import Asked, Figure, Found


def _percentile(share: float, of: Callable[[Observation], float | None]) -> Callable[[Sequence[Asked]], Found]:
    def found(rows: Sequence[Asked]) -> Found:
        values = tuple(value for row in rows if (value := of(row.seen)) is not None)
        if not values:
            return Found(None, why="no answer was timed")
        return Found(percentile(values, share), quantile_interval(values, share), values=values)

    return found


def _bound(share: float) -> Callable[[Sequence[float], float, bool], float]:
    def bound(values: Sequence[float], confidence: float, is_lower: bool) -> float:  # noqa: FBT001  # a column of a table
        low, high = quantile_interval(values, share, 2 * confidence - 1)
        return low if is_lower else high

    return bound


_P95: Final = 0.95
_P50: Final = 0.5
LATENCY_P95: Final = Figure("latency_p95_ms", _percentile(_P95, lambda seen: seen.latency_ms), bound=_bound(_P95))
LATENCY_P50: Final = Figure("latency_p50_ms", _percentile(_P50, lambda seen: seen.latency_ms), bound=_bound(_P50))
FIRST_TOKEN_P95: Final = Figure(
    "first_token_p95_ms", _percentile(_P95, lambda seen: seen.first_token_ms), bound=_bound(_P95)
)
