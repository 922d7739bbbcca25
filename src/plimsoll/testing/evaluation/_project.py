"""A project for one test session: built once, each suite asked once, the rows handed to as many tests as want them."""

import asyncio
import fcntl
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from plimsoll.bootstrap import Platform, open_platform
from plimsoll.datasets import Row
from plimsoll.evaluation import Run, RunLimits, ScoredRow, Suite
from plimsoll.flows.build import BuildReport, build
from plimsoll.flows.ship import EvaluationStoppedError, evaluate, suites_of
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import PlimsollError
from plimsoll.project import Project, find_project, load_project
from plimsoll.registry import Version
from plimsoll.settings import read_settings

from ._rows import AskedRow, NotMeasuredError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a test session wants to ask."""

    fresh: bool = False
    """Ask everything again, and keep nothing."""
    at_once: int = 4
    max_usd: float | None = None
    """Of each suite."""


@dataclass
class ProjectUnderTest:
    """The project whose suites are tested. Nothing is built or asked before a test needs it."""

    start: Path
    """The project folder, or a folder inside it."""
    wishes: Wishes = Wishes()
    whole: set[str] = field(default_factory=set)
    """Suites of which a test wants the whole run."""
    wanted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The ids of rows that tests want, by suite; of a suite that is not wanted whole nothing else is asked."""
    _made: dict[str, Run | PlimsollError] = field(default_factory=dict)
    _by_row: dict[str, dict[str, list[ScoredRow]]] = field(default_factory=dict)

    @cached_property
    def project(self) -> Project:
        """The project, read from its folder. Raises ProjectMissingError and ProjectInvalidError."""
        return load_project(find_project(self.start))

    def rows(self, suite: str) -> tuple[Row, ...]:
        """The rows of a suite's dataset; nothing is built for it. Raises SuiteMissingError."""
        names = self.project.suites
        unbuilt = [Version("", "suite", name, 0, "", utc_now(), "", "", 0) for name in names]
        return suites_of(self.project, unbuilt, suite)[0].rows

    def run(self, suite: str) -> Run:
        """The run of a suite with all of its rows, asked once for the whole session.

        Raises what building and asking raise; a budget that is used up leaves rows that say so.
        """
        if suite not in self.whole:
            self.whole.add(suite)
            self._made.pop(suite, None)
        return self._once(suite)

    def asked(self, suite: str, row: str) -> AskedRow:
        """One row with its answer and scores; only those rows are asked that tests want.

        Raises NotMeasuredError where there is no answer, and what building and asking raise.
        """
        run = self._once(suite)
        scored = self._by_row[suite][row]
        failed = next((one.observation.error for one in scored if one.observation.error), "")
        if failed:
            msg = f"not measured: {row} has no answer: {failed}"
            raise NotMeasuredError(msg)
        return AskedRow(scored[0].row, tuple(scored), run.suite.scorers)

    def close(self) -> None:
        """Close what was opened."""
        if "_platform" in self.__dict__:
            self._platform.close()

    @cached_property
    def _platform(self) -> Platform:
        return open_platform(read_settings(self.project.root), self.project.root)

    @cached_property
    def _built(self) -> BuildReport:
        return build(self.project, self._platform.build_parts(lambda *_: None))

    def _once(self, suite: str) -> Run:
        """The run of a suite, or what kept it from being made: neither is tried again in this session."""
        if suite not in self._made:
            try:
                with self._alone():
                    run: Run | PlimsollError = _outside_of_loops(self._asked(self._suite(suite)))
            except PlimsollError as error:
                run = error
            self._made[suite] = run
            self._by_row[suite] = _by_row(run) if isinstance(run, Run) else {}
        made = self._made[suite]
        if isinstance(made, PlimsollError):
            raise made
        return made

    def _suite(self, name: str) -> Suite:
        """A suite with the rows that are wanted; a part of them is a suite without thresholds, and of no version."""
        suite = suites_of(self.project, self._built.versions, name)[0]
        wanted = self.wanted.get(name, set())
        if name in self.whole or wanted.issuperset(row.id for row in suite.rows):
            return suite
        return replace(suite, rows=tuple(row for row in suite.rows if row.id in wanted), thresholds=(), digest="")

    async def _asked(self, suite: Suite) -> Run:
        parts = self._platform.evaluate_parts()
        limits = RunLimits(self.wishes.at_once, cost_usd=self.wishes.max_usd)
        parts = replace(parts, limits=limits, cases=None if self.wishes.fresh else parts.cases)
        try:
            (run,) = await evaluate(self._built.draft, [suite], parts)
        except EvaluationStoppedError as error:
            (run,) = error.runs
        return run

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time: of several workers the first asks, and the others find its answers kept."""
        home = self._platform.settings.home
        home.mkdir(parents=True, exist_ok=True)
        with (home / "pytest.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _by_row(run: Run) -> dict[str, list[ScoredRow]]:
    found: dict[str, list[ScoredRow]] = defaultdict(list)
    for one in run.rows:
        found[one.row.id].append(one)
    return found


def _outside_of_loops(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also where the test itself runs inside an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
