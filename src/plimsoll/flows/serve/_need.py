"""What a call can cost at most, before it is made, what it did cost when it ends early, and what is left of limits."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from plimsoll.access.limits import Need, Payer, Reservation, Spent
from plimsoll.kernel.digest import Json
from plimsoll.kernel.money import to_pico, to_usd
from plimsoll.models import Body, Usage
from plimsoll.models.prices import most_of, most_of_size, size_of

from ._events import AnswerRequest, LimitState
from .parts import Route

_PICTURE_TOKENS = 3_000
"""More than most providers count for one picture, where nobody says how large it was."""
_BYTES_PER_TOKEN = 3
"""Fewer than a token of any of today's models has on average in any language with an alphabet."""
_MESSAGE_TOKENS = 16
"""For the marks around a message."""


def payer_of(request: AnswerRequest) -> Payer:
    """Whose budgets pay for a request."""
    caller = request.caller
    return Payer(caller.key, caller.team, caller.project, request.environment, caller.user)


def limit_state(reservation: Reservation | None, what: Literal["requests", "tokens"]) -> LimitState | None:
    """The tightest limit a minute that a reservation met, or None."""
    if reservation is None:
        return None
    state = reservation.requests if what == "requests" else reservation.tokens
    return None if state is None else LimitState(state.limit, state.remaining, state.reset_s)


def output_bound(body: Body) -> int | None:
    """The bound on output tokens that a call names; None where it names none."""
    # Of two the larger: nobody knows which of them the server obeys.
    bounds = [body.get(name) for name in ("max_completion_tokens", "max_tokens")]
    return max((bound for bound in bounds if isinstance(bound, int) and bound > 0), default=None)


def worst_case(body: Body, route: Route, *, size_bytes: int, output_tokens: int) -> Need:
    """The most that a call can use. `size_bytes` is its length as it came; 0 where it is another one meanwhile."""
    tokens, cost = route.worst_case(most_of(body, output_tokens=output_tokens, size_bytes=size_bytes))
    return Need(tokens=tokens, cost_pico=cost)


def worst_case_of_inputs(inputs: Any, route: Route, *, size_bytes: int) -> Need:
    """The most that a call for vectors can use; `size_bytes` as for others."""
    tokens, cost = route.worst_case(most_of_size(size_bytes or size_of(inputs)))
    return Need(tokens=tokens, cost_pico=cost)


def spent(usage: Usage, need: Need | None = None) -> Spent:
    """What a call that ended used. What was only counted here is never more than what was reserved for it.

    What a provider reports counts in full, also where it is more.
    """
    cost = None if usage.cost_usd is None else to_pico(usage.cost_usd)
    tokens = usage.input_tokens + usage.output_tokens
    if need is not None and usage.estimated:
        tokens = min(tokens, need.tokens)
        cost = cost if cost is None or need.cost_pico is None else min(cost, need.cost_pico)
    return Spent(tokens=tokens, cost_pico=cost)


def budget_facts(need: Need | None, used: Spent | None) -> dict[str, Json]:
    """What was reserved for a call, and what it was settled with; nothing was where all was given back."""
    return {"reserved": _amounts(need), "settled": _amounts(used)}


def _amounts(said: Need | Spent | None) -> dict[str, Json]:
    if said is None:
        return {"tokens": 0, "cost_usd": 0.0}
    return {"tokens": said.tokens, "cost_usd": None if said.cost_pico is None else to_usd(said.cost_pico)}


def spent_so_far(body: Body, tokens_out: int, route: Route, count_tokens: Callable[[str], int]) -> Usage:
    """The usage of a call that was cut off after some tokens: an estimate, rather too high than too low.

    Another tokenizer than the model's counts the call, and no fewer tokens than a third of its bytes are charged. What
    a call cost that reads something of unknown length, or that has fees, nobody can say.
    """
    # Pictures in the call itself are no text to count.
    texts = [text for text in _texts(body) if not text.startswith("data:")]
    length = sum(len(text.encode("utf-8", "replace")) for text in texts)
    counted = sum(map(count_tokens, texts)) + _MESSAGE_TOKENS * len(body.get("messages", ()))
    most = most_of(body, output_tokens=0)
    pictures = _PICTURE_TOKENS * (most.pictures + most.small_pictures)
    tokens_in = max(counted, -(-length // _BYTES_PER_TOKEN)) + pictures
    unknown = most.is_open or most.has_fees
    cost = None if unknown else route.cost_pico(tokens_in, tokens_out, most.service_tier or most.own_tier)
    return Usage(tokens_in, tokens_out, None if cost is None else to_usd(cost), estimated=True)


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
