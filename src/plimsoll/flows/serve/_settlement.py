"""The money of one request: reserved before a model is asked, settled when the request ends, however it ends."""

import logging
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from typing import Literal

import msgspec

from plimsoll.access.limits import Need, Payer, Reservation, Spent
from plimsoll.kernel.errors import BudgetError, UnavailableError
from plimsoll.kernel.money import to_usd
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

    __slots__ = ("_held", "_payer", "_request", "costs", "parts", "route")

    def __init__(self, request: AnswerRequest, route: Route, parts: ServeParts) -> None:
        self._request = request
        self.route = route
        self.parts = parts
        self._payer: Payer | None = None
        self._held: list[tuple[Reservation, Need]] = []
        self.costs = CallCosts()

    def applies(self) -> bool:
        """Whether any limit is about who asks."""
        meter = self.parts.meter
        if meter is None:
            return False
        payer = self._payer = payer_of(self._request)
        return meter.applies(payer)

    async def reserve(self, need: Need) -> None:
        """Reserve what the request can use at most, where a limit applies. Raises what the meter raises."""
        await self._hold(need)
        self.costs = CallCosts(self.route.billed, self._reserve_more)

    async def _hold(self, need: Need) -> None:
        meter, payer = self.parts.meter, self._payer
        assert meter is not None and payer is not None  # noqa: S101, PT018  # the caller looked whether a limit applies
        self._held.append((await meter.reserve(payer, need), need))

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
            record.usage = msgspec.structs.replace(record.usage, estimated=True)
        if used is not None and record.usage.estimated and self._held:
            # The cost of the traces is the sum of what was settled.
            cost = None if used.cost_pico is None else to_usd(used.cost_pico)
            record.usage = msgspec.structs.replace(record.usage, cost_usd=cost)
        if self._held:
            self._settle(used)
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
            reported = record.usage = larger(reported, self._counted(record))
        usage = record.usage if unknown else reported
        if not usage.estimated or not self._held:
            return spent(usage)
        return spent(usage, self._reserved, reported=None if reported.estimated else reported)

    def _counted(self, record: RequestRecord) -> Usage:
        """The least that an answer used of which no server says what it did."""
        return record.usage

    @property
    def _reserved(self) -> Need:
        if len(self._held) == 1:
            return self._held[0][1]
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
        if len(self._held) == 1:
            self._held[0][0].settle(used)
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
        need = self._held[0][1]
        try:
            await self._hold(Need(need.tokens, need.cost_pico, requests=0))
        except (BudgetError, UnavailableError):
            return False
        return True


class ChatSettlement(Settlement):
    """The money of a call of a chat model."""

    __slots__ = ("_body", "_heard", "_most", "_size_bytes", "_unguarded_bytes")

    def __init__(self, request: AnswerRequest, route: Route, parts: ServeParts) -> None:
        super().__init__(request, route, parts)
        self._body: Body = request.body
        self._size_bytes = 0
        self._most: Most | None = None
        self._heard = 0
        """Chunks that the model sent."""
        self._unguarded_bytes = 0
        """Of their text, where a guardrail may keep some of it back."""

    async def reserve_call(self, body: Body, *, size_bytes: int) -> Body:
        """Reserve the worst case where a limit applies, and return the call as it may be made.

        `size_bytes` is its length as it came; 0 where it is another one meanwhile.
        """
        self._body, self._size_bytes = body, size_bytes
        if not self.applies():
            return body
        named = output_bound(body)
        bound = named or self.route.max_output_tokens
        self._most = most_of(body, output_tokens=bound, size_bytes=size_bytes)
        await self.reserve(worst_case(self._most, self.route))
        # What was reserved is the most that may come: so it is also what is asked for.
        return {**body, "max_completion_tokens": bound} if named is None else body

    def hear(self, event: Chunks, *, is_guarded: bool) -> None:
        """Note what the model sends: of a call that is cut off nobody else says it."""
        self._heard += len(event.chunks)
        if is_guarded:
            self._unguarded_bytes += len(event.text.encode("utf-8", "replace"))

    def close_call(self, record: RequestRecord, calling: Iterable[Chunks]) -> None:
        """Settle, whatever happened; `calling` went out of tool calls. Never raises."""

        def guess(unknown: int) -> Usage:
            return self._guess(unknown, self._heard_tokens((*record.text, *_arguments(calling))))

        self.close(record, guess, broken=bool(self._heard) and not record.complete)

    def _heard_tokens(self, texts: Iterable[str]) -> int:
        size = sum(len(text.encode("utf-8", "replace")) for text in texts)
        return heard_tokens(self._heard, max(size, self._unguarded_bytes))

    def _guess(self, unknown: int, heard: int) -> Usage:
        """What tries used that nobody reported.

        One that was heard used what was heard, where its model shows all that it writes and stops when nobody listens;
        every other one all that it could write.
        """
        route, most = self.route, self._most or self._can_use()
        whole = most.output_tokens
        shown = bool(self._heard) and not route.hides_output(self._body)
        each = guessed(self._body, most, whole, route, self.parts.count_tokens)
        if not shown:
            return times(each, unknown)
        last = guessed(self._body, most, min(heard, whole), route, self.parts.count_tokens)
        return times(each, unknown - 1).plus(last)

    def _counted(self, record: RequestRecord) -> Usage:
        most = self._most or self._can_use()
        tokens_out = self._heard_tokens(record.text)
        return guessed(self._body, most, tokens_out, self.route, self.parts.count_tokens)

    def _can_use(self) -> Most:
        bound = output_bound(self._body) or self.route.max_output_tokens
        return most_of(self._body, output_tokens=bound, size_bytes=self._size_bytes)


def _arguments(calling: Iterable[Chunks]) -> Iterator[str]:
    for piece in calling:
        for chunk in piece.chunks:
            for choice in chunk["choices"]:
                for call in (choice.get("delta") or {}).get("tool_calls") or ():
                    yield (call.get("function") or {}).get("arguments") or ""
