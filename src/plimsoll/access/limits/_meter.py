"""Lets calls in within their budgets: in memory where this process holds enough, else after asking the database."""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Final

from ._driver import Driver, Pace
from ._errors import MeterClosedError, PriceUnknownError, UsageUnavailableError
from ._gate import Amounts, Gate
from ._plan import Account
from ._reservation import Hold, Reservation
from ._types import MEASURES, Budget, MeterState, Need, Payer
from ._waiters import Waiter
from .escrow import Slot, UsageRecord

_PACE: Final = Pace()


def _nothing(_slot: Slot) -> None:
    """No limit applies, so nobody is told."""


_FREE: Final = Reservation((), _nothing, time.time)


class Meter:
    """The gate of one process and one application.

    - A call is let in only when every limit that applies has room for its worst case, and then it is reserved in all of
      them; a refused call leaves nothing reserved anywhere.
    - What was used, reserved here or leased by any process never exceeds the amount, whatever happens at the same time.
    - A call that finds too little asks the database, and so the others for what they do not use, before it is refused.
    - Where the database does not answer, what is held goes on until its time is over; then nothing is let in.

    It belongs to the event loop that started it. `budgets` reads the budgets that hold; it is called off the loop,
    every few seconds. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        record: UsageRecord,
        budgets: Callable[[], tuple[Budget, ...]],
        *,
        app: str,
        clock: Callable[[], float] = time.time,
        pace: Pace = _PACE,
    ) -> None:
        self._clock = clock
        self._pace = pace
        self._gate = Gate(app, secrets.token_hex(8), pace, clock, self._wake)
        self._driver = Driver(self._gate, record, budgets, pace=pace, clock=clock)
        self._accounts = self._gate.accounts
        self._monotonic: Callable[[], float] = time.monotonic
        self._open = False

    async def start(self) -> None:
        """Read the budgets and begin to let calls in. Raises what reading the budgets raises."""
        self._monotonic = asyncio.get_running_loop().time
        await self._driver.start()
        self._open = True

    async def close(self) -> None:
        """Let nothing in any more, write down what was used, and give back what is not reserved."""
        self._open = False
        self._gate.line.fail(MeterClosedError)
        await self._driver.close()

    def applies(self, payer: Payer) -> bool:
        """Whether any limit is about a payer."""
        account = self._accounts.young.get(payer) or self._accounts.of(payer, self._clock())
        return not account.is_free

    def state(self) -> MeterState:
        """How it does."""
        gate = self._gate
        return MeterState(
            reachable=self._open and gate.reachable,
            windows=len(gate.pool),
            waiting=len(gate.line),
            refused=gate.refused,
            overrun=gate.pool.overruns,
        )

    async def reserve(self, payer: Payer, need: Need) -> Reservation:
        """Reserve the worst case of a call in every limit that applies, or in none.

        Usually without waiting for anything. Raises BudgetUsedUpError, RateLimitedError and PriceUnknownError; and
        UnavailableError while it is not known what is left, and when the process is about to end.
        """
        gate = self._gate
        account = self._accounts.young.get(payer) or self._accounts.of(payer, self._clock())
        amounts = (need.requests, need.tokens, need.cost_pico or 0)
        if account.is_special:
            self._check(account, need, amounts)
        if not account.counters:
            return _FREE
        now = self._clock()
        if self._monotonic() >= gate.good_until or now >= gate.good_until_s:
            return await self._wait(account, amounts)
        holds: list[Hold] = []
        for counter in account.counters:
            slot = counter.slot
            if not slot.start <= now < slot.until:
                slot = counter.slot = gate.pool.slot(counter.terms, now)
            amount = amounts[slot.measure]
            if amount and (amount > slot.free or slot.waiting):
                return await self._wait(account, amounts)
            holds.append((slot, amount))
        return gate.take(tuple(holds))

    def _wake(self) -> None:
        self._driver.wake()

    def _check(self, account: Account, need: Need, amounts: Amounts) -> None:
        """What can be said without knowing what is left. Raises."""
        gate = self._gate
        if account.never is not None:
            terms = account.never
            raise gate.refusal(gate.window(terms), terms.cap, amounts[MEASURES.index(terms.measure)])
        if need.cost_pico is None and account.strict_money is not None:
            gate.refused += 1
            raise PriceUnknownError(gate.window(account.strict_money))
        for terms in account.single:
            amount = amounts[MEASURES.index(terms.measure)]
            if amount > terms.cap:
                raise gate.refusal(gate.window(terms), terms.cap, amount)

    async def _wait(self, account: Account, amounts: Amounts) -> Reservation:
        """Ask the database. Raises as `reserve` does."""
        if not self._open:
            raise MeterClosedError
        loop = asyncio.get_running_loop()
        holds = self._gate.holds(account, amounts)
        self._gate.refuse_at_once(holds, loop.time())
        if self._driver.is_stuck:
            raise UsageUnavailableError
        waiter = Waiter(account, amounts, loop.create_future())
        self._gate.line.add(waiter, holds)
        self._driver.hurry()
        try:
            async with asyncio.timeout(self._pace.patience_s):
                return await waiter.future
        except TimeoutError:
            waiter.give_up()
            raise UsageUnavailableError from None
        except asyncio.CancelledError:
            waiter.give_up()
            raise
        finally:
            self._gate.line.leave(waiter)
