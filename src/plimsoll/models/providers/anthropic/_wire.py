"""The parts of Anthropic's Messages API that an answer is made of, and what its words mean in OpenAI's."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from ..._types import Usage
from ..translated import Kind, Refusal, RefusedError, sort_refusal

PAUSED: Final = "pause_turn"
_FINISH: Final = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    PAUSED: "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STATUS: Final = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_WORDS: Final[Mapping[str, Kind]] = {
    "prompt is too long": "too_long",
    "exceed context limit": "too_long",
    "content filtering": "refused",
}
_FAST: Final = "fast"
_SEARCHES: Final = "web_search_requests"
_FREE: Final = "web_fetch_requests"
_MOST_USES: Final = 1_000_000
_HERE: Final = "global"
_PLAIN_PLACES: Final = frozenset({_HERE, "not_available"})
"""Where the plain price holds: staying in one country costs more."""
NOT_AN_ANSWER: Final = "the server sent something that is not a message of Anthropic's form"

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Details(msgspec.Struct):
    thinking_tokens: _Count = 0


class _Written(msgspec.Struct):
    ephemeral_1h_input_tokens: _Count | None = None


class _Usage(msgspec.Struct):
    input_tokens: _Count | None = None
    output_tokens: _Count | None = None
    cache_read_input_tokens: _Count | None = None
    cache_creation_input_tokens: _Count | None = None
    output_tokens_details: _Details | None = None
    cache_creation: _Written | None = None
    server_tool_use: dict[str, Any] | None = None
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None


class Block(msgspec.Struct):
    """A piece of an answer: text, a tool call, thinking."""

    type: str
    text: str = ""
    thinking: str = ""
    signature: str = ""
    data: str = ""
    id: str = ""
    name: str = ""
    input: Any = None


class Error(msgspec.Struct):
    """What went wrong, in the server's words."""

    type: str = ""
    message: str = ""


class Message(msgspec.Struct):
    """A whole answer, or an error in its place."""

    id: str = ""
    type: str = ""
    model: str = ""
    content: list[Block] = []
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: Any = None
    error: Error | None = None


class Delta(msgspec.Struct):
    """What an event adds."""

    type: str = ""
    text: str = ""
    partial_json: str = ""
    thinking: str = ""
    signature: str = ""
    stop_reason: str | None = None
    stop_sequence: str | None = None


class Event(msgspec.Struct):
    """One event of a stream; only the fields of its type are filled."""

    type: str = ""
    index: int = 0
    message: Message | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: Any = None
    error: Error | None = None


message_decoder: Final = msgspec.json.Decoder(Message)
event_decoder: Final = msgspec.json.Decoder(Event)


class Counts:
    """Usage comes in two parts, and later counts replace earlier ones."""

    def __init__(self) -> None:
        self._kept = _Usage()
        self._is_good = True

    def take(self, value: Any) -> None:
        """Read one `usage` object; one that makes no sense makes the whole unknown."""
        if value is None:
            return
        try:
            found = msgspec.convert(value, _Usage)
        except msgspec.ValidationError:
            self._is_good = False
            return
        for name in _Usage.__struct_fields__:
            if (count := getattr(found, name)) is not None:
                setattr(self._kept, name, count)

    def usage(self) -> Usage | None:
        """Anthropic's `input_tokens` leave out what its cache holds; here they count all."""
        kept = self._kept
        if not self._is_good or kept.input_tokens is None or kept.output_tokens is None:
            return None
        read, written = kept.cache_read_input_tokens or 0, kept.cache_creation_input_tokens or 0
        hour = kept.cache_creation.ephemeral_1h_input_tokens if kept.cache_creation else 0
        searches, others = _uses(kept.server_tool_use or {})
        return Usage(
            input_tokens=kept.input_tokens + read + written,
            output_tokens=kept.output_tokens,
            cached_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=kept.output_tokens_details.thinking_tokens if kept.output_tokens_details else 0,
            cache_write_hour_tokens=min(hour or 0, written),
            web_searches=searches,
            unpriced=bool(others) or (kept.inference_geo or _HERE) not in _PLAIN_PLACES,
        )

    @property
    def service_tier(self) -> str:
        """The treatment that the call got: `fast`, `standard`, `priority`, `batch`; empty where nothing is said."""
        kept = self._kept
        return _FAST if kept.speed == _FAST else kept.service_tier or ""


def _uses(counts: Mapping[str, Any]) -> tuple[int, int]:
    """How often the provider searched, and how many others of its own tools it used that it may bill for.

    What is no count is a use of which nobody knows the price.
    """
    searches = counts.get(_SEARCHES) or 0
    others = sum(1 for name, uses in counts.items() if uses and name not in {_SEARCHES, _FREE})
    is_count = searches.__class__ is int and 0 <= searches <= _MOST_USES
    return (searches, others) if is_count else (0, others + 1)


def refused(error: Error) -> RefusedError:
    """The error that an answer, or an event of it, carries."""
    return RefusedError(refusal_of(_STATUS.get(error.type, 500), error.type, error.message))


def refusal_of(status: int, kind: str, said: str, retry_after_s: float | None = None) -> Refusal:
    """What a status and an error object mean; the type of the error goes before the status."""
    return sort_refusal(_STATUS.get(kind, status), said, words=_WORDS, retry_after_s=retry_after_s)


def finish_of(stop_reason: str, *, is_answer: bool) -> str:
    """OpenAI's word for the end; the call of the answer's own tool is a plain end."""
    finish = _FINISH.get(stop_reason, "stop")
    return "stop" if is_answer and finish == "tool_calls" else finish


def matched_by(stop_reason: str, stop_sequence: str | None) -> dict[str, str]:
    """What OpenAI's word for the end leaves out, in the field of a choice in which other servers put it.

    The text at which the model stopped; or that it paused, and goes on when it gets its turn back.
    """
    if stop_reason == PAUSED:
        return {"stop_reason": PAUSED}
    return {"stop_reason": stop_sequence} if stop_sequence else {}


def thinking_block(block: Block) -> dict[str, Any]:
    """A block of thinking as the caller must send it back."""
    if block.type == "redacted_thinking":
        return {"type": block.type, "data": block.data}
    return {"type": block.type, "thinking": block.thinking, "signature": block.signature}
