"""What the gateway understands of a Responses request."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from .._asked import Model, Tokens


class ResponseItemIn(Struct):
    """One item of the input: a message, a call that the model made, what the tool said, or the model's reasoning."""

    type: str = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: str | list[dict[str, Any]] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | list[dict[str, Any]] | None = None
    summary: list[dict[str, Any]] | None = None
    encrypted_content: str | None = None


class ResponseToolIn(Struct):
    """A tool; functions are flat, not nested as in chat completions."""

    type: str
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ResponseFormatIn(Struct):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None
    description: str | None = None


class ResponseTextIn(Struct):
    """How the answer's text should be."""

    format: ResponseFormatIn | None = None
    verbosity: str | None = None


class ResponseReasoningIn(Struct):
    """How much the model should think."""

    effort: str | None = None
    summary: str | None = None


class ResponsesIn(Struct):
    """The body of a request."""

    model: Model
    input: str | Annotated[list[ResponseItemIn], Meta(min_length=1)]
    instructions: str | None = None
    stream: bool | None = None
    store: bool | None = None
    background: bool | None = None
    tools: list[ResponseToolIn] | None = None
    tool_choice: str | dict[str, Any] | None = None
    text: ResponseTextIn | None = None
    reasoning: ResponseReasoningIn | None = None
    include: list[str] | None = None
    max_output_tokens: Tokens | None = None
    max_tool_calls: Tokens | None = None
    parallel_tool_calls: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=128)] | None = None
    metadata: dict[str, str] | None = None
    user: str | None = None
    safety_identifier: str | None = None
