"""A span that somebody sent, in our one way to say what it is."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct

_ANSWERED = ("model", "embedding")


class SpanFacts(Struct, array_like=True):
    """What of a span counts for its trace. Written into the database: fields are only ever added at the end."""

    id: str
    parent: str
    """Empty for a root."""
    name: str
    start_ns: int
    end_ns: int
    failed: bool = False
    error: str = ""
    step: str = ""
    """What kind of step: model, embedding, retrieval, rerank, tool, agent, workflow, guardrail, …; empty for others."""
    provider: str = ""
    model: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_pico: int | None = None
    user: str = ""
    endpoint: str = ""
    """Name of the workflow or agent."""
    environment: str = ""
    release: str = ""
    question: str = ""
    """How what was asked begins."""
    first_ms: float | None = None
    """Milliseconds until the first chunk of the answer."""
    is_http: bool = False
    """Whether it is a call over HTTP, as its client saw it."""

    @property
    def asks(self) -> bool:
        """Whether it is a call that this server may have answered: of a model, or over HTTP."""
        return self.step in _ANSWERED or (self.is_http and not self.step)

    @property
    def has_usage(self) -> bool:
        """Whether the span tells of tokens."""
        return self.input_tokens is not None or self.output_tokens is not None


class SentSpan(Struct, omit_defaults=True):
    """A span as it came, nothing left out; attributes are as in `_values`. Written into the database."""

    id: str
    parent: str
    name: str
    start: int
    end: int
    kind: int = 0
    status: int = 0
    message: str = ""
    attributes: dict[str, Any] = {}
    events: list[Any] = []
    links: list[Any] = []
    state: str = ""
    flags: int = 0
    dropped: list[int] = []
    """How many attributes, events and links the sender dropped, where it dropped any."""
    origin: int = 0
    """Place in the list of origins of the piece."""


class Piece(Struct):
    """The body of a piece: some spans of one trace."""

    origins: list[str]
    """Digests of what spans have in common (resource and scope); of a piece that is encrypted, that itself."""
    spans: list[SentSpan]


class Incoming(NamedTuple):
    """A span on its way into the store."""

    trace_id: str
    span: SentSpan
    origin: bytes
    """Resource and scope as JSON."""


class Parsed(NamedTuple):
    """What a request held."""

    spans: Sequence[Incoming]
    rejected: int
    """Spans that nobody can keep, for they have no valid ids."""
