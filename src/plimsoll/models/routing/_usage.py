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
    usage = reduce(Usage.plus, paid, end.usage)
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
        probability=end.probability,
        span=end.span,
        target=target,
        attempts=attempts,
    )
