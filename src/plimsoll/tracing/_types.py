"""What is recorded of one request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from plimsoll.kernel.digest import Json

Status = Literal["ok", "error", "cancelled"]

EVALUATION = "(evaluation)"
"""Stands in the place of an environment for the questions of a suite; no environment can be called so."""
REPLAY = "(replay)"
"""The same for answers that were made again."""


@dataclass(frozen=True, slots=True)
class Span:
    """One step of a request. Names and attributes follow the OpenTelemetry GenAI conventions (v1.41)."""

    id: str
    parent_id: str | None
    name: str
    started_at: datetime
    ended_at: datetime
    attributes: Mapping[str, Json] = field(default_factory=dict)
    error: str | None = None

    @property
    def duration_ms(self) -> float:
        """How long the step took, in milliseconds."""
        return (self.ended_at - self.started_at).total_seconds() * 1000


@dataclass(frozen=True, slots=True)
class Trace:
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


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """One line of a list of traces."""

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


class Recorder(Protocol):
    """Where traces go. Recording never blocks the request and never raises into it."""

    def record(self, trace: Trace) -> None:
        """Take one trace for keeping."""

    def close(self) -> None:
        """Write everything that was taken, then stop."""
