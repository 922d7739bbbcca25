"""What serving tells its caller while it answers: `AnswerStarted`, any number of `AnswerText`, one `AnswerDone`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from plimsoll.kernel.digest import Json
from plimsoll.models import Message, Passage, Quote, Usage


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and for whom."""

    actor: str = ""
    """Pseudonym of the actor whose key was shown; empty where nobody was asked for a key."""
    team: str = ""
    project: str = ""
    user: str = ""
    """The person for whom the caller asks, as the caller names them."""


@dataclass(frozen=True, slots=True)
class AnswerRequest:
    """A question for an endpoint of an application."""

    app: str
    endpoint: str
    messages: tuple[Message, ...]
    parameters: Mapping[str, Json] = field(default_factory=dict)
    """Sampling parameters that the caller sets, in OpenAI's names; they win over the prompt's own."""
    environment: str = ""
    """Which environment's live release answers, unless `release` says; empty for the working build."""
    release: str = ""
    """Full digest of the release or draft that must answer."""
    trace_id: str = ""
    """The id that the trace should have; empty for a new one."""
    caller: Caller = field(default_factory=Caller)


@dataclass(frozen=True, slots=True)
class AnswerStarted:
    """The release that answers is chosen, and passages are retrieved; nothing is generated yet."""

    trace_id: str
    release: str
    """The full digest of the release (or draft) that answers."""
    release_name: str
    """Its short name, `r-3f9c2a`."""
    model: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class AnswerText:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerDone:
    """The answer is complete."""

    text: str
    finish_reason: str
    usage: Usage
    citations: tuple[Quote, ...]
    answered: bool | None
    span: str | None
    latency_ms: float
    time_to_first_token_ms: float | None


AnswerEvent = AnswerStarted | AnswerText | AnswerDone


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: how it started, and how it ended."""

    started: AnswerStarted
    done: AnswerDone
