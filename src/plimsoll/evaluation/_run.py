"""Running a suite: every row through the endpoint, every scorer over every row."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from plimsoll.datasets import Row
from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.statistics import percentile, wilson_interval

from ._gate import judge
from ._types import Measure, Observation, Run, ScoredRow, Suite
from .scorers import SCORERS

LATENCY = "latency_p95_ms"
COST = "cost_usd_mean"
MEASURES = (*SCORERS, LATENCY, COST)

_LATENCY_SHARE = 0.95
_AT_ONCE = 4

Ask = Callable[[Row], Awaitable[Observation]]
"""Asks the endpoint what a row says. It is the function that serves, handed in by the flow."""


async def run_suite(suite: Suite, subject: Digest, ask: Ask, *, on_row: Callable[[], None] = lambda: None) -> Run:
    """Ask every row of a suite and judge the result. An answer that fails is an Observation with an `error`."""
    started_at = to_text(utc_now())
    places = asyncio.Semaphore(_AT_ONCE)

    async def observe(row: Row) -> ScoredRow:
        async with places:
            seen = await ask(row)
        on_row()
        return ScoredRow(row, seen, _scores(suite.scorers, row, seen))

    rows = tuple(await asyncio.gather(*(observe(row) for row in suite.rows)))
    measures = measure_rows(suite.scorers, rows)
    verdict = judge(suite.name, suite.thresholds, measures)
    return Run(suite, subject, started_at, rows, measures, verdict)


def measure_rows(scorers: Sequence[str], rows: Sequence[ScoredRow]) -> tuple[Measure, ...]:
    """The figures of a run: a mean for each scorer, the 95th percentile of latency, the mean cost."""
    shares = [_share(name, rows) for name in scorers]
    answered = [row.observation for row in rows if not row.observation.error]
    missing = len(rows) - len(answered)
    latencies = [seen.latency_ms for seen in answered]
    latency = percentile(latencies, _LATENCY_SHARE) if latencies else None
    costs = [seen.cost_usd for seen in answered if seen.cost_usd is not None]
    # A mean over only those calls whose price is known would be too low, so one unknown price means not measured.
    cost = sum(costs) / len(costs) if costs and len(costs) == len(answered) else None
    return (*shares, Measure(LATENCY, latency, len(answered), missing), Measure(COST, cost, len(costs), missing))


def _scores(scorers: Iterable[str], row: Row, seen: Observation) -> dict[str, float]:
    if seen.error:
        return {}
    scores = {name: SCORERS[name](row, seen) for name in scorers}
    return {name: score for name, score in scores.items() if score is not None}


def _share(name: str, rows: Sequence[ScoredRow]) -> Measure:
    scores = [row.scores[name] for row in rows if name in row.scores]
    applies = SCORERS[name]
    missing = sum(1 for row in rows if row.observation.error and applies(row.row, Observation()) is not None)
    if not scores:
        return Measure(name, None, 0, missing)
    low, high = wilson_interval(sum(scores), len(scores))
    return Measure(name, sum(scores) / len(scores), len(scores), missing, low, high)
