"""A route as a chat model."""

import asyncio
import random as randomness
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from plimsoll.kernel.errors import PlimsollError

from .._types import Attempt, CallCosts, ChatEvent, ChatModel, ChatRequest, Completion, Usage
from ._call import Call, OnAttempt, Place, Route
from ._checks import Said, failed_check
from ._errors import RouteDeadlineError
from ._failure import may_be_billed
from ._order import Random
from ._streams import checked, through
from ._types import Check, RoutePolicy, Target
from ._usage import routed_end, told_end
from ._wait import InterruptedWaitError, Wait
from ._whole import Whole
from .health import Health


class RoutedModel:
    """Asks the targets of a route as its policy says, and tells what it decided in `ChatEnd.attempts`.

    What it raises are the errors of its models, and UnavailableErrors of its own when the time is over or every target
    is left alone; `attempts_of` says what had been tried.
    """

    def __init__(
        self,
        name: str,
        targets: Sequence[Target[ChatModel]],
        policy: RoutePolicy,
        *,
        health: Health,
        clock: Callable[[], float] = time.monotonic,
        random: Random = randomness.random,
    ) -> None:
        self._route = Route(name, targets, policy, health=health, clock=clock, random=random)
        self._targets = tuple(targets)
        self._checks: tuple[Check, ...] = policy.escalate_when if len(targets) > 1 else ()
        self.name = self._targets[0].name
        """The model that the route names first."""

    @property
    def route(self) -> str:
        """The name of the route."""
        return self._route.name

    def watch(self, on_attempt: OnAttempt) -> None:
        """Tell somebody of every decision, with the name of the route: for metrics. It must not raise."""
        self._route.on_attempt = on_attempt

    @property
    def billed(self) -> int:
        """How many targets may bill for one call in which no try fails."""
        if self._checks:
            return len(self._targets)
        return 1 if self._route.policy.hedge_after_s is None else min(2, len(self._targets))

    async def complete(self, request: ChatRequest) -> Completion:
        """See ChatModel."""
        only = self._route.only
        if only is None or not only.health.breaker.is_closed:
            return await self._complete(request)
        # One try at the only target while all is well with it: written out, because nearly every call is one. Whatever
        # goes wrong is left to the general way, which goes on from there.
        route, wait, began = self._route, Wait(), self._route.clock()
        route.deadlines.add(wait, began)
        only.health.in_flight += 1
        costs = request.costs
        if costs is not None:
            costs.begin()
        try:
            wait.begin()
            answer = await only.target.model.complete(request)
            wait.end()
        except PlimsollError as error:
            failure = error
        except (InterruptedWaitError, asyncio.CancelledError) as error:
            if not wait.ended_by(error) and isinstance(error, asyncio.CancelledError):
                raise
            failure = RouteDeadlineError(route.name, route.policy.timing.total_s)
        else:
            return self._told(answer, only, began=began, costs=costs)
        finally:
            route.deadlines.remove(wait)
            only.health.in_flight -= 1
        if costs is not None and _begins_again(only, failure):
            costs.refuse()
        return await self._complete(request, began=began, failure=failure)

    def _told(
        self, answer: Completion, place: Place[ChatModel], *, began: float, costs: CallCosts | None
    ) -> Completion:
        """The answer of a first try, written down."""
        if costs is not None:
            costs.pay(answer.end.usage)
        route = self._route
        now = route.clock()
        place.health.whole.add(now - began, now)
        place.health.breaker.succeed(is_probe=False)
        route.budget.deposit()
        attempt = Attempt(place.name, "ok", "", 0.0, (now - began) * 1000)
        if route.on_attempt is not None:
            route.on_attempt(route.name, attempt)
        return Completion(answer.body, told_end(answer.end, place.name, (attempt,)))

    async def _complete(
        self, request: ChatRequest, *, began: float | None = None, failure: PlimsollError | None = None
    ) -> Completion:
        """Answer in every way that the policy knows; `failure` is what became of a first try that began before now."""
        call: Call[ChatModel] = Call(self._route, streams=False, began=began, costs=request.costs)

        def ask(model: ChatModel) -> Awaitable[Completion]:
            return model.complete(request)

        def check(answer: Completion) -> str | None:
            return failed_check(request, Said.of_whole(answer), self._checks)

        asking = ask if failure is None else _after(failure, ask)
        whole = Whole(call, asking, _usage_of, check=check if self._checks else None)
        found = await whole.answer()
        answer = found.answer
        paid = [other.end.usage for other in whole.rejected if other is not answer]
        return Completion(answer.body, routed_end(answer.end, call, found.tried, paid))

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """See ChatModel. The events are those of one target alone."""
        call: Call[ChatModel] = Call(self._route, streams=True, costs=request.costs)
        return checked(call, request, self._checks) if self._checks else through(call, request)

    async def close(self) -> None:
        """See ChatModel."""
        for target in self._targets:
            await target.model.close()


def _begins_again(place: Place[ChatModel], failure: PlimsollError) -> bool:
    """Whether the general way begins a first try once more: not where its target is left alone since."""
    return place.health.breaker.is_closed or not may_be_billed(failure)


def _usage_of(answer: Completion) -> Usage:
    return answer.end.usage


def _after(
    failure: PlimsollError, ask: Callable[[ChatModel], Awaitable[Completion]]
) -> Callable[[ChatModel], Awaitable[Completion]]:
    """The same calls, the first of which has failed already."""
    failures = [failure]

    async def again(model: ChatModel) -> Completion:
        if failures:
            raise failures.pop()
        return await ask(model)

    return again
