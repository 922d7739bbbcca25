"""Between the calls and the database: what is said at each tick, and which of the waiting calls are let in."""

import asyncio
from collections.abc import Callable
from typing import Final

from ._accounts import Accounts
from ._driver import Pace
from ._errors import BudgetUsedUpError, RateLimitedError, UsageUnavailableError
from ._plan import Account, Terms
from ._pool import Pool, asks_of
from ._reservation import Hold, Reservation
from ._spans import is_rate, stretch
from ._types import Budget, Window
from ._waiters import RECALL_S, Line, Waiter
from .escrow import Batch, Outcome, Slot

Amounts = tuple[int, int, int]
"""Requests, tokens and picodollars."""
Refusal = BudgetUsedUpError | RateLimitedError

_REFUSED_S: Final = 0.1
"""For how long what was just refused is refused again without asking."""
_MARGIN: Final = 0.9
"""The part of a lease's time in which it is used: a process that slept must not go on with what others took over."""
_HEARTBEATS: Final = 3


class Gate:
    """Slices, and the calls that wait for them. Belongs to the thread of the event loop."""

    def __init__(self, app: str, worker: str, pace: Pace, clock: Callable[[], float], wake: Callable[[], None]) -> None:
        self.app = app
        self.pool = Pool(app, wake, idle_s=pace.idle_s)
        self.accounts = Accounts(self.pool)
        self.line = Line()
        self.clock = clock
        self.refused = 0
        self.good_until = 0.0
        """Until when what is held may be used, by the loop's clock."""
        self.good_until_s = 0.0
        """The same by the clock on the wall: the loop's stands still while a virtual machine is suspended."""
        self.reachable = True
        self._worker = worker
        self._pace = pace
        self._wanted: frozenset[str] = frozenset()
        self._tick = 0
        self._told_at = 0.0
        self._said_at_s = 0.0
        self._in_touch_since: float | None = None
        self._reclaim_at = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether there may be something to say before long."""
        return self.pool.is_busy or len(self.line) > 0 or self._in_touch_since is None

    @property
    def is_pressing(self) -> bool:
        """Whether a call waits for which the database was not asked yet."""
        return self.line.is_pressing

    def take(self, holds: tuple[Hold, ...]) -> Reservation:
        """Let a call in; there must be room for it."""
        for slot, amount in holds:
            slot.take(amount)
            if slot.free < slot.low and not slot.dirty:
                self.pool.mark(slot)
        return Reservation(holds, self.pool.mark, self.clock)

    def holds(self, account: Account, amounts: Amounts) -> tuple[Hold, ...]:
        """The present slices of an account, and what a call needs of each."""
        now = self.clock()
        holds: list[Hold] = []
        for counter in account.counters:
            if not counter.slot.start <= now < counter.slot.until:
                counter.slot = self.pool.slot(counter.terms, now)
            holds.append((counter.slot, amounts[counter.slot.measure]))
        return tuple(holds)

    def refuse_at_once(self, holds: tuple[Hold, ...], now: float) -> None:
        """Raises where the answer is known already, or cannot be had."""
        for slot, amount in holds:
            known = now < slot.refused_until and amount >= slot.refused_from and amount > slot.free
            if known or amount > slot.cap:
                raise self.refusal(slot.window, slot.cap, amount)
        if not self.reachable:
            self.refused += 1
            raise UsageUnavailableError

    def refusal(self, window: Window, cap: int, needed: int) -> Refusal:
        """The error for a call that one window has no room for."""
        self.refused += 1
        now = self.clock()
        until = stretch(window.span, now)[1] if window.span not in {"request", "total"} else None
        if until is not None and is_rate(window.measure, window.span):
            return RateLimitedError(window, cap=cap, needed=needed, until_s=until, now_s=now)
        return BudgetUsedUpError(window, cap=cap, needed=needed, until_s=until, now_s=now)

    def window(self, terms: Terms) -> Window:
        """The present window of terms."""
        return terms.window(self.app, stretch(terms.span, self.clock())[0])

    def adopt(self, budgets: tuple[Budget, ...]) -> None:
        """These budgets hold from now on."""
        self.accounts.adopt(budgets)

    def saw_wanted(self, keys: frozenset[str]) -> None:
        """Of these windows others want back what is not used."""
        self._wanted = keys

    def collect(self, *, leaves: bool) -> tuple[list[Slot], Batch] | None:
        """What is to be said now; None for nothing."""
        now = asyncio.get_running_loop().time()
        wall = self._said_at_s = self.clock()
        late = now >= self.good_until or wall >= self.good_until_s
        for waiter in self.line:
            self._stand_anew(waiter)
        slots = self.pool.ask(wall, now=now, waiting=self.line.needs(), wanted=self._wanted, everything=leaves or late)
        self._wanted = frozenset()
        if not (slots or leaves or self._in_touch_since is None or self._must_show_life(now)):
            return None
        self._tick += 1
        reclaims = self._may_reclaim(now)
        batch = Batch(
            worker=self._worker,
            tick=self._tick,
            now_s=wall,
            lease_s=self._pace.lease_s,
            asks=asks_of(slots),
            skew_s=self._pace.skew_s,
            reclaims=reclaims,
            leaves=leaves,
        )
        return slots, batch

    def succeeded(self, slots: list[Slot], outcome: Outcome, began: float) -> None:
        """It was written down; `began` is the moment of the loop's clock at which it was collected."""
        self.reachable = True
        self.good_until = began + self._pace.lease_s * _MARGIN
        self.good_until_s = self._said_at_s + self._pace.lease_s * _MARGIN
        self._told_at = began
        if self._in_touch_since is None:
            self._in_touch_since = began
        self.pool.apply(slots, outcome)
        self._serve(asyncio.get_running_loop().time())

    def undone(self, slots: list[Slot]) -> None:
        """It was not written down."""
        self.pool.undo(slots)

    def failed(self) -> None:
        """The database does not answer: who waits is not let in."""
        self.reachable = False
        self._in_touch_since = None
        self.refused += len(self.line)
        self.line.fail(UsageUnavailableError)

    def _serve(self, now: float) -> None:
        for waiter in self.line:
            self._stand_anew(waiter)
            lacking = [(slot, amount) for slot, amount in waiter.held if amount and amount > slot.free]
            if not lacking:
                holds = waiter.held
                self.line.leave(waiter)
                if not waiter.future.done():
                    waiter.future.set_result(self.take(holds))
            elif waiter.asked:
                self._judge(waiter, lacking, now)

    def _judge(self, waiter: Waiter, lacking: list[Hold], now: float) -> None:
        """Refuse a call that found too little, unless others may still give something back."""
        if waiter.until is None:
            waiter.until = now + RECALL_S
        hopeless = [
            (slot, amount)
            for slot, amount in lacking
            if now >= waiter.until or (not slot.others and slot.free + slot.room < amount)
        ]
        if not hopeless:
            return
        slot, amount = max(hopeless, key=lambda hold: hold[0].until)
        slot.refused_from, slot.refused_until = amount, now + _REFUSED_S
        self.line.leave(waiter)
        if not waiter.future.done():
            waiter.future.set_exception(self.refusal(slot.window, slot.cap, amount))

    def _stand_anew(self, waiter: Waiter) -> None:
        """A window may have ended while a call waited: then it stands in line for the next one."""
        holds = self.holds(waiter.account, waiter.amounts)
        if holds != waiter.held:
            waiter.stand(holds)
            waiter.asked = False

    def _must_show_life(self, now: float) -> bool:
        return now - self._told_at >= self._pace.lease_s / _HEARTBEATS and self.pool.holds_leases

    def _may_reclaim(self, now: float) -> bool:
        """Not right after the database was out of reach: then the others had no chance to say anything either."""
        since = self._in_touch_since
        if since is None or now - since < self._pace.settled_s or now < self._reclaim_at:
            return False
        self._reclaim_at = now + self._pace.reclaim_s
        return True
