"""What serving is asked, and what it tells its caller while it answers.

A streamed answer is one `AnswerStarted`, any number of `Chunks` (of `plimsoll.models`), and one `AnswerDone`.
All of it is made for every request, so these are structs: making a frozen dataclass takes ten times as long.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Literal

from msgspec import Struct

from plimsoll.access.models import AllowedModels
from plimsoll.kernel.digest import Json
from plimsoll.models import Attempt, Body, ChatRequest, Chunks, Message, Passage, Quote, Usage

from .parts import Within

Surface = Literal["chat", "responses", "messages", "embeddings", "predict"]
"""By which API a request came."""

Freshness = Literal["", "no-cache", "no-store"]


class Caller(Struct, frozen=True, gc=False):
    """Who asks, and for whom."""

    actor: str = ""
    """Pseudonym of the actor whose key was shown; empty where nobody was asked for a key."""
    team: str = ""
    project: str = ""
    user: str = ""
    """The person for whom the caller asks, as the caller names them."""
    key: str = ""
    """The public prefix of the key that was shown (`plim_ab12…`), `shared` for the server's shared key, or empty."""
    models: AllowedModels | None = None
    """What the key may call; None for everything."""
    replaced: tuple[str, ...] = ()
    """Public prefixes of the keys whose place it took in rotations: their budgets are its own."""
    name: str = ""
    """Of the actor, where it is known: exceptions of guardrails may name it. It is kept in no record."""


_NOBODY = Caller()
_FOR_EVERYBODY = Within()


class AnswerRequest(Struct, frozen=True, gc=False):
    """A call of an endpoint of an application, or of a route that it serves as such."""

    app: str
    target: str
    """The endpoint, `ask` or `my-app/ask`, or a name under which a route is served."""
    body: Body
    """The call as OpenAI's chat completions take it, without `model`, `stream` and `stream_options`."""
    environment: str = ""
    """Which environment's live release answers, unless `release` says; empty for the working build."""
    release: str = ""
    """Full digest of the release or draft that must answer."""
    trace_id: str = ""
    """The id that the trace should have; empty for a new one."""
    caller: Caller = _NOBODY
    size_bytes: int = 0
    """Length of the request as it came: no text has more tokens than bytes. 0 where it did not come as bytes."""
    surface: Surface = "chat"
    fresh: Freshness = ""
    """What the caller says about answers that are kept (RFC 9111): do not use one, or do not keep this one either."""
    joined: str = ""
    """The caller's own trace and span, where it named them, as `Trace.joined` has it."""
    within: Within = _FOR_EVERYBODY
    """What of the endpoint's knowledge base may be searched."""
    planted: tuple[Passage, ...] = ()
    """Passages that an adversarial test puts before those that are found. No door takes them from a caller."""
    found: Callable[[str], None] | None = None
    """Told by what name callers may call the same again, as soon as it is known that there is such a thing."""

    @classmethod
    def of(
        cls,
        app: str,
        target: str,
        messages: tuple[Message, ...],
        parameters: Mapping[str, Json] | None = None,
        **rest: Any,
    ) -> "AnswerRequest":
        """A call with messages of text alone; `rest` are the other fields."""
        body = {**(parameters or {}), "messages": [asdict(message) for message in messages]}
        return cls(app, target, body, **rest)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation as text."""
        return ChatRequest(self.body).messages


class LimitState(Struct, frozen=True, gc=False):
    """What is left of the closest limit on requests or tokens a minute."""

    limit: int
    remaining: int
    reset_s: float
    """Seconds until all of it is there again."""


class AnswerStarted(Struct, frozen=True, gc=False):
    """The release is chosen, the budget is reserved, and passages are retrieved; nothing is generated yet."""

    trace_id: str
    release: str
    """The full digest of the release (or draft) that answers."""
    release_name: str
    """Its short name, `r-3f9c2a`."""
    model: str
    """The model that the route names first; which one answered is in `AnswerDone.target`."""
    passages: tuple[Passage, ...]
    name: str = ""
    """What callers may write as `model` to call the same again: `app/endpoint`, or the name of the route."""
    requests: LimitState | None = None
    tokens: LimitState | None = None


class GuardrailNote(Struct, frozen=True, gc=False):
    """What a guardrail found and did: never the text that was found."""

    stage: str
    check: str
    kind: str
    action: str
    count: int = 1
    score: float = 0.0
    """The highest of them; 0 where the check gave no answer."""
    version: str = ""
    """Of the check."""


class AnswerDone(Struct, frozen=True, gc=False):
    """The answer is complete."""

    text: str
    finish_reason: str
    usage: Usage
    citations: tuple[Quote, ...]
    answered: bool | None
    span: str | None
    latency_ms: float
    time_to_first_token_ms: float | None
    target: str = ""
    """The model that answered, such as `openai/gpt-4.1-mini`."""
    attempts: tuple[Attempt, ...] = ()
    model_ms: float = 0.0
    """Of `latency_ms`, the time until the model had answered; the rest is Plimsoll's own."""
    cached: Literal["", "exact", "semantic"] = ""
    guardrails: tuple[GuardrailNote, ...] = ()
    probability: float | None = None
    """That the passages answer, from 0 to 1, where the model was calibrated to say it."""


AnswerEvent = AnswerStarted | Chunks | AnswerDone


class Answer(Struct, frozen=True, gc=False):
    """A whole answer: how it started, OpenAI's `chat.completion` (its `choices` are what counts), and how it ended."""

    started: AnswerStarted
    body: Body
    done: AnswerDone
