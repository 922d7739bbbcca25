"""Running a suite: every row through the endpoint, every scorer over every answer, what is finished kept at once."""

import asyncio
import math
import platform
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import isawaitable
from typing import Final

from plimsoll.datasets import Row
from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.kernel.digest import Digest, digest_json

from ._gate import judge
from ._keeping import Keeper
from ._measures import measure_rows
from ._observation import Observation
from ._types import Run, ScoredRow, Suite
from .cases import Cases, KeptCase, case_key
from .comparison import Side, compare
from .scorers import Score, Scorer

Ask = Callable[[Row], Awaitable[Observation]]
"""Asks the endpoint what a row says. It is the function that serves, handed in by the flow."""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How fast a run may go, and what it may cost."""

    at_once: int = 4
    """Rows that are asked at the same time."""
    per_s: float | None = None
    """Rows that are begun in a second, at most."""
    cost_usd: float | None = None
    """When so much was spent, no more rows are begun; those under way may go a little over it."""


@dataclass(frozen=True, slots=True)
class RunParts:
    """What a run works with, beside the suite."""

    ask: Ask
    answering: Digest = ""
    """Of everything that an answer depends on beside the row: answers are kept under it. Empty keeps nothing."""
    cases: Cases | None = None
    limits: RunLimits = RunLimits()
    on_row: Callable[[], None] = lambda: None
    version: str = ""
    """Of Plimsoll, for the evidence."""
    baseline: Side | None = None
    """The run that this one is compared with, where thresholds say what it may lose."""


async def run_suite(suite: Suite, subject: Digest, parts: RunParts) -> Run:
    """Ask every row of a suite and judge the result. An answer that fails is an Observation with an `error`.

    Finished rows are kept while the run goes on: after a crash, a cap or a failing provider the next run asks only what
    is missing. Neither the order of rows, nor how many are asked at once, nor what was kept changes a score.
    """
    started_at = to_text(utc_now())
    work = [_Work(place, row, repeat) for place, row in enumerate(suite.rows) for repeat in range(suite.repeats)]
    running = _Running(suite, parts)
    rows = await running.all(work)
    slices = [threshold.slice for threshold in suite.thresholds]
    measures = measure_rows(suite.scorers, rows, figures=suite.figures, slices=slices)
    compared = None
    if parts.baseline is not None:
        now = Side.of_rows(suite, subject, rows, measures)
        compared = await asyncio.to_thread(compare, parts.baseline, now, thresholds=suite.thresholds)
    verdict = judge(suite.name, suite.thresholds, measures, compared=compared)
    unasked = sum(not row.observation.was_asked for row in rows)
    if not rows:
        verdict = replace(verdict, outcome="not measured", why="the dataset has no rows")
    elif unasked and verdict.outcome == "pass":
        # What no threshold is about was left out by chance alone: a run that stopped has not passed.
        verdict = replace(verdict, outcome="not measured", why=f"{unasked} of {len(rows)} rows were not asked")
    told = None if compared is None else compared.to_json()
    environment = _environment(parts.version)
    return Run(suite, subject, started_at, rows, measures, verdict, running.spent, environment, told)


def _environment(version: str) -> Mapping[str, str]:
    return {"plimsoll": version, "python": platform.python_version(), "system": platform.system()}


@dataclass(frozen=True, slots=True)
class _Work:
    place: int
    row: Row
    repeat: int


class _Running:
    """One run while it goes on."""

    def __init__(self, suite: Suite, parts: RunParts) -> None:
        self._suite, self._parts = suite, parts
        self._versions = {scorer.name: f"{scorer.name}@{scorer.version}" for scorer in suite.scorers}
        self._begun = 0.0
        self._under_way = 0
        self._dearest = 0.0
        self._known_cost = 0.0
        self._cost_is_known = True

    @property
    def spent(self) -> float | None:
        """What this run cost until now; None where a price is not known."""
        return self._known_cost if self._cost_is_known else None

    async def all(self, work: Sequence[_Work]) -> tuple[ScoredRow, ...]:
        """Every row, in the order of the dataset."""
        cases = self._parts.cases if self._parts.answering else None
        keys = [self._key(one) for one in work] if cases is not None else [""] * len(work)
        known = await asyncio.to_thread(cases.find, keys) if cases is not None else {}
        done: list[ScoredRow | None] = [None] * len(work)
        waiting = iter(range(len(work)))
        async with Keeper(cases) as keeper:

            async def work_on() -> None:
                for place in waiting:
                    done[place] = await self._one(work[place], keys[place], known.get(keys[place]), keeper)
                    self._parts.on_row()

            await asyncio.gather(*(work_on() for _ in range(min(self._parts.limits.at_once, len(work)))))
        return tuple(row for row in done if row is not None)

    def _key(self, one: _Work) -> str:
        return case_key(self._parts.answering, self._suite.endpoint, one.row, one.repeat, self._suite.seed)

    async def _one(self, one: _Work, key: str, kept: KeptCase | None, keeper: Keeper) -> ScoredRow:
        seen = await self._asked(one.row) if kept is None else kept.seen
        if seen.error:
            return ScoredRow(one.row, seen, {}, one.repeat)
        digest = digest_json(one.row.to_json()) if keeper.is_keeping else ""
        before = kept.told if kept is not None and kept.row == digest else {}
        told = {scorer.name: await self._told(scorer, one.row, seen, before) for scorer in self._suite.scorers}
        fresh = {
            self._versions[name]: score for name, score in told.items() if score is None or score.value is not None
        }
        if kept is None or any(version not in before for version in fresh):
            await keeper.keep(KeptCase(key, digest, seen, {**before, **fresh}))
        applying = {name: score for name, score in told.items() if score is not None}
        return ScoredRow(one.row, seen, applying, one.repeat, kept is not None)

    async def _asked(self, row: Row) -> Observation:
        stopped = self._stopped()
        if stopped:
            return Observation.not_asked(stopped)
        await self._wait_for_turn()
        self._under_way += 1
        try:
            seen = await self._parts.ask(row)
        finally:
            self._under_way -= 1
        self._pay(seen.cost_usd, is_missing=bool(seen.error))
        return seen

    def _stopped(self) -> str:
        """Why no more rows are begun; those under way are taken to cost as much as the dearest so far."""
        cap = self._parts.limits.cost_usd
        if cap is None or self._known_cost + self._under_way * self._dearest < cap:
            return ""
        return f"the run has cost {self._known_cost:.4g} USD, and may cost {cap:g}"

    async def _wait_for_turn(self) -> None:
        per_s = self._parts.limits.per_s
        if per_s is None:
            return
        loop = asyncio.get_running_loop()
        turn = max(self._begun, loop.time())
        self._begun = turn + 1 / per_s
        if turn > loop.time():
            await asyncio.sleep(turn - loop.time())

    def _pay(self, cost_usd: float | None, *, is_missing: bool = False) -> None:
        if cost_usd is None:
            # A call that failed has no price to know.
            self._cost_is_known = self._cost_is_known and is_missing
            return
        self._known_cost += cost_usd
        self._dearest = max(self._dearest, cost_usd)

    async def _told(
        self, scorer: Scorer, row: Row, seen: Observation, before: Mapping[str, Score | None]
    ) -> Score | None:
        version = self._versions[scorer.name]
        if version in before:
            return before[version]
        try:
            found = scorer.score(row, seen)
            score = await found if isawaitable(found) else found
        except Exception as error:  # noqa: BLE001  # a scorer is a plug-in: whatever it raises is one row not measured
            return Score(None, f"{scorer.name} failed: {type(error).__name__}: {error}")
        if score is None:
            return None
        self._pay(score.cost_usd)
        return _checked(scorer, score)


def _checked(scorer: Scorer, score: Score) -> Score:
    """A score that is a number of its unit, or one that was not measured."""
    value = score.value
    if value is None or (math.isfinite(value) and (scorer.unit == "number" or 0.0 <= value <= 1.0)):
        return score
    return replace(score, value=None, why=f"{scorer.name} said {value}, which is not {_SHOULD[scorer.unit]}")


_SHOULD: Final = {"share": "from 0 to 1", "number": "a finite number"}
