"""What the gateway understands of a Messages request; every other field is passed on as it is."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

_EXACT_INTEGER = 2**53 - 1
Blocks = list[dict[str, Any]]


class MessagesTurnIn(Struct):
    """One turn of the conversation."""

    role: Literal["user", "assistant", "system"]
    content: str | Blocks


class MessagesToolIn(Struct):
    """A tool: the caller's own, or one of Anthropic's, which has another type."""

    name: str | None = None
    type: str | None = None
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    strict: bool | None = None


class MessagesToolChoiceIn(Struct):
    """Which tools may be called."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class MessagesMetadataIn(Struct):
    """About the request."""

    user_id: str | None = None


class MessagesThinkingIn(Struct):
    """How much the model should think."""

    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = None


class MessagesFormatIn(Struct):
    """The form of the answer."""

    type: Literal["json_schema"]
    schema: dict[str, Any]


class MessagesOutputIn(Struct):
    """How the answer should be."""

    format: MessagesFormatIn | None = None
    effort: str | None = None


class CountTokensIn(Struct):
    """A request whose tokens are to be counted."""

    model: Annotated[str, Meta(min_length=1, max_length=1000)]
    messages: Annotated[list[MessagesTurnIn], Meta(min_length=1)]
    system: str | Blocks | None = None
    tools: list[MessagesToolIn] | None = None


class MessagesIn(CountTokensIn, kw_only=True):
    """The body of a request."""

    max_tokens: Annotated[int, Meta(ge=1, le=_EXACT_INTEGER)]
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=_EXACT_INTEGER)] | None = None
    stop_sequences: list[str] | None = None
    tool_choice: MessagesToolChoiceIn | None = None
    metadata: MessagesMetadataIn | None = None
    thinking: MessagesThinkingIn | None = None
    output_config: MessagesOutputIn | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
