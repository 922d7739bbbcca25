"""A route as a chat model."""

import random as randomness
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from .._types import ChatEvent, ChatModel, ChatRequest, Completion
from ._call import Call, OnAttempt, Route
from ._checks import Said, failed_check
from ._order import Random
from ._streams import checked, through
from ._types import Check, RoutePolicy, Target
from ._usage import routed_end, told_end
from ._whole import FirstTryFailedError, Whole, ask_once
from .health import Health

_Ask = Callable[[ChatModel], Awaitable[Completion]]


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

    @property
    def name(self) -> str:
        """The model that the route names first."""
        return self._targets[0].name

    @property
    def route(self) -> str:
        """The name of the route."""
        return self._route.name

    def watch(self, on_attempt: OnAttempt) -> None:
        """Tell somebody of every decision, with the name of the route: for metrics. It must not raise."""
        self._route.on_attempt = on_attempt

    def worst_case_pico(self, input_tokens: int, output_tokens: int) -> int | None:
        """What a call costs at most, in picodollars; None when the price of a target is unknown.

        Failed tries are not billed. With a hedge two targets may be, and with escalation all of them.
        """
        costs = [target.price(input_tokens, output_tokens) for target in self._targets]
        known = sorted((cost for cost in costs if cost is not None), reverse=True)
        if len(known) < len(costs):
            return None
        billable = len(known) if self._checks else 1 if self._route.policy.hedge_after_s is None else 2
        return sum(known[:billable])

    async def complete(self, request: ChatRequest) -> Completion:
        """See ChatModel."""

        def ask(model: ChatModel) -> Awaitable[Completion]:
            return model.complete(request)

        only = self._route.only
        if only is None or not only.health.breaker.is_closed:
            return await self._complete(request, ask)
        try:
            answer, attempt = await ask_once(self._route, only, ask)
        except FirstTryFailedError as failed:
            return await self._complete(request, _after(failed, ask), began=failed.began)
        return Completion(answer.body, told_end(answer.end, only.name, (attempt,)))

    async def _complete(self, request: ChatRequest, ask: _Ask, *, began: float | None = None) -> Completion:
        call: Call[ChatModel] = Call(self._route, streams=False, began=began)

        def check(answer: Completion) -> str | None:
            return failed_check(request, Said.of_whole(answer), self._checks)

        whole = Whole(call, ask, check if self._checks else None)
        found = await whole.answer()
        answer = found.answer
        paid = [other.end.usage for other in whole.rejected if other is not answer]
        return Completion(answer.body, routed_end(answer.end, call, found.tried, paid))

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """See ChatModel. The events are those of one target alone."""
        call: Call[ChatModel] = Call(self._route, streams=True)
        return checked(call, request, self._checks) if self._checks else through(call, request)

    async def close(self) -> None:
        """See ChatModel."""
        for target in self._targets:
            await target.model.close()


def _after(failed: FirstTryFailedError, ask: _Ask) -> _Ask:
    """The same calls, the first of which has failed already."""
    errors = [failed.error]

    async def again(model: ChatModel) -> Completion:
        if errors:
            raise errors.pop()
        return await ask(model)

    return again
