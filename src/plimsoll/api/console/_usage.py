"""What was used: budgets with how full they are, and the sums of a day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from plimsoll.access.limits import Budget, WindowUse
from plimsoll.kernel.money import to_usd
from plimsoll.tracing import DaySummary

from .._service import Service
from ._present import ahead, cost, duration, tokens

_SHOWN: Final = 12
_EACH: Final = "each "
_HOURS: Final = 24
_HIGHEST: Final = 36.0
"""Height of the tallest bar; the picture is 40 high."""
_LEAST_SEEN: Final = 1.5
_SEEN: Final = 0.01


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One budget in its present window."""

    who: str
    span: str
    used: str
    amount: str
    share: str
    width: float
    """Of the bar, in per cent."""
    tone: str
    """good, warn (above the share at which it is told) or bad (used up)."""
    held: str
    """What is set aside for calls under way; empty where nothing is."""
    anew: str
    """When the window ends: `in 3 h`; empty for one that never does."""
    fullness: float


@dataclass(frozen=True, slots=True)
class BudgetCard:
    """The fullest budgets."""

    lines: tuple[BudgetLine, ...]
    more: int
    """How many are not shown because there are many."""
    hidden: int
    """How many are not shown because they name users."""


@dataclass(frozen=True, slots=True)
class HourBar:
    """One hour of the day as a bar."""

    x: int
    y: float
    height: float
    failed: float
    """Height of the part that failed, from below."""
    title: str


@dataclass(frozen=True, slots=True)
class DayCard:
    """The sums of a day."""

    date: str
    requests: str
    failed: str
    """Empty when none did."""
    tokens_in: str
    tokens_out: str
    cached: str
    """Share of the tokens that providers had in their caches; empty for none."""
    cost: str
    unpriced: int
    typical: str
    slow: str
    hours: tuple[HourBar, ...]
    before: str
    """The day before in a few words."""


def budget_card(service: Service, *, now: datetime, sees_users: bool) -> BudgetCard:
    """Read budgets and their windows; users are named only to whoever may see traces."""
    budgets = service.budgets()
    windows = service.windows(now) if budgets else ()
    lines = sorted(_lines(budgets, windows, now), key=lambda line: (-line.fullness, line.who, line.span))
    shown = [line for line in lines if sees_users or not line.who.startswith("user:")]
    return BudgetCard(tuple(shown[:_SHOWN]), max(len(shown) - _SHOWN, 0), len(lines) - len(shown))


def day_card(service: Service, now: datetime) -> DayCard:
    """The present day (UTC), beside the one before."""
    today, before = service.usage_day(now), service.usage_day(now - timedelta(days=1))
    unpriced = today.unknown
    return DayCard(
        date=f"{today.day:%Y-%m-%d}",
        requests=tokens(today.requests),
        failed=tokens(today.errors) if today.errors else "",
        tokens_in=tokens(today.input_tokens),
        tokens_out=tokens(today.output_tokens),
        cached=_percent(today.cached_tokens / today.input_tokens) if today.cached_tokens and today.input_tokens else "",
        cost="unknown price" if today.cost_usd is None and unpriced else cost(today.cost_usd),
        unpriced=unpriced,
        typical=duration(today.p50_ms),
        slow=duration(today.p95_ms),
        hours=_bars(today),
        before=_briefly(before),
    )


def _lines(budgets: Sequence[Budget], windows: Sequence[WindowUse], now: datetime) -> Iterator[BudgetLine]:
    """A line for every window that a budget is about, and for every budget of which nothing is used."""
    used: set[Budget] = set()
    for use in windows:
        about = [budget for budget in budgets if _is_about(budget, use)]
        if about:
            used.update(about)
            strictest = min(about, key=lambda budget: (budget.amount, budget.alert_at))
            yield _line(strictest, use.window.scope, use, now)
    for budget in budgets:
        if budget not in used:
            yield _line(budget, budget.scope, None, now)


def _is_about(budget: Budget, use: WindowUse) -> bool:
    window = use.window
    if (budget.measure, budget.span) != (window.measure, window.span):
        return False
    return budget.scope in {window.scope, f"{_EACH}{window.scope.partition(':')[0]}"}


def _line(budget: Budget, who: str, use: WindowUse | None, now: datetime) -> BudgetLine:
    spent = 0 if use is None else use.spent
    fullness = spent / budget.amount if budget.amount else 1.0
    held = 0 if use is None else use.leased
    ends_at = None if use is None else use.ends_at
    return BudgetLine(
        who=who,
        span={"request": "in one request", "total": "in total"}.get(budget.span, f"a {budget.span}"),
        used="" if budget.span == "request" else cost(to_usd(spent)) if budget.measure == "usd" else tokens(spent),
        amount=amount(budget.measure, budget.amount),
        share=_percent(fullness),
        width=round(min(fullness, 1.0) * 100, 1),
        tone="bad" if fullness >= 1 else "warn" if fullness >= budget.alert_at else "good",
        held=amount(budget.measure, held) if held else "",
        anew=ahead(ends_at, now) if ends_at is not None else "",
        fullness=fullness if budget.span != "request" else -1.0,
    )


def amount(measure: str, count: int) -> str:
    """`$12.50`, `1,200 tokens`, `30 requests`."""
    if measure == "usd":
        return cost(to_usd(count))
    return f"{count:,} {measure if count != 1 else measure.removesuffix('s')}"


def _percent(part: float) -> str:
    """Whole per cents; what is nearly used up is not called so."""
    if 0 < part < _SEEN:
        return "< 1 %"
    return f"{int(part * 100)} %"


def _bars(day: DaySummary) -> tuple[HourBar, ...]:
    most = max((hour.requests for hour in day.hours), default=0)
    bars = []
    for hour in day.hours:
        height = max(hour.requests / most * _HIGHEST, _LEAST_SEEN)
        failed = hour.errors / hour.requests * height
        many = f"{hour.requests:,} {'request' if hour.requests == 1 else 'requests'}"
        title = f"{hour.hour:02}:00 to {hour.hour + 1:02}:00: {many}, {cost(hour.cost_usd)}"
        bars.append(HourBar(hour.hour, round(40 - height, 2), round(height, 2), round(failed, 2), title))
    return tuple(bars)


def _briefly(day: DaySummary) -> str:
    if not day.requests:
        return "none"
    known = "unknown price" if day.cost_usd is None else cost(day.cost_usd)
    return f"{day.requests:,} {'request' if day.requests == 1 else 'requests'}, {known}"
