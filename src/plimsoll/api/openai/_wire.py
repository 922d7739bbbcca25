"""OpenAI's shapes of a chat completion, as they go over the wire."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

# Beyond this, a number in JSON is not the same number everywhere (RFC 8259, section 6).
_EXACT_INTEGER = 2**53 - 1
_STOP_SEQUENCES = 4


class ContentPart(Struct):
    """One part of a message; only text is understood."""

    type: str
    text: str | None = None


class MessageIn(Struct):
    """One message of a request."""

    role: str
    content: str | list[ContentPart] | None = None
    tool_calls: list[Raw] | None = None


class StreamOptions(Struct):
    """How to stream."""

    include_usage: bool | None = None


class ChatCompletionIn(Struct):
    """The body of a request; fields that are not listed are ignored."""

    model: Annotated[str, Meta(min_length=1)]
    messages: Annotated[list[MessageIn], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=_EXACT_INTEGER)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1, le=_EXACT_INTEGER)] | None = None
    seed: Annotated[int, Meta(ge=-_EXACT_INTEGER, le=_EXACT_INTEGER)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=_STOP_SEQUENCES)] | None = None
    tools: list[Raw] | None = None
    functions: list[Raw] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    """OpenAI's newer name for `user`."""


class UsageOut(Struct):
    """Tokens of one answer."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CitationOut(Struct):
    """One exact quotation: characters `start` to `end` of `document`, on `page`."""

    marker: int
    document: str
    page: int
    start: int
    end: int
    quote: str


class PassageOut(Struct):
    """One retrieved passage, without its text."""

    id: str
    document: str
    page: int
    score: float


class PlimsollOut(Struct):
    """What Plimsoll knows beyond OpenAI's API. The official SDKs keep it as an extra field."""

    release: str
    release_name: str
    trace: str
    model: str
    answered: bool | None
    span: str | None
    citations: list[CitationOut]
    passages: list[PassageOut]
    cost_usd: float | None
    latency_ms: float


class MessageOut(Struct):
    """The answer."""

    content: str
    role: Literal["assistant"] = "assistant"
    refusal: None = None
    annotations: tuple[()] = ()


class ChoiceOut(Struct):
    """The only choice: `n` is always 1."""

    message: MessageOut
    finish_reason: str
    index: int = 0
    logprobs: None = None


class ChatCompletionOut(Struct):
    """A whole answer."""

    id: str
    created: int
    model: str
    choices: tuple[ChoiceOut]
    usage: UsageOut
    system_fingerprint: str
    plimsoll: PlimsollOut
    object: Literal["chat.completion"] = "chat.completion"
    service_tier: None = None


class DeltaOut(Struct, omit_defaults=True):
    """What a chunk adds to the message."""

    role: str | None = None
    content: str | None = None


class ChunkChoiceOut(Struct):
    """The only choice of a chunk."""

    delta: DeltaOut
    finish_reason: str | None = None
    index: int = 0
    logprobs: None = None


class ChunkOut(Struct):
    """One piece of a streamed answer."""

    id: str
    created: int
    model: str
    choices: tuple[()] | tuple[ChunkChoiceOut]
    system_fingerprint: str
    usage: UsageOut | UnsetType | None = UNSET
    """Unset where the client did not ask for usage; null in every chunk but the last where it did."""
    plimsoll: PlimsollOut | UnsetType = UNSET
    object: Literal["chat.completion.chunk"] = "chat.completion.chunk"


class ServedBy(Struct):
    """Where a listed model comes from."""

    endpoint: str
    environment: str
    release_name: str


class ModelOut(Struct):
    """One model of the list."""

    id: str
    created: int
    owned_by: str
    plimsoll: ServedBy
    object: Literal["model"] = "model"


class ModelListOut(Struct):
    """All models."""

    data: list[ModelOut]
    object: Literal["list"] = "list"
