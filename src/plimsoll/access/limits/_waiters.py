"""Calls that wait to be let in, because this process does not hold enough for them."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from ._plan import Account
from ._reservation import Hold, Reservation

RECALL_S: Final = 0.15
"""For how long a call waits for what other processes do not use."""


class Waiter:
    """One call."""

    __slots__ = ("account", "amounts", "asked", "future", "held", "until")

    def __init__(self, account: Account, amounts: tuple[int, int, int], future: "asyncio.Future[Reservation]") -> None:
        self.account = account
        self.amounts = amounts
        """Requests, tokens and picodollars."""
        self.future = future
        self.held: tuple[Hold, ...] = ()
        """Where it stands in line, and for how much."""
        self.asked = False
        """Whether the database was asked for it."""
        self.until: float | None = None
        """When it is refused, where others may still give something back."""

    def give_up(self) -> None:
        """The caller does not wait any more; what it was given in the same moment is given back."""
        if self.future.done() and not self.future.cancelled() and self.future.exception() is None:
            self.future.result().release()

    def stand(self, holds: tuple[Hold, ...]) -> None:
        """Stand in line at these slices instead of the ones before."""
        for slot, amount in self.held:
            slot.waiting -= amount
            slot.standing -= 1
        for slot, amount in holds:
            slot.waiting += amount
            slot.standing += 1
        self.held = holds


class Line:
    """All calls that wait, in the order of their coming."""

    def __init__(self) -> None:
        self._waiters: dict[Waiter, None] = {}

    def __len__(self) -> int:
        return len(self._waiters)

    def __iter__(self) -> Iterator[Waiter]:
        return iter(tuple(self._waiters))

    @property
    def is_pressing(self) -> bool:
        """Whether the database was not asked yet for somebody."""
        return any(not waiter.asked for waiter in self._waiters)

    def add(self, waiter: Waiter, holds: tuple[Hold, ...]) -> None:
        """Somebody comes."""
        waiter.stand(holds)
        self._waiters[waiter] = None

    def leave(self, waiter: Waiter) -> None:
        """Somebody goes, in whatever way."""
        waiter.stand(())
        self._waiters.pop(waiter, None)

    def needs(self) -> dict[str, int]:
        """The windows for which calls wait, with the smallest that one of them needs; all of them count as asked."""
        least: dict[str, int] = {}
        for waiter in self._waiters:
            waiter.asked = True
            for slot, amount in waiter.held:
                if amount:
                    least[slot.key] = min(amount, least.get(slot.key, amount))
        return least

    def fail(self, error: Callable[[], Exception]) -> None:
        """Nobody is let in."""
        for waiter in self:
            self.leave(waiter)
            if not waiter.future.done():
                waiter.future.set_exception(error())
