"""How long answers take, and how fast they come: percentiles, with intervals that hold whatever the distribution is."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from plimsoll.kernel.statistics import percentile, quantile_interval

from .._observation import Observation
from ..scorers import Better
from ..scorers.options import Option, Options, number
from ._types import Asked, Figure, FigureEntry, Found, OfPlaces

_Value = Callable[[Observation], float | None]


def _percentile(share: float, of: _Value, rows: Sequence[Asked]) -> Found:
    values = tuple(value for row in rows if (value := of(row.seen)) is not None)
    if not values:
        return Found(None, why="no answer was timed")
    return Found(percentile(values, share), quantile_interval(values, share), values=values)


def _samples(share: float, of: _Value, rows: Sequence[Sequence[Asked]]) -> OfPlaces:
    each = [[told for one in times if (told := of(one.seen)) is not None] for times in rows]

    def value(places: Sequence[int]) -> float | None:
        found = [one for place in places for one in each[place]]
        return percentile(found, share) if found else None

    return value


def _figure(name: str, share: float, of: _Value, better: Better = "less") -> Figure:
    found, sample = partial(_percentile, share, of), partial(_samples, share, of)
    return Figure(name, found, better=better, bound=_bound(share), sample=sample)


def _bound(share: float) -> Callable[[Sequence[float], float, bool], float]:
    def bound(values: Sequence[float], confidence: float, is_lower: bool) -> float:  # noqa: FBT001  # a column of a table
        low, high = quantile_interval(values, share, 2 * confidence - 1)
        return low if is_lower else high

    return bound


def _latency(seen: Observation) -> float | None:
    return seen.latency_ms


def _first_token(seen: Observation) -> float | None:
    return seen.first_token_ms


def _tokens_per_s(seen: Observation) -> float | None:
    """`(tokens - 1) / (latency - time to the first token)`: what a person sees come, as OpenTelemetry and AIPerf do."""
    if seen.first_token_ms is None or seen.output_tokens < 2:  # noqa: PLR2004  # nothing comes after one token
        return None
    streamed_ms = seen.latency_ms - seen.first_token_ms
    return 1000 * (seen.output_tokens - 1) / streamed_ms if streamed_ms > 0 else None


_P95: Final = 0.95
_P50: Final = 0.5
LATENCY_P95: Final = _figure("latency_p95_ms", _P95, _latency)
LATENCY_P50: Final = _figure("latency_p50_ms", _P50, _latency)
FIRST_TOKEN_P95: Final = _figure("first_token_p95_ms", _P95, _first_token)


def _share(default: float) -> Option:
    return number("share", default, least=0.01, most=0.999)


def _made(of: _Value, *, is_speed: bool = False) -> Callable[[str, Options], Figure]:
    def make(name: str, options: Options) -> Figure:
        return _figure(name, options["share"], of, "more" if is_speed else "less")

    return make


TIMES: Final = (
    FigureEntry("latency", "A percentile of the time to the last token, ms.", _made(_latency), (_share(_P95),)),
    FigureEntry(
        "first_token",
        "A percentile of the time to the first text that is not empty (TTFT), ms.",
        _made(_first_token),
        (_share(_P95),),
    ),
    FigureEntry(
        "tokens_per_s",
        "A percentile of the tokens that come in a second after the first one; more is better.",
        _made(_tokens_per_s, is_speed=True),
        (_share(_P50),),
    ),
)
