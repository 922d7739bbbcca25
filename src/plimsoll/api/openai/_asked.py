"""What the gateway itself understands of a chat completion request; every other field is passed on as it is."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

# Beyond this, a number in JSON is not the same number everywhere (RFC 8259, section 6).
_EXACT_INTEGER = 2**53 - 1
_MOST_CHOICES = 128

Tokens = Annotated[int, Meta(ge=1, le=_EXACT_INTEGER)]
Model = Annotated[str, Meta(min_length=1, max_length=1000)]


class ChatPartIn(Struct):
    """One part of a message: text, or something else that models may understand."""

    type: str
    text: str | None = None


class ChatFunctionCallIn(Struct):
    """The function that a model called."""

    name: str
    arguments: str


class ChatToolCallIn(Struct):
    """One call of a tool."""

    id: str | None = None
    type: str | None = None
    function: ChatFunctionCallIn | None = None


class ChatMessageIn(Struct):
    """One message."""

    role: Literal["developer", "system", "user", "assistant", "tool", "function"]
    content: str | list[ChatPartIn] | None = None
    tool_calls: list[ChatToolCallIn] | None = None
    tool_call_id: str | None = None


class ChatFunctionIn(Struct):
    """A function that a model may call."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None


class ChatToolIn(Struct):
    """A tool that a model may call."""

    type: str
    function: ChatFunctionIn | None = None


class ChatStreamOptionsIn(Struct):
    """How to stream."""

    include_usage: bool | None = None


class ChatIn(Struct):
    """The body of a request."""

    model: Model
    messages: Annotated[list[ChatMessageIn], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: ChatStreamOptionsIn | None = None
    n: Annotated[int, Meta(ge=1, le=_MOST_CHOICES)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Meta(ge=-2, le=2)] | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=128)] | None = None
    seed: Annotated[int, Meta(ge=-_EXACT_INTEGER, le=_EXACT_INTEGER)] | None = None
    stop: str | list[str] | None = None
    tools: list[ChatToolIn] | None = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: dict[str, Any] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    """OpenAI's newer name for `user`."""
