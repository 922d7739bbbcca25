"""What a call can cost at most, before it is made, what it did cost when it ends early, and what is left of limits."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from plimsoll.access.limits import Need, Payer, Reservation, Spent
from plimsoll.kernel.digest import Json
from plimsoll.kernel.money import to_pico, to_usd
from plimsoll.models import Body, Usage

from ._events import AnswerRequest, LimitState
from .parts import Route

_IMAGE_TOKENS = 3_000
"""More than any of today's providers counts for one picture at an address."""
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
    """The most that a call can use: no text has more tokens than bytes."""
    tokens_in = size_bytes or text_bytes(body)
    for message in body["messages"]:
        tokens_in += _MESSAGE_TOKENS
        content = message.get("content")
        if isinstance(content, list):
            tokens_in += sum(_IMAGE_TOKENS for part in content if part.get("type") != "text")
    tokens_out = output_tokens * _choices(body)
    return Need(tokens=tokens_in + tokens_out, cost_pico=route.worst_case_pico(tokens_in, tokens_out))


def text_bytes(body: Body) -> int:
    """The length of all texts of a call in UTF-8, with its tools and whatever else it holds."""
    return sum(len(text.encode("utf-8", "replace")) for text in _texts(body))


def spent(usage: Usage) -> Spent:
    """What a call that ended used."""
    cost = None if usage.cost_usd is None else to_pico(usage.cost_usd)
    return Spent(tokens=usage.input_tokens + usage.output_tokens, cost_pico=cost)


def budget_facts(need: Need | None, used: Spent | None) -> dict[str, Json]:
    """What was reserved for a call, and what it was settled with; nothing was where all was given back."""
    return {"reserved": _amounts(need), "settled": _amounts(used)}


def _amounts(said: Need | Spent | None) -> dict[str, Json]:
    if said is None:
        return {"tokens": 0, "cost_usd": 0.0}
    return {"tokens": said.tokens, "cost_usd": None if said.cost_pico is None else to_usd(said.cost_pico)}


def spent_so_far(body: Body, tokens_out: int, route: Route, count_tokens: Callable[[str], int]) -> Usage:
    """The usage of a call that was cut off after some tokens: an estimate, rather too high than too low.

    Another tokenizer than the model's counts the call, and no fewer tokens than a third of its bytes are charged.
    """
    # Pictures in the call itself are no text to count.
    texts = [text for text in _texts(body) if not text.startswith("data:")]
    length = sum(len(text.encode("utf-8", "replace")) for text in texts)
    counted = sum(map(count_tokens, texts)) + _MESSAGE_TOKENS * len(body.get("messages", ()))
    tokens_in = max(counted, -(-length // _BYTES_PER_TOKEN))
    cost = route.cost_pico(tokens_in, tokens_out)
    return Usage(tokens_in, tokens_out, None if cost is None else to_usd(cost), estimated=True)


def _choices(body: Body) -> int:
    wanted = body.get("n")
    return wanted if isinstance(wanted, int) and wanted > 1 else 1


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
