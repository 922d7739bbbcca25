"""The rules of escrow under any interleaving: several processes, lost and doubtful commits, crashes, late returns."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from plimsoll.access.limits._types import OnCrash, Window
from plimsoll.access.limits.escrow import Answer, Ask, Lease, Row, Slot, exchange, expire

WINDOW = Window("app", "everyone", "tokens", "day", 0)
WORKERS = 3


@dataclass
class Worker:
    """A process: its slice, the calls under way, and what it has said and not heard of."""

    slot: Slot
    reserved: list[int] = field(default_factory=list)
    said: tuple[Ask, Answer | None] | None = None
    """What was said, and the answer where the database wrote it down."""
    unflushed: int = 0
    """Used and not yet in the database, as only an observer knows it."""
    taken_for_dead: bool = False


class Escrow(RuleBasedStateMachine):
    """One window, several processes, and an observer who adds up what was really used."""

    on_crash: OnCrash = "release"
    lies = False

    def __init__(self) -> None:
        super().__init__()
        self.cap = 0
        self.row = Row()
        self.leases: dict[int, Lease] = {}
        self.workers: dict[int, Worker] = {}
        self.crashed: set[int] = set()
        self.used = 0
        self.forgotten = 0
        self.lost = 0
        self.next = 0
        self.now_ms = 0
        self.now = 0.0

    pick = st.integers(0, WORKERS - 1)
    amounts = st.integers(0, 12)

    @initialize(cap=st.integers(0, 60))
    def begin(self, cap: int) -> None:
        self.cap = cap
        for _ in range(WORKERS):
            self._join()

    def _join(self) -> None:
        self.workers[self.next] = Worker(Slot(WINDOW, 1.0, cap=self.cap, on_crash=self.on_crash))
        self.next += 1

    def _worker(self, number: int) -> tuple[int, Worker]:
        name = sorted(self.workers)[number]
        return name, self.workers[name]

    @rule(number=pick, amount=amounts)
    def come_and_wait(self, number: int, amount: int) -> None:
        """A call comes, and waits for an exchange with the database where the slice does not suffice."""
        self.hear(number)
        self.say(number, amount, give_back=False)
        self.commit(number)
        self.hear(number)
        self.workers[sorted(self.workers)[number]].slot.waiting = 0
        self.reserve(number, amount)

    @rule(number=pick, amount=amounts)
    def reserve(self, number: int, amount: int) -> None:
        """A call comes: let in where the slice suffices, and otherwise never."""
        _, worker = self._worker(number)
        # A process that knows that its time is over does not use what it holds.
        if worker.slot.free >= amount and not worker.taken_for_dead:
            worker.slot.take(amount)
            worker.reserved.append(amount)

    @rule(number=pick, data=st.data())
    def settle(self, number: int, data: Any) -> None:
        _, worker = self._worker(number)
        if worker.reserved:
            amount = worker.reserved.pop(data.draw(st.integers(0, len(worker.reserved) - 1)))
            used = data.draw(st.integers(0, amount + (9 if self.lies else 0)))
            worker.slot.settle(amount, used)
            worker.unflushed += used
            self.used += used

    @rule(number=pick)
    def release(self, number: int) -> None:
        _, worker = self._worker(number)
        if worker.reserved:
            worker.slot.release(worker.reserved.pop())

    @rule(number=pick, waiting=amounts, give_back=st.booleans())
    def say(self, number: int, waiting: int, give_back: bool) -> None:
        """A process offers back, tells what was used, and asks; nothing reaches the database yet."""
        _, worker = self._worker(number)
        if worker.said is None:
            self.now += 0.04
            worker.slot.waiting = waiting
            back = give_back or worker.slot.contested or worker.taken_for_dead
            worker.said = (worker.slot.ask(now=self.now, least=waiting, give_back=back), None)

    @rule(number=pick)
    def commit(self, number: int) -> None:
        """The database writes it down; the process does not know yet."""
        name, worker = self._worker(number)
        if worker.said is not None and worker.said[1] is None:
            asked = worker.said[0]
            self.row, self.leases[name], answer = exchange(
                self.row, self.leases.get(name), asked, crowd=len(self.workers), now_ms=self.now_ms
            )
            worker.said = (asked, answer)
            worker.unflushed -= asked.spent

    @rule(number=pick)
    def hear(self, number: int) -> None:
        """The process learns what came of it, also after a while in doubt."""
        _, worker = self._worker(number)
        if worker.said is not None:
            answer = worker.said[1]
            if answer is None:
                worker.slot.undo()
            else:
                worker.slot.apply(answer)
                worker.taken_for_dead = False
            worker.said = None

    @rule(ms=st.integers(0, 500))
    def wait(self, ms: int) -> None:
        self.now_ms += ms

    @rule(number=pick)
    def crash(self, number: int) -> None:
        """A process is killed, whatever it was doing; another takes its place."""
        name, worker = self._worker(number)
        del self.workers[name]
        self.crashed.add(name)
        self.lost += worker.unflushed
        if self.on_crash == "release":
            self.forgotten += worker.unflushed
        self._join()

    @rule(data=st.data())
    def bury(self, data: Any) -> None:
        """The lease of a killed process expires."""
        if self.crashed:
            name = data.draw(st.sampled_from(sorted(self.crashed)))
            self.crashed.discard(name)
            self._expire(name)

    def _expire(self, name: int) -> None:
        lease = self.leases.pop(name, None)
        if lease is not None:
            self.row, left = expire(self.row, lease)
            if left is not None:
                self.leases[name] = left

    @invariant()
    def the_database_never_promises_more_than_there_is(self) -> None:
        assert self.row.leased == sum(lease.amount for lease in self.leases.values() if not lease.charged)
        assert self.row.spent + self.row.leased <= self.cap + self.row.overrun
        assert min(self.row.spent, self.row.leased) >= 0

    @invariant()
    def nobody_uses_more_than_there_is(self) -> None:
        assert self.used - self.forgotten <= self.cap + self._overrun()

    @invariant()
    def what_a_process_holds_is_leased(self) -> None:
        for name, worker in self.workers.items():
            if worker.said is None and not worker.taken_for_dead:
                slot = worker.slot
                lease = self.leases.get(name, Lease(0))
                assert slot.free + slot.reserved + slot.spent == lease.amount
                assert slot.reserved == sum(worker.reserved)

    def _overrun(self) -> int:
        unsaid = sum(worker.slot.overrun for worker in self.workers.values())
        saying = [worker.said[0].overrun for worker in self.workers.values() if worker.said and worker.said[1] is None]
        return self.row.overrun + unsaid + sum(saying)

    def teardown(self) -> None:
        """When everything ends well nothing is held, and exactly what was used is written down."""
        for number in range(len(self.workers)):
            self.hear(number)
            _, worker = self._worker(number)
            while worker.reserved:
                worker.slot.release(worker.reserved.pop())
            worker.slot.waiting = 0
            worker.slot.ask(now=self.now, give_back=True)
            worker.said = (worker.slot.asked or pytest.fail("nothing is asked"), None)
            self.commit(number)
            self.hear(number)
            assert worker.slot.is_empty or worker.slot.leased == 0
        while self.crashed:
            self._expire(self.crashed.pop())
        assert self.row.leased == 0
        if self.on_crash == "release":
            assert self.row.spent == self.used - self.forgotten
        else:
            assert self.used <= self.row.spent


class Charging(Escrow):
    """What a killed process held counts as spent: not one unit is ever used beyond the cap."""

    on_crash: OnCrash = "charge"

    @invariant()
    def nothing_that_was_used_is_forgotten(self) -> None:
        assert self.used <= self.cap


class Lying(Escrow):
    """Providers report more than the worst case."""

    lies = True

    # A liar's excess may be lost with its process, so only the sums of the database are held against the cap.
    @precondition(lambda _: False)
    @rule(number=Escrow.pick)
    def crash(self, number: int) -> None:
        raise NotImplementedError


class Returning(Escrow):
    """Processes are taken for dead and come back, with calls under way."""

    @precondition(lambda _: False)
    @rule(number=Escrow.pick)
    def crash(self, number: int) -> None:
        raise NotImplementedError

    @rule(number=Escrow.pick)
    def take_for_dead(self, number: int) -> None:
        name, worker = self._worker(number)
        if worker.said is None:
            self._expire(name)
            worker.taken_for_dead = True

    @invariant()
    def nobody_uses_more_than_there_is(self) -> None:
        """What was under way in a process that was away is overrun where others took its lease: only that."""


class ReturningCharged(Returning):
    """The same where an expired lease counts as spent until its process comes back."""

    on_crash: OnCrash = "charge"

    @invariant()
    def nothing_is_ever_used_beyond_the_cap(self) -> None:
        assert self.used <= self.cap
        assert self.row.overrun == 0

    def teardown(self) -> None:
        super().teardown()
        assert self.row.spent == self.used


QUICK = settings(
    max_examples=60, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
for machine in (Escrow, Charging, Lying, Returning, ReturningCharged):
    machine.TestCase.settings = QUICK

TestEscrow = Escrow.TestCase
TestCharging = Charging.TestCase
TestLying = Lying.TestCase
TestReturning = Returning.TestCase
TestReturningCharged = ReturningCharged.TestCase


def asks(**values: Any) -> Ask:
    return Ask(**{"window": WINDOW, "cap": 100, "spent": 0, "overrun": 0, "reserved": 0, "keep": 0, **values})


def test_what_calls_wait_for_is_given_while_there_is_room() -> None:
    row, lease, answer = exchange(Row(), None, asks(need=10, least=10), crowd=4, now_ms=0)
    assert (row.leased, lease.amount, answer.amount) == (10, 10, 10)


def test_of_several_waiting_calls_those_that_fit_are_let_in() -> None:
    _, _, answer = exchange(Row(spent=94), None, asks(need=9, least=3), crowd=1, now_ms=0)
    assert answer.amount == 6


def test_where_not_even_the_smallest_fits_nothing_is_taken() -> None:
    _, _, answer = exchange(Row(spent=94), None, asks(need=9, least=7), crowd=1, now_ms=0)
    assert (answer.amount, answer.room) == (0, 6)


def test_near_the_cap_leases_become_exact() -> None:
    wide = exchange(Row(), None, asks(need=1, wish=20), crowd=2, now_ms=0)[2]
    narrow = exchange(Row(spent=90), None, asks(need=1, wish=20, unit=3), crowd=2, now_ms=0)[2]
    assert (wide.amount, narrow.amount) == (21, 1)


def test_who_finds_too_little_makes_the_others_give_back() -> None:
    row, _, answer = exchange(Row(leased=100), None, asks(need=5, least=5), crowd=2, now_ms=1_000)
    assert row.wanted_until_ms > 1_000
    assert answer.contested
    _, lease, other = exchange(row, Lease(100), asks(reserved=30, keep=0, wish=50), crowd=2, now_ms=1_001)
    assert (lease.amount, other.amount) == (30, 30)


def test_where_nobody_else_holds_anything_nobody_is_asked() -> None:
    row, _, answer = exchange(Row(spent=100), None, asks(need=5, least=5), crowd=2, now_ms=1_000)
    assert row.wanted_until_ms == 0
    assert not answer.contested


def test_what_was_under_way_in_a_process_that_was_taken_for_dead_is_overrun_where_others_took_its_lease() -> None:
    row, left = expire(Row(spent=10, leased=90), Lease(90))
    assert left is None
    row, other, _ = exchange(row, None, asks(need=80, least=80), crowd=2, now_ms=0)
    row, own, _ = exchange(row, None, asks(spent=5, reserved=25), crowd=2, now_ms=0)
    assert (other.amount, own.amount, row.spent, row.overrun) == (80, 25, 15, 20)


def test_a_charged_lease_is_corrected_when_its_process_comes_back() -> None:
    row, left = expire(Row(spent=10, leased=90), Lease(90, "charge"))
    assert (row.spent, row.leased) == (100, 0)
    row, lease, _ = exchange(row, left, asks(spent=5, reserved=25, on_crash="charge"), crowd=2, now_ms=0)
    assert (row.spent, row.leased, row.overrun, lease) == (15, 25, 0, Lease(25, "charge"))
