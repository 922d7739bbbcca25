"""What the HTTP door needs from the platform: the port that the composition root fills."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from plimsoll.access import Acting
from plimsoll.access.limits import Budget, WindowUse
from plimsoll.flows.guard import GuardDesk
from plimsoll.flows.serve import Answer, AnswerEvent, AnswerRequest, Predictions, Vectors
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import CostLine, DaySummary, Trace, TraceFilter, TracePage, TraceSummary
from plimsoll.tracing.feedback import Feedback, Judgement
from plimsoll.tracing.received import Shipment

Gives = Literal["chat", "embeddings", "predict"]
"""What something that is served answers with."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """An endpoint, or a route that is served as it is, that can be called now in one environment."""

    id: str
    """What callers write as `model`: `app/endpoint`, or the name of a route."""
    app: str
    endpoint: str
    created: datetime
    """When the release that serves it was made."""
    release_name: str
    environment: str
    gives: Gives = "chat"


class Service(Protocol):
    """The platform behind the door. The plain methods do small reads and are called in a worker thread."""

    @property
    def app(self) -> str:
        """The application that is served."""

    @property
    def guardrails(self) -> GuardDesk:
        """What guardrails did, and what people say of it."""

    def stream(self, request: AnswerRequest) -> AsyncGenerator[AnswerEvent]:
        """Answer: one AnswerStarted, any number of Chunks, one AnswerDone.

        Raises errors of the kernel's families, before the first event or after any. Closing the iterator before its
        end means that the client went away.
        """

    async def answer(self, request: AnswerRequest) -> Answer:
        """The whole answer at once. Raises as `stream` does; a cancellation means that the client went away."""

    async def embed(self, request: AnswerRequest) -> Vectors:
        """Vectors for `input` in the request's body. Raises as `answer` does."""

    async def predict(self, request: AnswerRequest) -> Predictions:
        """What a classical model says of `inputs` in the request's body. Raises as `answer` does."""

    async def count(self, request: AnswerRequest) -> None:
        """Count a call that asks no model against the limits on requests. Raises BudgetError."""

    def feedback(self, given: Feedback, team: str = "") -> None:
        """Keep what a person thinks of an answer.

        Raises NotFoundError when there is no such trace, and for a key of a `team` also when it is another team's.
        """

    def submit(self, shipment: Shipment, size_bytes: int) -> "Future[Any]":
        """Take spans that somebody sent; the future's Outcome is there when they are committed."""

    async def start(self) -> None:
        """Begin: called once, in the loop that serves, before the first request."""

    def models(self) -> Sequence[ServedModel]:
        """Everything that every live release serves, once for each environment that serves it."""

    def environments(self) -> Sequence[Environment]:
        """All environments, also those where nothing is live."""

    def moves(self, limit: int) -> Sequence[EnvironmentMove]:
        """The latest moves of all environments, newest first."""

    def recent_traces(self, limit: int) -> Sequence[TraceSummary]:
        """The latest traces, newest first."""

    def requests(self, wanted: TraceFilter, *, limit: int, after: str = "") -> TracePage:
        """Some traces, the newest first; `after` is what the page before said. Raises InvalidError for another."""

    def judgements(self, trace_id: str) -> Sequence[Judgement]:
        """What people think of an answer, the oldest first."""

    def usage_day(self, day: datetime) -> DaySummary:
        """What was used on the day (UTC) of a moment."""

    def used(self, by: Literal["endpoint", "model"], since: datetime) -> Sequence[CostLine]:
        """What was used since a moment, with one line for each endpoint or each model that answered."""

    def budgets(self) -> Sequence[Budget]:
        """The budgets that hold."""

    def windows(self, now: datetime) -> Sequence[WindowUse]:
        """What is used of the windows of a moment."""

    def trace(self, trace_id: str) -> Trace:
        """One whole trace. Raises NotFoundError."""

    def names(self, actors: Iterable[str]) -> Mapping[str, str]:
        """Names of actors by their pseudonyms, as they are known now; erased ones are absent."""

    def any_key(self) -> bool:
        """Whether a key was ever made in the records."""

    def authenticate(self, key: str) -> Acting:
        """Who acts with a key of the records now. Raises NotAuthenticatedError."""

    def ready(self) -> str | None:
        """None when requests can be answered, else one sentence that says why not."""

    def warning(self) -> str | None:
        """One sentence about what is wrong although requests are answered, else None."""

    def lost_traces(self) -> int:
        """How many traces could not be kept, of all processes and ever."""

    def changed_embedders(self) -> int:
        """Of how many live indexes the embedder was not what it was when it was asked last."""

    async def close(self) -> None:
        """Give back what answering holds; called once, after the last request."""
