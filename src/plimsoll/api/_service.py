"""What the HTTP door needs from the platform: the port that the composition root fills."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from plimsoll.access import Acting
from plimsoll.flows.serve import AnswerEvent, AnswerRequest
from plimsoll.releases.environments import Environment, EnvironmentMove
from plimsoll.tracing import Trace, TraceSummary


@dataclass(frozen=True, slots=True)
class ServedModel:
    """An endpoint that can be called now in one environment."""

    id: str
    """What callers write as `model`: `app/endpoint`."""
    app: str
    endpoint: str
    created: datetime
    """When the release that serves it was made."""
    release_name: str
    environment: str


class Service(Protocol):
    """The platform behind the door. The plain methods do small reads and are called in a worker thread."""

    def stream(self, request: AnswerRequest) -> AsyncIterator[AnswerEvent]:
        """Answer: one AnswerStarted, any number of AnswerText, one AnswerDone.

        Raises errors of the kernel's families, before the first event or after any. Closing the iterator before its
        end means that the client went away.
        """

    def models(self) -> Sequence[ServedModel]:
        """Every endpoint of every live release, once for each environment that serves it."""

    def environments(self) -> Sequence[Environment]:
        """All environments, also those where nothing is live."""

    def moves(self, limit: int) -> Sequence[EnvironmentMove]:
        """The latest moves of all environments, newest first."""

    def recent_traces(self, limit: int) -> Sequence[TraceSummary]:
        """The latest traces, newest first."""

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

    async def close(self) -> None:
        """Give back what answering holds; called once, after the last request."""
