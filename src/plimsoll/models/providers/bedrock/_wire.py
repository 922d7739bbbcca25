"""The parts of Converse that an answer is made of, and what its words mean in OpenAI's."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from ..._types import Usage
from ..translated import Kind, NonsenseError, Refusal, sort_refusal

STOPPED: Final = "stop_sequence"
_FINISH: Final = {
    "end_turn": "stop",
    STOPPED: "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
_BROKEN: Final = frozenset({"malformed_model_output", "malformed_tool_use"})
_STATUS: Final = {
    "accessdeniedexception": 403,
    "unrecognizedclientexception": 403,
    "expiredtokenexception": 403,
    "invalidsignatureexception": 403,
    "validationexception": 400,
    "resourcenotfoundexception": 404,
    "modeltimeoutexception": 408,
    "modelerrorexception": 424,
    "modelstreamerrorexception": 424,
    "throttlingexception": 429,
    "servicequotaexceededexception": 429,
    "modelnotreadyexception": 429,
    "internalserverexception": 500,
    "serviceunavailableexception": 503,
}
_WORDS: Final[Mapping[str, Kind]] = {
    "input is too long": "too_long",
    "prompt is too long": "too_long",
    "too many input tokens": "too_long",
    "maximum context length": "too_long",
    "content filtering": "refused",
}

_HOUR: Final = "1h"

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class ToolUse(msgspec.Struct, rename="camel"):
    """A call of a tool; in a delta only `input` is there, as a piece of text."""

    tool_use_id: str = ""
    name: str = ""
    input: Any = None


class ReasoningText(msgspec.Struct):
    """A thought and its signature."""

    text: str = ""
    signature: str = ""


class Reasoning(msgspec.Struct, rename="camel"):
    """A thought; in a delta its fields stand directly in it."""

    reasoning_text: ReasoningText | None = None
    redacted_content: str = ""
    text: str = ""
    signature: str = ""


class Block(msgspec.Struct, rename="camel"):
    """A piece of an answer, or what an event adds to one."""

    text: str = ""
    tool_use: ToolUse | None = None
    reasoning_content: Reasoning | None = None


class _Message(msgspec.Struct):
    content: list[Block] = []


class _Output(msgspec.Struct):
    message: _Message | None = None


class Answer(msgspec.Struct, rename="camel"):
    """A whole answer."""

    output: _Output | None = None
    stop_reason: str = ""
    usage: Any = None
    additional_model_response_fields: Any = None


class Event(msgspec.Struct, rename="camel"):
    """The payload of one event; only the fields of its type are filled."""

    content_block_index: int = 0
    start: Block | None = None
    delta: Block | None = None
    stop_reason: str = ""
    usage: Any = None
    message: str = ""
    additional_model_response_fields: Any = None


class _Written(msgspec.Struct, rename="camel"):
    ttl: str = ""
    input_tokens: _Count = 0


class _Usage(msgspec.Struct, rename="camel"):
    input_tokens: _Count
    output_tokens: _Count
    cache_read_input_tokens: _Count = 0
    cache_write_input_tokens: _Count = 0
    cache_details: list[_Written] = []


answer_decoder: Final = msgspec.json.Decoder(Answer)
event_decoder: Final = msgspec.json.Decoder(Event)


def usage_of(value: Any) -> Usage | None:
    """Bedrock's `inputTokens` leave out what its cache holds; here they count all."""
    try:
        found = msgspec.convert(value, _Usage)
    except msgspec.ValidationError:
        return None
    read, written = found.cache_read_input_tokens, found.cache_write_input_tokens
    return Usage(
        input_tokens=found.input_tokens + read + written,
        output_tokens=found.output_tokens,
        cached_tokens=read,
        cache_write_tokens=written,
        cache_write_hour_tokens=min(sum(one.input_tokens for one in found.cache_details if one.ttl == _HOUR), written),
    )


def finish_of(reason: str, *, is_answer: bool) -> str:
    """OpenAI's word for the end. Raises NonsenseError when Bedrock itself cannot read what the model wrote."""
    if reason in _BROKEN:
        raise NonsenseError("the model wrote something that cannot be read")
    finish = _FINISH.get(reason, "stop")
    return "stop" if is_answer and finish == "tool_calls" else finish


def matched_by(reason: str, fields: Any) -> dict[str, str]:
    """The text at which the model stopped, in the field of a choice in which other servers put it.

    `fields` are the model's own; where they do not tell, it is only said that there was such a text.
    """
    if reason != STOPPED:
        return {}
    matched = fields.get(STOPPED) if isinstance(fields, dict) else None
    return {"stop_reason": matched if isinstance(matched, str) and matched else STOPPED}


def refusal_of(status: int, kind: str, said: str, retry_after_s: float | None = None) -> Refusal:
    """What a status and the name of an exception mean, such as `ThrottlingException` or with a namespace around it."""
    name = kind.partition(":")[0].rpartition("#")[2].lower()
    return sort_refusal(_STATUS.get(name, status), said or kind, words=_WORDS, retry_after_s=retry_after_s)


def thinking_block(*, text: str, signature: str, redacted: str) -> dict[str, Any]:
    """A thought as the caller must send it back, in Anthropic's form."""
    if redacted:
        return {"type": "redacted_thinking", "data": redacted}
    return {"type": "thinking", "thinking": text, "signature": signature}
