"""How answers look, for the description of the API. They are written as plain objects: providers add fields."""

from typing import Any, Literal

from msgspec import Struct

from ..wire import FactsOut
from ._usage import UsageOut


class ChatMessageOut(Struct):
    """What the model said; providers add fields, such as `reasoning_content`."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    tool_calls: list[dict[str, Any]] | None = None
    annotations: list[Any] | None = None


class ChatChoiceOut(Struct):
    """One answer of several."""

    index: int
    message: ChatMessageOut
    finish_reason: str
    logprobs: dict[str, Any] | None


class ChatCompletionOut(Struct):
    """A whole answer. As a stream: `chat.completion.chunk` objects, then `[DONE]`."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoiceOut]
    usage: UsageOut
    system_fingerprint: str
    plimsoll: FactsOut


class ResponseInputDetailsOut(Struct):
    """Of the tokens that went in."""

    cached_tokens: int
    cache_write_tokens: int


class ResponseOutputDetailsOut(Struct):
    """Of the tokens that came out."""

    reasoning_tokens: int


class ResponseUsageOut(Struct):
    """Tokens of one answer."""

    input_tokens: int
    input_tokens_details: ResponseInputDetailsOut
    output_tokens: int
    output_tokens_details: ResponseOutputDetailsOut
    total_tokens: int


class ResponseOut(Struct):
    """A whole answer; its `output` holds items of type `message`, `function_call` and `reasoning`."""

    id: str
    object: Literal["response"]
    created_at: int
    status: Literal["completed", "incomplete"]
    error: None
    incomplete_details: dict[str, str] | None
    model: str
    output: list[dict[str, Any]]
    parallel_tool_calls: bool
    tool_choice: str | dict[str, Any]
    tools: list[dict[str, Any]]
    store: Literal[False]
    usage: ResponseUsageOut
    plimsoll: FactsOut
