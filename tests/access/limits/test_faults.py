"""When the database does not answer, when processes are killed, and when they come back."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import pytest
from tests.access.limits.conftest import APP, QUICK, Desk, requests, run, tokens, until, usd

from plimsoll.access.limits import BudgetUsedUpError, Meter, Need, Payer, RateLimitedError, Spent
from plimsoll.access.limits._errors import MeterClosedError, UsageUnavailableError
from plimsoll.access.limits._gate import _REFUSED_S
from plimsoll.access.limits.escrow import Batch, Outcome, UsageRecord
from plimsoll.kernel.errors import UnavailableError
from plimsoll.storage import StorageFullError

ADA = Payer(user="ada")
LEASE_S = 35 + 1
"""A lease, the clocks' difference, and a bit."""


class Faulty:
    """A record that fails as it is told: before anything is written down, or after all of it was."""

    def __init__(self, record: UsageRecord) -> None:
        self._record = record
        self.fails: Literal["", "before", "after"] = ""
        self.error: Exception = StorageFullError("usage.db")
        self.tries = 0

    def exchange(self, batch: Batch) -> Outcome:
        self.tries += 1
        if self.fails == "before":
            raise self.error
        outcome = self._record.exchange(batch)
        if self.fails == "after":
            raise self.error
        return outcome

    def outcome_of(self, batch: Batch) -> Outcome | None:
        self.tries += 1
        if self.fails:
            raise self.error
        return self._record.outcome_of(batch)

    def wanted(self, now_s: float) -> frozenset[str]:
        if self.fails:
            raise self.error
        return self._record.wanted(now_s)

    def prune(self, now_s: float) -> int:
        return self._record.prune(now_s)


@pytest.fixture
def faulty(small: Desk) -> Faulty:
    return Faulty(small.record)


async def one(meter: Meter, amount: int = 1) -> bool:
    try:
        (await meter.reserve(ADA, Need(amount, 0))).settle(Spent(amount, 0))
    except RateLimitedError:
        return False
    return True


async def until_refused(meter: Meter) -> int:
    """How many calls of 10 tokens were let in before the first that was not, because nothing is known."""
    for let_in in range(1_000):
        try:
            await one(meter, 10)
        except UnavailableError as refused:
            return let_in if (refused.code, refused.retry_after_s) == ("usage_unavailable", 1.0) else -1
    pytest.fail("all were let in")


async def gone(meter: Meter, faulty: Faulty) -> None:
    """Until the meter knows that its database is gone."""
    tries = faulty.tries
    await until(lambda: faulty.tries > tries + 1 and not meter.state().reachable)


@pytest.mark.parametrize("fails", ["before", "after"])
def test_what_is_held_goes_on_and_then_nothing_is_let_in_until_the_database_is_back(
    small: Desk, faulty: Faulty, fails: Literal["before", "after"]
) -> None:
    async def steps() -> None:
        async with small.meter(tokens("everyone", 1_000), record=faulty) as meter:
            for _ in range(5):
                assert await one(meter, 10)
            faulty.fails = fails
            assert await one(meter, 10)
            await gone(meter, faulty)
            used = 60 + 10 * await until_refused(meter)
            assert 60 <= used < 1_000
            faulty.fails = ""
            await until(lambda: meter.state().reachable)
            while await one(meter, 10):
                used += 10
            assert used == 1_000
        assert small.sums() == {"everyone tokens": (1_000, 0)}

    run(steps)


@pytest.mark.parametrize(
    "error", [StorageFullError("usage.db"), RuntimeError("the driver is confused"), OSError("gone")]
)
def test_a_fault_of_any_kind_closes_the_gate_and_never_opens_it(small: Desk, faulty: Faulty, error: Exception) -> None:
    async def steps() -> None:
        faulty.error, faulty.fails = error, "before"
        async with small.meter(requests("everyone", 5), record=faulty) as meter:
            for _ in range(10):
                with pytest.raises(UsageUnavailableError):
                    await meter.reserve(ADA, Need(1, 0))
            faulty.fails = ""
            await until(lambda: meter.state().reachable)
            assert [await one(meter) for _ in range(6)] == [True] * 5 + [False]

    run(steps)


def test_a_process_that_cannot_tell_stops_before_its_lease_is_over(small: Desk, faulty: Faulty) -> None:
    async def steps() -> None:
        pace = replace(QUICK, lease_s=1.0)
        async with small.meter(tokens("everyone", 1_000), record=faulty, pace=pace) as meter:
            for _ in range(5):
                assert await one(meter, 10)
            faulty.fails = "before"
            held = await meter.reserve(ADA, Need(10, 0))
            for _ in range(5_000):
                try:
                    (await meter.reserve(ADA, Need(1, 0))).release()
                except UnavailableError:
                    break
                await asyncio.sleep(0.002)
            else:
                pytest.fail("it went on with a lease whose time was over")
            held.settle(Spent(10, 0))
            faulty.fails = ""
            await until(lambda: meter.state().reachable)
            assert await one(meter, 10)
        assert small.sums() == {"everyone tokens": (70, 0)}

    run(steps)


def test_budgets_that_cannot_be_read_stop_the_start_and_not_the_work(small: Desk) -> None:
    def broken() -> Any:
        raise StorageFullError("records.db")

    async def steps() -> None:
        meter = Meter(small.record, broken, app=APP, clock=small.clock, pace=QUICK)
        with pytest.raises(StorageFullError):
            await meter.start()
        await meter.close()
        reads = []

        def later() -> Any:
            reads.append(1)
            return (requests("everyone", 1),) if len(reads) == 1 else broken()

        meter = Meter(small.record, later, app=APP, clock=small.clock, pace=QUICK)
        await meter.start()
        await until(lambda: len(reads) > 2)
        assert [await one(meter), await one(meter)] == [True, False]
        await meter.close()

    run(steps)


def test_who_waits_while_the_process_ends_is_told_so(small: Desk) -> None:
    async def steps() -> None:
        async with small.meter(requests("everyone", 5)) as meter:
            waiting = asyncio.create_task(meter.reserve(ADA, Need(1, 0)))
            await asyncio.sleep(0)
        with pytest.raises(MeterClosedError):
            await waiting
        with pytest.raises(UnavailableError):
            await meter.reserve(ADA, Need(1, 0))
        assert small.sums().get("everyone requests", (0, 0)) == (0, 0)

    run(steps)


async def killed(desk: Desk, *, while_used: int, under_way: int) -> None:
    """A process that is killed in the middle: what it said last is all that the database knows."""
    faulty = Faulty(desk.record)
    meter = Meter(faulty, lambda: desk.budgets, app=APP, clock=desk.clock, pace=QUICK)
    await meter.start()
    for _ in range(while_used):
        (await meter.reserve(ADA, Need(1, 0))).settle(Spent(1, 0))
    held = [await meter.reserve(ADA, Need(1, 0)) for _ in range(under_way)]
    await until(lambda: desk.sums()["everyone tokens"][0] == while_used)
    faulty.fails = "before"
    assert len(held) == under_way
    await meter.close()


def test_after_a_crash_all_that_was_not_spent_can_be_spent_again(desk: Desk) -> None:
    async def steps() -> None:
        desk.budgets = (tokens("everyone", 20, "day"),)
        await killed(desk, while_used=5, under_way=3)
        async with desk.meter() as meter:
            spent = 5
            while await spends(meter):
                spent += 1
            assert spent < 20
            desk.clock.now_s += LEASE_S
            # What was refused a moment ago is refused again without asking.
            await asyncio.sleep(2 * _REFUSED_S)
            while await spends(meter):
                spent += 1
        assert spent == 20
        assert desk.sums() == {"everyone tokens": (20, 0)}

    run(steps)


def test_after_a_crash_a_strict_budget_counts_all_that_was_held_as_spent(desk: Desk) -> None:
    async def steps() -> None:
        desk.budgets = (tokens("everyone", 20, "day", on_crash="charge"),)
        await killed(desk, while_used=5, under_way=3)
        held = desk.sums()["everyone tokens"][1]
        assert held >= 3
        desk.clock.now_s += LEASE_S
        async with desk.meter() as meter:
            await asyncio.sleep(0.05)
            spent = 5
            while await spends(meter):
                spent += 1
            await asyncio.sleep(2 * _REFUSED_S)
            assert not await spends(meter)
        assert spent == 20 - held
        assert desk.sums() == {"everyone tokens": (20, 0)}

    run(steps)


async def spends(meter: Meter) -> bool:
    try:
        (await meter.reserve(ADA, Need(1, 0))).settle(Spent(1, 0))
    except BudgetUsedUpError:
        return False
    return True


def test_a_process_that_was_taken_for_dead_comes_back_and_nothing_is_counted_twice(small: Desk) -> None:
    async def steps() -> None:
        small.budgets = (tokens("everyone", 100, "day", on_crash="charge"), usd("everyone", 1))
        sleeper_record = Faulty(small.record)
        async with small.meter(record=sleeper_record) as sleeper, small.meter() as other:
            held = await sleeper.reserve(ADA, Need(30, 10))
            sleeper_record.fails = "before"
            small.clock.now_s += LEASE_S
            await until(charged(small, other))
            held.settle(Spent(12, 4))
            sleeper_record.fails = ""
            await until(lambda: small.sums()["everyone tokens"][0] < 30)
        assert small.sums()["everyone tokens"][1] == 0
        assert small.sums()["everyone usd"] == (4, 0)

    run(steps)


def charged(desk: Desk, meter: Meter) -> Callable[[], bool]:
    """Whether the lease of the other was charged; this one keeps asking, which is when it is noticed."""
    tasks: list[asyncio.Task[bool]] = []

    def look() -> bool:
        tasks.append(asyncio.ensure_future(spends_nothing(meter)))
        return desk.sums()["everyone tokens"][0] >= 30

    return look


async def spends_nothing(meter: Meter) -> bool:
    (await meter.reserve(ADA, Need(1, 0))).release()
    return True


class Breaking(Faulty):
    """Writes down what was spent, and breaks the connection before anybody hears of it."""

    def __init__(self, record: UsageRecord, meanwhile: Callable[[], object]) -> None:
        super().__init__(record)
        self.meanwhile = meanwhile
        self.breaks = False
        self.looked_up = False

    def exchange(self, batch: Batch) -> Outcome:
        outcome = super().exchange(batch)
        if self.breaks and any(ask.spent for ask in batch.asks):
            self.breaks = False
            self.meanwhile()
            raise OSError
        return outcome

    def outcome_of(self, batch: Batch) -> Outcome | None:
        outcome = super().outcome_of(batch)
        self.looked_up = True
        return outcome


@pytest.mark.parametrize("gone", ["nobody", "ada"])
def test_an_exchange_in_doubt_is_cleared_up_also_when_its_window_is_gone(desk: Desk, gone: str) -> None:
    async def steps() -> None:
        breaking = Breaking(desk.record, lambda: desk.record.purge_subject(gone))
        async with desk.meter(requests("each user", 100, "day"), record=breaking) as meter:
            assert await one(meter)
            await until(lambda: desk.sums()["user:ada requests"][0] == 1)
            breaking.breaks = True
            assert await one(meter)
            await until(lambda: breaking.looked_up and meter.state().reachable)
            for payer in (ADA, Payer(user="bob")):
                (await meter.reserve(payer, Need(1, 0))).settle(Spent(1, 0))
        erased = gone == "ada"
        assert desk.sums() == {"user:ada requests": (1 if erased else 3, 0), "user:bob requests": (1, 0)}

    run(steps)


@pytest.mark.parametrize("on_crash", ["release", "charge"])
def test_what_was_told_is_told_once_also_by_a_process_that_was_taken_for_dead(
    desk: Desk, on_crash: Literal["release", "charge"]
) -> None:
    """The connection broke while it told; until it could look, another process had taken its lease over."""

    async def steps() -> None:
        desk.budgets = (tokens("everyone", 100, "day", on_crash=on_crash),)

        def bury() -> None:
            desk.clock.now_s += LEASE_S
            now_s = desk.clock.now_s
            desk.record.exchange(
                Batch(worker="other", tick=1, now_s=now_s, lease_s=30, asks=(), skew_s=5, reclaims=True)
            )

        breaking = Breaking(desk.record, bury)
        async with desk.meter(record=breaking) as meter:
            held = await meter.reserve(ADA, Need(7, 0))
            breaking.breaks = True
            assert await one(meter, 10)
            await until(lambda: breaking.looked_up and meter.state().reachable)
            held.settle(Spent(5, 0))
        assert desk.sums() == {"everyone tokens": (15, 0)}

    run(steps)


def test_a_lease_is_over_by_the_clock_on_the_wall_as_well(small: Desk, faulty: Faulty) -> None:
    """The loop's clock stands still while a virtual machine is suspended, and others take over meanwhile."""

    async def steps() -> None:
        async with small.meter(tokens("everyone", 1_000), record=faulty) as meter:
            for _ in range(5):
                assert await one(meter, 1)
            faulty.fails = "before"
            small.clock.now_s += 28
            with pytest.raises(UsageUnavailableError):
                await meter.reserve(ADA, Need(1, 0))
            faulty.fails = ""

    run(steps)
