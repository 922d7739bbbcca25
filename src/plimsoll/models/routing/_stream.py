"""Streams: before the first text everything may fail over, after it nothing does."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from plimsoll.kernel.errors import PlimsollError

from .._errors import ProviderUnavailableError
from .._types import Body, ChatEnd, ChatEvent, ChatModel, ChatRequest
from ._call import Call, Try
from ._errors import FirstTokenTimeoutError, RouteDeadlineError
from ._pump import Pump
from ._wait import InterruptedWaitError, Wait

_SILENT = frozenset({"role"})


class Events(Protocol):
    """A stream that is read one event after the other, and closed."""

    def __anext__(self) -> Awaitable[ChatEvent]: ...

    def aclose(self) -> Awaitable[None]: ...


class Opened:
    """A stream that spoke: what came so far, and the rest."""

    __slots__ = ("events", "held", "tried")

    def __init__(self, tried: Try[ChatModel], events: Events, held: list[ChatEvent]) -> None:
        self.tried = tried
        self.events = events
        self.held = held


class Stream:
    """One streamed call.

    - The events of at most one target go to the caller, from its first event on.
    - Events without text (a role, say) are held back until the first text, so that they are of the same target.
    - A target that fails or says nothing in time before its first text is asked again, or the next one is.
    - With a hedge, the next target is asked as well when the first is silent for too long: the first to speak answers,
      the other is closed.
    - After the first text an error goes to the caller.
    """

    def __init__(self, call: Call[ChatModel], request: ChatRequest) -> None:
        self._call = call
        self._request = request
        self._timing = call.route.policy.timing
        self.wait = Wait()
        self._hedge: _Hedge | None = None
        self.hedged = False
        """Whether a target was given up while it worked: what it costs is unknown."""

    async def open(self) -> Opened:
        """The first target that speaks. Raises what the targets raised, and RouteDeadlineError."""
        while (tried := await self._call.next_try()) is not None:
            opened = await self._open_place(tried)
            if opened is not None:
                return opened
        raise self._call.failure()

    def broken(self, opened: Opened, error: Exception | asyncio.CancelledError) -> BaseException:
        """What to raise when the next event of the stream that speaks could not be had because of `error`."""
        told: BaseException = error
        if self.wait.ended_by(error) or isinstance(error, InterruptedWaitError):
            told = self._late()
        elif isinstance(error, StopAsyncIteration):
            told = _without_end(opened.tried)
        if isinstance(told, PlimsollError):
            opened.tried.fail(told)
            self._call.tell(told)
        return told

    async def close(self, opened: Opened | None) -> None:
        """End what still runs."""
        if opened is not None:
            opened.tried.give_up()
            await opened.events.aclose()
        if self._hedge is not None:
            hedge, self._hedge = self._hedge, None
            hedge.tried.give_up()
            await hedge.pump.aclose()

    async def _open_place(self, tried: Try[ChatModel]) -> Opened | None:
        place, retries = tried.place, 0
        current: Try[ChatModel] | None = tried
        while current is not None:
            opened = await self._open_once(current)
            if opened is not None:
                return opened
            if self._hedge is not None:
                return await self._adopt()
            wait_s = self._call.wait_before_retry(place, retries)
            if wait_s is None:
                return None
            await self._sleep(wait_s)
            retries += 1
            current = await self._call.retry(place)
        return None

    async def _open_once(self, tried: Try[ChatModel]) -> Opened | None:
        timer = self._arm_hedge()
        try:
            return await self._open_events(tried, tried.place.target.model.stream(self._request))
        finally:
            if timer is not None:
                timer.cancel()

    async def _open_events(self, tried: Try[ChatModel], events: Events) -> Opened | None:
        """The stream of one target, once it spoke, or that of its hedge; None when it failed."""
        try:
            held = await self._first_text(tried, events)
        except InterruptedWaitError as interrupted:
            await events.aclose()
            return await self._interrupted(tried, interrupted)
        except PlimsollError as error:
            tried.fail(error)
            await events.aclose()
            return None
        except BaseException:
            tried.give_up()
            await events.aclose()
            raise
        tried.speak()
        await self._drop_hedge()
        return Opened(tried, events, held)

    async def _interrupted(self, tried: Try[ChatModel], interrupted: InterruptedWaitError) -> Opened | None:
        if interrupted.reason == "deadline":
            error = self._late()
            tried.fail(error)
            raise self._call.tell(error) from None
        if interrupted.reason == "hedge" and self._hedge is not None:
            tried.abandon("hedged")
            self.hedged = True
            return await self._adopt()
        tried.fail(FirstTokenTimeoutError(tried.place.name, self._timing.first_token_s))
        return None

    async def _first_text(self, tried: Try[ChatModel], events: Events) -> list[ChatEvent]:
        """The events up to the first one that a caller would see."""
        held: list[ChatEvent] = []
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._timing.first_token_s, self.wait.interrupt, "first_token")
        try:
            while not held or not _speaks(held[-1]):
                held.append(await self.wait.of(events.__anext__))
        except StopAsyncIteration:
            raise _without_end(tried) from None
        finally:
            timer.cancel()
            self.wait.forget("first_token")
        return held

    async def _sleep(self, wait_s: float) -> None:
        try:
            await self.wait.of(lambda: asyncio.sleep(wait_s))
        except InterruptedWaitError:
            raise self._call.tell(self._late()) from None

    def _late(self) -> PlimsollError:
        return RouteDeadlineError(self._call.route.name, self._timing.total_s)

    def _arm_hedge(self) -> asyncio.TimerHandle | None:
        after_s = self._call.route.policy.hedge_after_s
        if after_s is None or self.hedged or not self._call.has_more:
            return None
        return asyncio.get_running_loop().call_later(after_s, self._start_hedge)

    def _start_hedge(self) -> None:
        tried = self._call.try_beside()
        if tried is not None:
            self.hedged = True
            pump = Pump(tried.place.target.model.stream(self._request), _speaks, self._hedge_spoke)
            self._hedge = _Hedge(tried, pump)

    def _hedge_spoke(self) -> None:
        if self._hedge is not None:
            self.wait.interrupt("hedge")

    async def _adopt(self) -> Opened | None:
        """Go on with the hedge: it spoke first, or is the only one that is left."""
        hedge, self._hedge = self._hedge, None
        assert hedge is not None  # noqa: S101  # both callers looked
        self.wait.forget("hedge")
        return await self._open_events(hedge.tried, hedge.pump)

    async def _drop_hedge(self) -> None:
        hedge, self._hedge = self._hedge, None
        self.wait.forget("hedge")
        if hedge is None:
            return
        if hedge.pump.failed is not None:
            hedge.tried.fail(hedge.pump.failed)
        else:
            hedge.tried.abandon("hedged")
        await hedge.pump.aclose()


class _Hedge:
    """The second target of a hedged call, which is read in a task of its own."""

    __slots__ = ("pump", "tried")

    def __init__(self, tried: Try[ChatModel], pump: Pump) -> None:
        self.tried = tried
        self.pump = pump


def _without_end(tried: Try[ChatModel]) -> PlimsollError:
    return ProviderUnavailableError(tried.place.name, "the stream ended without an end")


def _speaks(event: ChatEvent) -> bool:
    """Whether a caller would see something of an event: text, a tool call, reasoning, or the end."""
    if isinstance(event, ChatEnd):
        return True
    return any(_shows(choice) for chunk in event.chunks for choice in chunk["choices"])


def _shows(choice: Body) -> bool:
    delta: Body = choice.get("delta") or {}
    return bool(choice.get("finish_reason")) or any(value for key, value in delta.items() if key not in _SILENT)
