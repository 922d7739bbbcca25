"""What a call can cost at most, before it is made, what it did cost when it ends early, and what is left of limits."""

import json
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Literal, cast

import msgspec

from plimsoll.access.limits import Need, Payer, Reservation, Spent
from plimsoll.kernel.digest import Json
from plimsoll.kernel.money import to_pico, to_usd
from plimsoll.models import Body, Usage
from plimsoll.models.prices import Most, most_of_size, size_of

from ._events import AnswerRequest, LimitState
from .parts import Route

_PICTURE_TOKENS = 3_000
"""More than most providers count for one picture, where nobody says how large it was."""
_BYTES_PER_TOKEN = 3
"""Fewer than a token of any of today's models has on average in any language with an alphabet."""
_COUNTED_BYTES = 20_000
"""Longer calls are not counted but measured: whoever leaves must not keep the others waiting."""
_ON_THE_WAY = 16
"""Tokens that a server may have written before it saw that nobody listens."""
_CACHED = b'"cache_control"'
_NOTHING = Spent(tokens=0, cost_pico=0)
_Amounts = Mapping[str, float | None]


def payer_of(request: AnswerRequest) -> Payer:
    """Whose budgets pay for a request."""
    caller = request.caller
    return Payer(caller.key, caller.team, caller.project, request.environment, caller.user, caller.replaced)


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


def worst_case(most: Most, route: Route) -> Need:
    """The most that a call can use."""
    tokens, cost = route.worst_case(most)
    return Need(tokens=tokens, cost_pico=cost)


def most_of_inputs(inputs: Any, *, size_bytes: int) -> Most:
    """What a call for vectors can use. `size_bytes` is its length as it came; 0 where it is another one meanwhile."""
    return most_of_size(size_bytes or size_of(inputs))


def spent(usage: Usage, need: Need | None = None, *, reported: Usage | None = None) -> Spent:
    """What a call that ended used. What was only counted here is never more than what was reserved for it.

    What a provider reports counts in full, also where it is more; of a usage that is partly counted here, `reported` is
    that part.
    """
    used = _spent(usage)
    if need is None or not usage.estimated:
        return used
    least = _NOTHING if reported is None else _spent(reported)
    tokens = max(min(used.tokens, need.tokens), least.tokens)
    if used.cost_pico is None or need.cost_pico is None:
        return Spent(tokens=tokens, cost_pico=used.cost_pico)
    return Spent(tokens=tokens, cost_pico=max(min(used.cost_pico, need.cost_pico), least.cost_pico or 0))


def _spent(usage: Usage) -> Spent:
    cost = None if usage.cost_usd is None else to_pico(usage.cost_usd)
    return Spent(tokens=usage.input_tokens + usage.output_tokens, cost_pico=cost)


def budget_facts(need: Need | None, used: Spent | None) -> dict[str, Json]:
    """What was reserved for a call, and what it was settled with; nothing was where all was given back."""
    return {"reserved": _amounts(need), "settled": _amounts(used)}


def _amounts(said: Need | Spent | None) -> dict[str, Json]:
    if said is None:
        return {"tokens": 0, "cost_usd": 0.0}
    return {"tokens": said.tokens, "cost_usd": None if said.cost_pico is None else to_usd(said.cost_pico)}


def in_all(own: Usage, beside: Usage | None) -> Usage:
    """What a request used with the call that was made for it beside its own."""
    if beside is None:
        return own
    # Of a call that was never made nothing is unknown.
    was_made = own.input_tokens or own.output_tokens or own.cost_usd is not None
    return own.plus(beside) if was_made else beside


def together(own: Mapping[str, Json], beside: Mapping[str, Json]) -> Mapping[str, Json]:
    """The same of what `budget_facts` says; where one cost is unknown, so is the sum."""
    if not own or not beside:
        return own or beside
    return {what: _sum(cast("_Amounts", own[what]), cast("_Amounts", beside[what])) for what in own}


def _sum(own: "_Amounts", beside: "_Amounts") -> dict[str, Json]:
    costs = [cost for cost in (own["cost_usd"], beside["cost_usd"]) if cost is not None]
    tokens = (own["tokens"] or 0) + (beside["tokens"] or 0)
    return {"tokens": tokens, "cost_usd": sum(costs) if len(costs) > 1 else None}


def heard_tokens(chunks: int, size_bytes: int) -> int:
    """How many tokens a stream had that broke off: no fewer than it had pieces, and than a third of its bytes."""
    return max(chunks, -(-size_bytes // _BYTES_PER_TOKEN)) + _ON_THE_WAY


def guessed(body: Body, most: Most, tokens_out: int, route: Route, count_tokens: Callable[[str], int]) -> Usage:
    """The usage of a try that nobody reports: an estimate, rather too high than too low.

    `most` is what it could use at most. Its input is no fewer tokens than a third of its bytes, and of a short call no
    fewer than another tokenizer than the model's counts. What a call cost that reads something of unknown length, or
    that has fees, nobody can say.
    """
    tokens_in = -(-most.input_tokens // _BYTES_PER_TOKEN)
    written = _written(body)
    if len(written) <= _COUNTED_BYTES:
        tokens_in = max(tokens_in, count_tokens(written.decode("utf-8", "replace")))
    tokens_in += _PICTURE_TOKENS * (most.pictures + most.small_pictures)
    if most.is_open or most.has_fees:
        return Usage(tokens_in, tokens_out, estimated=True)
    tier = most.service_tier or most.own_tier
    if _CACHED in written:
        # What is written into a provider's cache costs more than what is read.
        cost = route.worst_case(Most(tokens_in, tokens_out, service_tier=most.service_tier, own_tier=most.own_tier))[1]
    else:
        cost = route.cost_pico(tokens_in, tokens_out, tier)
    return Usage(tokens_in, tokens_out, None if cost is None else to_usd(cost), estimated=True)


def _written(body: Body) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError):  # half a character, or nothing that JSON knows
        return json.dumps(body, default=str).encode()


def larger(one: Usage, other: Usage) -> Usage:
    """What both usages of the same call fit into."""
    unknown = one.cost_usd is None or other.cost_usd is None
    return Usage(
        max(one.input_tokens, other.input_tokens),
        max(one.output_tokens, other.output_tokens),
        None if unknown else max(one.cost_usd or 0.0, other.cost_usd or 0.0),
        estimated=True,
    )


def times(usage: Usage, count: int) -> Usage:
    """The usage of so many tries that were all alike."""
    return reduce(Usage.plus, [usage] * count, Usage(0, 0, 0.0))
