"""How answers look, for the description of the API. They are written as plain objects: providers add blocks."""

from typing import Any, Literal

from msgspec import Struct

from ..wire import FactsOut


class MessagesUsageOut(Struct):
    """Tokens of one answer; those from the cache and those written into it are not in `input_tokens`."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int


class MessageOut(Struct):
    """A whole answer; its `content` holds blocks of type `text`, `thinking` and `tool_use`."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[dict[str, Any]]
    stop_reason: Literal["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"]
    stop_sequence: str | None
    usage: MessagesUsageOut
    plimsoll: FactsOut


class CountTokensOut(Struct):
    """About how many tokens a request has."""

    input_tokens: int
    plimsoll: dict[str, bool]
