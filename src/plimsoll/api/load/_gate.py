"""How much one process takes on, and who goes first when that is not enough: rules, with time handed in.

A server that takes every request under overload answers all of them late, and at last none. This one says 429 to some
while the others are still answered well.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ._errors import OverloadedError

_SHRINK: Final = 0.8
_GROW: Final = 0.05
_LEAST: Final = 8
_LATE_IN_A_ROW: Final = 2
_RETRY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """How much one process takes on."""

    most: int = 6_000
    """Requests in flight; most of them wait for a model, so there may be many."""
    most_waiting: int = 1_000
    """Requests that may wait for a place, all tenants together."""
    wait_s: float = 5.0
    """How long one may wait."""
    spare: float = 0.1
    """Share of the places that only tenants below their fair share may take."""
    lag_s: float = 0.25
    """How late the event loop may be, twice in a row, before fewer requests are taken."""
    most_body_bytes: int = 512 << 20
    """Bodies of requests in flight, all tenants together; small ones are not counted."""
    look_s: float = 0.1
    """How often the lateness is measured."""


class Permit:
    """A place of one tenant; `leave` gives it back, once, however often it is called."""

    __slots__ = ("_gate", "tenant")

    def __init__(self, gate: "LoadGate", tenant: str) -> None:
        self._gate: LoadGate | None = gate
        self.tenant = tenant

    def leave(self) -> None:
        """Give the place back. Never raises."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate._left(self.tenant)  # noqa: SLF001 (the two are one thing)


class LoadGate:
    """Who may come in.

    - Fewer requests are in flight than places, without the spare ones, and nobody waits: in.
    - Else a tenant that holds less than its fair share (places divided by tenants that hold or want one) comes in
      while any place is free, the spare ones included. A tenant alone shares with one who may come at any moment. So
      one noisy tenant cannot keep the others out.
    - Who cannot come in may wait; a place that comes free goes to the tenant that holds the fewest, of those to the one
      that has waited longest.
    - When too many wait, the tenant with the longest queue loses the end of it (longest queue drop: M. Suter and
      others, INFOCOM 1998), and the newcomer itself when that queue is its own.
    - While the event loop is late, the number of places shrinks by a fifth at each look, down to what is needed to go
      on; in good time it grows back (additive increase, multiplicative decrease: Chiu and Jain, 1989).

    Not thread-safe: it belongs to one event loop.
    """

    def __init__(self, settings: LoadSettings | None = None) -> None:
        self._settings = settings or LoadSettings()
        self._limit = float(self._settings.most)
        self._open = 0
        self._held: dict[str, int] = {}
        self._queues: dict[str, deque[asyncio.Future[Permit]]] = {}
        self._waiting = 0
        self._late = 0
        self.in_flight = 0
        self.refused = 0
        """How many were told to come again, since the start."""
        self._set_limit(self._limit)

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return int(self._limit)

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._waiting

    def enter(self, tenant: str) -> Permit:
        """A place for a request of a tenant, now. Raises OverloadedError."""
        if self.in_flight < self._open and not self._waiting:
            self.in_flight += 1
            self._held[tenant] = self._held.get(tenant, 0) + 1
            return Permit(self, tenant)
        if self._may(tenant):
            return self._let_in(tenant)
        raise self._refusal()

    async def wait(self, tenant: str) -> Permit:
        """A place for a request of a tenant, at the latest in `wait_s` seconds. Raises OverloadedError."""
        if (self.in_flight < self._open and not self._waiting) or self._may(tenant):
            return self._let_in(tenant)
        waiter = self._queue(tenant)
        try:
            async with asyncio.timeout(self._settings.wait_s):
                return await waiter
        except BaseException as error:
            self._gone(tenant, waiter)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise

    def lagged(self, lag_s: float) -> None:
        """The event loop was `lag_s` seconds late just now."""
        if lag_s <= self._settings.lag_s:
            self._late = 0
            if self._limit < self._settings.most:
                self._set_limit(min(self._settings.most, self._limit + max(1.0, self._settings.most * _GROW)))
                self._serve_waiting()
            return
        self._late += 1
        if self._late >= _LATE_IN_A_ROW:
            self._set_limit(max(_LEAST, min(self._limit, self.in_flight) * _SHRINK))

    async def watch(self, now: Callable[[], float] | None = None) -> None:
        """Measure how late the event loop is, until cancelled."""
        clock = now or asyncio.get_running_loop().time
        look_s = self._settings.look_s
        while True:
            began = clock()
            await asyncio.sleep(look_s)
            self.lagged(max(0.0, clock() - began - look_s))

    def _set_limit(self, limit: float) -> None:
        self._limit = limit
        self._open = max(1, int(limit * (1 - self._settings.spare)))

    def _may(self, tenant: str) -> bool:
        if self.in_flight >= self.limit or tenant in self._queues:
            return False
        wanting = sum(1 for name in self._queues if name not in self._held)
        tenants = len(self._held) + wanting + (tenant not in self._held)
        return self._held.get(tenant, 0) < max(1, self.limit // max(2, tenants))

    def _let_in(self, tenant: str) -> Permit:
        self.in_flight += 1
        self._held[tenant] = self._held.get(tenant, 0) + 1
        return Permit(self, tenant)

    def _left(self, tenant: str) -> None:
        self.in_flight -= 1
        held = self._held[tenant] - 1
        if held:
            self._held[tenant] = held
        else:
            del self._held[tenant]
        if self._waiting:
            self._serve_waiting()

    def _serve_waiting(self) -> None:
        while self._waiting and self.in_flight < self.limit:
            # Dictionaries keep their order, and `min` takes the first of equals: whoever has waited longest.
            tenant = min(self._queues, key=lambda name: self._held.get(name, 0))
            waiter = self._queues[tenant][0]
            self._unqueue(tenant, waiter)
            if not waiter.done():
                waiter.set_result(self._let_in(tenant))

    def _queue(self, tenant: str) -> "asyncio.Future[Permit]":
        if self._waiting >= self._settings.most_waiting:
            longest = max(self._queues, key=lambda name: len(self._queues[name]), default=tenant)
            if len(self._queues.get(longest, ())) <= len(self._queues.get(tenant, ())) + 1:
                raise self._refusal()
            last = self._queues[longest][-1]
            self._unqueue(longest, last)
            last.set_exception(self._refusal())
        waiter: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(tenant, deque()).append(waiter)
        self._waiting += 1
        return waiter

    def _unqueue(self, tenant: str, waiter: "asyncio.Future[Permit]") -> None:
        queue = self._queues[tenant]
        queue.remove(waiter)
        self._waiting -= 1
        if not queue:
            del self._queues[tenant]

    def _gone(self, tenant: str, waiter: "asyncio.Future[Permit]") -> None:
        """Somebody does not wait any more; a place that was given in the same moment comes back."""
        if waiter in self._queues.get(tenant, ()):
            self._unqueue(tenant, waiter)
        elif waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            waiter.result().leave()

    def _refusal(self) -> OverloadedError:
        self.refused += 1
        return OverloadedError(f"{self.in_flight} requests are being answered", retry_after_s=_RETRY_S)
