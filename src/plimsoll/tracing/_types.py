"""What is recorded of one request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct, field

from plimsoll.kernel.digest import Json

Status = Literal["ok", "error", "cancelled"]
Kind = Literal["internal", "server", "client", "producer", "consumer"]
Content = Literal["full", "redacted", "sealed", "off", "gone"]
"""How much of what people and models said is kept; `gone` when it was sealed and the key was destroyed."""
Source = Literal["served", "sent"]
"""Who made a trace: this server while it served a request, or somebody who sent it to us (OTLP)."""

EVALUATION = "(evaluation)"
"""Stands in the place of an environment for the questions of a suite; no environment can be called so."""
REPLAY = "(replay)"
"""The same for answers that were made again."""


# Every request makes several of these: a Struct takes a fifth of the time of a frozen dataclass, and nothing in it can
# be part of a cycle.
class Span(Struct, frozen=True, gc=False):
    """One step of a request. Names and attributes follow the OpenTelemetry GenAI conventions (v1.41).

    Spans that others sent keep the attributes that they came with. `more` is what else OTLP says of them: events,
    links, trace state, flags, counts of what was dropped, resource and scope.
    """

    id: str
    parent_id: str | None
    name: str
    started_at: datetime
    ended_at: datetime
    attributes: Mapping[str, Json] = field(default_factory=dict)
    error: str | None = None
    kind: Kind = "internal"
    more: Mapping[str, Json] = field(default_factory=dict)

    @property
    def duration_ms(self) -> float:
        """How long the step took, in milliseconds."""
        return (self.ended_at - self.started_at).total_seconds() * 1000


class Trace(Struct, frozen=True, gc=False):
    """One request, from the question to the answer, with everything that is needed to explain it and run it again."""

    id: str
    """32 hexadecimal digits."""
    app: str
    endpoint: str
    environment: str
    """Empty for a question to the working build."""
    release: str
    """Full digest of the release (or draft) that answered."""
    release_name: str
    started_at: datetime
    latency_ms: float
    time_to_first_token_ms: float | None
    status: Status
    error: str
    """Empty, or one sentence."""
    model: str
    prompt: str
    """Which prompt version was used, such as `answer v3`."""
    input_tokens: int
    output_tokens: int
    tokens_estimated: bool
    cost_usd: float | None
    """None when no price is known."""
    question: str
    request: Mapping[str, Json]
    """What the caller sent, so that it can be run again: messages, parameters."""
    answer: str
    answered: bool | None
    """False when the answer was that the documents do not say."""
    passages: tuple[Mapping[str, Json], ...]
    """What was retrieved, best first: id, document, title, page, start, end, score, text."""
    messages: tuple[Mapping[str, Json], ...]
    """The rendered prompt: role, content."""
    citations: tuple[Mapping[str, Json], ...]
    """Quotations in the answer: marker, document, page, start, end, text."""
    spans: tuple[Span, ...] = ()
    caller: str = ""
    """Pseudonym of the actor whose key asked; empty where nobody was asked for a key."""
    team: str = ""
    project: str = ""
    user_id: str = ""
    """The person for whom the caller asked, as the caller names them; empty when it names nobody."""
    surface: str = ""
    """By which API the request came: chat, responses, messages, embeddings; `otlp` for a trace that was sent to us."""
    target: str = ""
    """The model that answered, such as `openai/gpt-4.1-mini`; `model` is the one that the route names first."""
    attempts: tuple[Mapping[str, Json], ...] = ()
    """What the route decided, in order: target, outcome, why, began_ms, took_ms."""
    cached: str = ""
    """`exact` or `semantic` when the answer came from the cache."""
    guardrails: tuple[Mapping[str, Json], ...] = ()
    """What guardrails found and did: stage, check, kind, action, count; never the text that was found."""
    key: str = ""
    """The public prefix of the key that was shown."""
    cached_tokens: int = 0
    """Input tokens that the provider read from its cache; part of `input_tokens`."""
    cache_write_tokens: int = 0
    """Input tokens that the provider wrote into its cache; part of `input_tokens`."""
    reasoning_tokens: int = 0
    """Part of `output_tokens`."""
    budget: Mapping[str, Json] = field(default_factory=dict)
    """What was reserved and settled, for whom."""
    joined: str = ""
    """The caller's own trace and span, `trace-span` in hexadecimal digits, when the request came with a traceparent."""
    source: Source = "served"
    content: Content = "full"
    size_bytes: int = 0
    """About how much was said, for whoever holds it in memory; not kept."""


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One line of a list of traces. `question` is its beginning, of at most 300 characters."""

    id: str
    app: str
    endpoint: str
    environment: str
    release_name: str
    started_at: datetime
    latency_ms: float
    status: Status
    model: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    question: str
    answered: bool | None
    caller: str = ""
    team: str = ""
    project: str = ""
    user_id: str = ""
    surface: str = ""
    target: str = ""
    cached: str = ""
    key: str = ""
    source: Source = "served"


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which traces are wanted; what is None (or empty) does not matter."""

    text: str = ""
    """Words that all stand in one part of the trace; `word*` stands for all words that begin so."""
    status: Status | None = None
    environment: str | None = None
    endpoint: str | None = None
    model: str | None = None
    """The model that answered, or the one that the route names first."""
    user: str | None = None
    team: str | None = None
    project: str | None = None
    key: str | None = None
    source: Source | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Before this moment."""
    cost_at_least_usd: float | None = None
    joined: str = ""
    """Requests that came with a traceparent of this trace."""
    tests_too: bool = False
    """Also the questions of suites, and replays."""


@dataclass(frozen=True, slots=True)
class TracePage:
    """Some traces, the newest first, and where to go on."""

    traces: tuple[TraceSummary, ...]
    next: str
    """What to pass as `after` for the next page; empty when there is none."""


class Recorder(Protocol):
    """Where traces go. Recording never blocks the request and never raises into it."""

    def record(self, trace: Trace) -> None:
        """Take one trace for keeping."""

    def close(self) -> None:
        """Write everything that was taken, then stop."""
