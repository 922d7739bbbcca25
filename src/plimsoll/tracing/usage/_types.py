"""Lines of a bill, and the summary of a day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

By = Literal["endpoint", "model", "team", "project", "user", "key", "release", "status", "day"]
BY: tuple[By, ...] = get_args(By)


@dataclass(frozen=True, slots=True)
class CostLine:
    """What the requests with one key (an endpoint, a model, a day …) used and cost. The sum of the costs is exact."""

    key: str
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    """The sum of the known costs; None when no price was known for any of them."""
    unknown: int
    """Requests that used tokens of unknown price (in traces that others sent: model calls). The sum lacks them."""


@dataclass(frozen=True, slots=True)
class HourLine:
    """One hour of a day."""

    hour: int
    """0 to 23, in UTC."""
    requests: int
    errors: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class DaySummary:
    """What happened in a day (UTC)."""

    day: datetime
    requests: int
    errors: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float | None
    unknown: int
    p50_ms: float | None
    """Half of the requests were at least as fast; at most 9 % above the truth. None without requests."""
    p95_ms: float | None
    hours: tuple[HourLine, ...]
    """The hours with requests, in order."""
