"""Answers that are whole before anything of them is sent: asked again, asked elsewhere, checked, and in time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from plimsoll.kernel.errors import PlimsollError

from .._types import Usage
from ._call import Call, Try
from ._errors import RouteDeadlineError
from ._types import M

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Found(Generic[M, A]):
    """An answer, and who gave it."""

    tried: Try[M]
    answer: A
    passed: bool
    """Whether it may be sent: it passed its check, or nobody better is left to be asked."""


class Whole(Generic[M, A]):
    """One call.

    An answer that failed its check is kept: when every better target fails it goes out after all, because it was paid
    for and an error says less.
    """

    __slots__ = ("_ask", "_call", "_check", "_found", "_tried", "_usage_of", "rejected")

    def __init__(
        self,
        call: Call[M],
        ask: Callable[[M], Awaitable[A]],
        usage_of: Callable[[A], Usage],
        *,
        check: Callable[[A], str | None] | None = None,
    ) -> None:
        self._call = call
        self._ask = ask
        self._check = check
        self._usage_of = usage_of
        self._tried: Try[M] | None = None
        self._found: Found[M, A] | None = None
        self.rejected: list[A] = []
        """Answers that failed their check, in order."""

    async def answer(self) -> Found[M, A]:
        """Ask until an answer may be sent. Raises what the targets raise, and RouteDeadlineError."""
        found = await self.search()
        if found is None:
            raise self._call.failure()
        return found

    async def search(self, *, leave: int = 0) -> Found[M, A] | None:
        """The same, with the last `leave` targets left for somebody else to ask; None when no other answered."""
        call = self._call
        total_s = call.route.policy.timing.total_s
        limit = asyncio.timeout(max(0.0, call.began + total_s - call.route.clock()))
        try:
            async with limit:
                await self._search(leave)
        except TimeoutError:
            if not limit.expired():
                raise
            error = RouteDeadlineError(self._call.route.name, total_s)
            if self._tried is not None:
                self._tried.fail(error)
            if self._found is None:
                raise self._call.tell(error) from None
        except BaseException:
            if self._tried is not None:
                self._tried.give_up()
            raise
        return self._found

    async def _search(self, leave: int) -> None:
        while (first := await self._call.next_try(leave=leave)) is not None:
            tried, answer = await self._ask_again(first)
            if tried is None or answer is None:
                continue
            why = self._check(answer) if self._check is not None and self._call.has_more else None
            tried.record("ok" if why is None else "escalated", why or "")
            self._found = Found(tried, answer, passed=why is None)
            if why is None:
                return
            self.rejected.append(answer)

    async def _ask_again(self, first: Try[M]) -> tuple[Try[M] | None, A | None]:
        """The answer of one target, which is asked again where that may help; nothing when it has none."""
        call, place, retries = self._call, first.place, 0
        current: Try[M] | None = first
        while current is not None:
            self._tried = current
            try:
                answer = await self._ask(place.target.model)
            except PlimsollError as error:
                current.fail(error)
            else:
                current.succeed(whole=True)
                current.pay(self._usage_of(answer))
                return current, answer
            wait_s = call.wait_before_retry(place, retries)
            if wait_s is None:
                break
            await asyncio.sleep(wait_s)
            retries += 1
            current = await call.retry(place)
        return None, None
