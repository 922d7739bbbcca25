"""The money of one request: reserved before a model is asked, settled when the request ends, however it ends."""

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Any, Literal

from plimsoll.access.limits import Need, Reservation, Spent
from plimsoll.kernel.errors import BudgetError, UnavailableError
from plimsoll.models import Body, Chunks, Usage
from plimsoll.models.prices import Most, most_of
from plimsoll.models.routing import CallCosts

from ._events import AnswerRequest, LimitState
from ._need import (
    budget_facts,
    guessed,
    heard_tokens,
    larger,
    limit_state,
    most_of_inputs,
    output_bound,
    payer_of,
    spent,
    times,
    worst_case,
)
from ._record import RequestRecord
from .parts import Route, ServeParts

_log = logging.getLogger("plimsoll.budgets")
_NOTHING = Usage(0, 0, 0.0)


class Settlement:
    """What is reserved for a request, and what its tries cost.

    - One reservation covers as many tries as can be billed when nothing fails. When a try that failed may be billed,
      each further one is reserved anew before it is made; where there is no room for it, it is not made.
    - What servers reported counts in full. What nobody reported is guessed, never beyond what was reserved.
    - A request of which nothing was used gives everything back.
    """

    __slots__ = ("_held", "_parts", "_request", "_route", "costs")

    def __init__(self, request: AnswerRequest, route: Route, parts: ServeParts) -> None:
        self._request = request
        self._route = route
        self._parts = parts
        self._held: list[tuple[Reservation, Need]] = []
        self.costs = CallCosts()

    @property
    def applies(self) -> bool:
        """Whether any limit is about who asks."""
        meter = self._parts.meter
        return meter is not None and meter.applies(payer_of(self._request))

    async def reserve(self, need: Need) -> None:
        """Reserve what the request can use at most. Raises what the meter raises."""
        meter = self._parts.meter
        assert meter is not None  # noqa: S101  # the caller looked whether any limit applies
        self._held.append((await meter.reserve(payer_of(self._request), need), need))
        self.costs = CallCosts(self._route.billed, self._reserve_more)

    def limit(self, what: Literal["requests", "tokens"]) -> LimitState | None:
        """The tightest limit a minute that was met, or None."""
        return limit_state(self._held[0][0] if self._held else None, what)

    def close(self, record: RequestRecord, guess: Callable[[int], Usage], *, broken: bool = False) -> None:
        """Settle, and write down what it came to. Never raises.

        `guess` says what so many tries used that nobody reported. `broken` says that the last one was, whatever is
        known of it otherwise.
        """
        costs = self.costs
        costs.end()
        try:
            used = self._used(record, max(costs.unknown, int(broken)), guess)
        except Exception:  # noqa: BLE001  # whatever is wrong, the request must end and be paid for
            _log.warning("what a request cost could not be estimated; what was reserved for it counts", exc_info=True)
            used = Spent(self._reserved.tokens, self._reserved.cost_pico)
        self._settle(used)
        if self._held:
            record.budget = budget_facts(self._reserved, used)

    def _used(self, record: RequestRecord, unknown: int, guess: Callable[[int], Usage]) -> Spent | None:
        """What the request used; None for nothing at all."""
        paid = self.costs.paid
        if not record.complete and not record.usage.input_tokens and paid:
            record.usage = reduce(Usage.plus, paid)
        reported = record.usage
        if unknown:
            told = record.complete or bool(paid) or reported.input_tokens > 0
            record.usage = (reported if told else _NOTHING).plus(guess(unknown))
        elif not record.complete and not paid and not reported.input_tokens:
            return None
        elif reported.estimated and paid:
            # The server said nothing, so its answer was counted: no less is paid than for one that broke off.
            reported = larger(reported, self._counted(record))
        need = self._reserved if self._held else None
        usage = record.usage if unknown else reported
        return spent(usage, need, reported=None if reported.estimated else reported)

    def _counted(self, record: RequestRecord) -> Usage:
        """The least that an answer used of which no server says what it did."""
        return record.usage

    @property
    def _reserved(self) -> Need:
        needs = [need for _, need in self._held]
        costs = [need.cost_pico for need in needs if need.cost_pico is not None]
        cost = sum(costs) if len(costs) == len(needs) else None
        return Need(sum(need.tokens for need in needs), cost, requests=1)

    def _settle(self, used: Spent | None) -> None:
        """Fill one reservation after the other; the last takes what is beyond all of them."""
        if used is None:
            for reservation, _ in self._held:
                reservation.release()
            return
        tokens, cost = used.tokens, used.cost_pico
        last = len(self._held) - 1
        for number, (reservation, need) in enumerate(self._held):
            part = tokens if number == last else min(tokens, need.tokens)
            paid = cost if cost is None or need.cost_pico is None or number == last else min(cost, need.cost_pico)
            reservation.settle(Spent(part, paid))
            tokens -= part
            cost = None if cost is None else cost - (paid or 0)

    async def _reserve_more(self) -> bool:
        """Reserve another try: it is the same request, so it counts as none."""
        meter, need = self._parts.meter, self._held[0][1]
        assert meter is not None  # noqa: S101  # it reserved the first try
        again = Need(need.tokens, need.cost_pico, requests=0)
        try:
            reservation = await meter.reserve(payer_of(self._request), again)
        except (BudgetError, UnavailableError):
            return False
        self._held.append((reservation, again))
        return True


class ChatSettlement(Settlement):
    """The money of a call of a chat model."""

    __slots__ = ("_body", "_most", "_size_bytes", "heard")

    def __init__(self, request: AnswerRequest, route: Route, parts: ServeParts) -> None:
        super().__init__(request, route, parts)
        self._body: Body = request.body
        self._size_bytes = 0
        self._most: Most | None = None
        self.heard = 0
        """Chunks that the model sent."""

    async def reserve_call(self, body: Body, *, size_bytes: int) -> Body:
        """Reserve the worst case where a limit applies, and return the call as it may be made.

        `size_bytes` is its length as it came; 0 where it is another one meanwhile.
        """
        self._body, self._size_bytes = body, size_bytes
        if not self.applies:
            return body
        self._most = self._can_use()
        await self.reserve(worst_case(self._most, self._route))
        if output_bound(body) is None:
            # What was reserved is the most that may come: so it is also what is asked for.
            return {**body, "max_completion_tokens": self._route.max_output_tokens}
        return body

    def close_call(self, record: RequestRecord, calling: Iterable[Chunks]) -> None:
        """Settle, whatever happened; `calling` went out of tool calls. Never raises."""

        def guess(unknown: int) -> Usage:
            return self._guess(unknown, (*record.text, *_arguments(calling)))

        self.close(record, guess, broken=bool(self.heard) and not record.complete)

    def _guess(self, unknown: int, texts: Iterable[str]) -> Usage:
        """What tries used that nobody reported.

        One that was heard used what was heard, where its model shows all that it writes and stops when nobody listens;
        every other one all that it could write.
        """
        route, most = self._route, self._most or self._can_use()
        whole = most.output_tokens
        heard = min(heard_tokens(self.heard, texts), whole)
        shown = bool(self.heard) and not route.hides_output(self._body)
        each = guessed(self._body, most, whole, route, self._parts.count_tokens)
        if not shown:
            return times(each, unknown)
        last = guessed(self._body, most, heard, route, self._parts.count_tokens)
        return times(each, unknown - 1).plus(last)

    def _counted(self, record: RequestRecord) -> Usage:
        most = self._most or self._can_use()
        tokens_out = heard_tokens(self.heard, record.text)
        return guessed(self._body, most, tokens_out, self._route, self._parts.count_tokens)

    def _can_use(self) -> Most:
        bound = output_bound(self._body) or self._route.max_output_tokens
        return most_of(self._body, output_tokens=bound, size_bytes=self._size_bytes)


class VectorSettlement(Settlement):
    """The money of a call for vectors."""

    __slots__ = ("_inputs", "_most")

    async def reserve_inputs(self, inputs: Any, *, size_bytes: int) -> None:
        """Reserve the worst case where a limit applies; `size_bytes` as of a chat."""
        self._inputs = inputs
        self._most = most_of_inputs(inputs, size_bytes=size_bytes)
        if self.applies:
            await self.reserve(worst_case(self._most, self._route))

    def close_inputs(self, record: RequestRecord) -> None:
        """Settle, whatever happened. Never raises."""
        self.close(record, self._guess)

    def _guess(self, unknown: int) -> Usage:
        """What was read is all that vectors cost."""
        each = guessed({"input": self._inputs}, self._most, 0, self._route, self._parts.count_tokens)
        return times(each, unknown)


def _arguments(calling: Iterable[Chunks]) -> Iterator[str]:
    for piece in calling:
        for chunk in piece.chunks:
            for choice in chunk["choices"]:
                for call in (choice.get("delta") or {}).get("tool_calls") or ():
                    yield (call.get("function") or {}).get("arguments") or ""
