"""How an answer ends: what all answers of a call cost together, and what was decided on the way."""

from collections.abc import Iterable
from functools import reduce

from msgspec.structs import replace

from .._types import Attempt, ChatEnd, ChatModel, Usage
from ._call import Call, Try


def routed_end(
    end: ChatEnd, call: Call[ChatModel], tried: Try[ChatModel], paid: Iterable[Usage], *, hedged: bool = False
) -> ChatEnd:
    """The end of the answer of a target, with the target's name and everything that was tried.

    `paid` were answers that are not sent: their tokens and costs are added, and one unknown cost makes the sum unknown.
    So does a target that was given up while it worked (`hedged`): what that costs nobody says.
    """
    usage = reduce(_add, paid, end.usage)
    return told_end(end, tried.place.name, tuple(call.attempts), replace(usage, cost_usd=None) if hedged else usage)


def told_end(end: ChatEnd, target: str, attempts: tuple[Attempt, ...], usage: Usage | None = None) -> ChatEnd:
    """The same end, with what the route knows of it."""
    # Written out, because every answer has one: `replace` takes several times as long.
    return ChatEnd(
        usage=usage or end.usage,
        finish_reason=end.finish_reason,
        model=end.model,
        quotes=end.quotes,
        answered=end.answered,
        span=end.span,
        target=target,
        attempts=attempts,
    )


def _add(one: Usage, other: Usage) -> Usage:
    unknown = one.cost_usd is None or other.cost_usd is None
    return Usage(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
        cost_usd=None if unknown else (one.cost_usd or 0.0) + (other.cost_usd or 0.0),
        estimated=one.estimated or other.estimated,
        cached_tokens=one.cached_tokens + other.cached_tokens,
        cache_write_tokens=one.cache_write_tokens + other.cache_write_tokens,
        reasoning_tokens=one.reasoning_tokens + other.reasoning_tokens,
        audio_input_tokens=one.audio_input_tokens + other.audio_input_tokens,
        audio_output_tokens=one.audio_output_tokens + other.audio_output_tokens,
        cache_write_hour_tokens=one.cache_write_hour_tokens + other.cache_write_hour_tokens,
        web_searches=one.web_searches + other.web_searches,
        unpriced=one.unpriced or other.unpriced,
    )
