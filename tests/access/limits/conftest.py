"""A place for what is used, on both databases, meters at it, and a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ENGINES, Schemas

from plimsoll.access.limits import Budget, Consumption, Meter, make_budget
from plimsoll.access.limits._driver import Pace
from plimsoll.access.limits.escrow import UsageRecord
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.usage import USAGE

APP = "harbour"
NOON = datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC)
QUICK = Pace(tick_s=0.005, retry_s=0.005, settled_s=0.0, reclaim_s=0.0, refresh_s=0.02)


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now_s = now.timestamp()

    def __call__(self) -> float:
        return self.now_s

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now_s, UTC)


class Desk:
    """Makes meters that share one place, and looks at what is written down there."""

    def __init__(self, record: Consumption, clock: Clock) -> None:
        self.record = record
        self.clock = clock
        self.budgets: tuple[Budget, ...] = ()

    @asynccontextmanager
    async def meter(
        self, *budgets: Budget, record: UsageRecord | None = None, pace: Pace = QUICK
    ) -> AsyncIterator[Meter]:
        if budgets:
            self.budgets = budgets
        meter = Meter(record or self.record, lambda: self.budgets, app=APP, clock=self.clock, pace=pace)
        await meter.start()
        try:
            yield meter
        finally:
            await meter.close()

    def sums(self) -> dict[str, tuple[int, int]]:
        """Spent and leased of the present windows, by scope and measure."""
        found = self.record.windows(APP, self.clock.moment)
        return {f"{use.window.scope} {use.window.measure}": (use.spent, use.leased) for use in found}


def usd(scope: str, amount: float, span: str = "day", **rest: Any) -> Budget:
    return make_budget(scope, {"usd": amount}, span, **rest)


def requests(scope: str, amount: int, span: str = "minute", **rest: Any) -> Budget:
    return make_budget(scope, {"requests": amount}, span, **rest)


def tokens(scope: str, amount: int, span: str = "minute", **rest: Any) -> Budget:
    return make_budget(scope, {"tokens": amount}, span, **rest)


@pytest.fixture(params=ENGINES)
def usage_place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | PostgresPlace:
    """Where use is written down in this test."""
    if request.param == "sqlite":
        return tmp_path / "usage.db"
    schemas: Schemas = request.getfixturevalue("schemas")
    return schemas.empty("usage", USAGE)


@pytest.fixture
def usage(usage_place: Path | PostgresPlace) -> Iterator[Database]:
    database = Database(usage_place, USAGE, durability="normal")
    yield database
    database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(usage: Database, clock: Clock) -> Desk:
    return Desk(Consumption(usage), clock)


@pytest.fixture
def small(tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    """For what has nothing to do with the database: always a file."""
    database = Database(tmp_path / "small.db", USAGE, durability="normal")
    yield Desk(Consumption(database), clock)
    database.close()


def run(steps: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test's steps on an event loop, and never for ever."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await steps()

    asyncio.run(bounded())


async def until(condition: Callable[[], bool]) -> None:
    """Go on when something is so; fails when it never is."""
    for _ in range(20_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    pytest.fail("what was waited for did not happen")
