"""What a wire format is to the rest of the door: how it reads a request, and how it writes the answer.

The format of one company's API is a `Dialect`. Everything else (who may call, the budget, when the first byte goes out,
what happens when a client leaves) is the same for all of them, in `_exchange.py`.
"""

from typing import Any, Protocol

from msgspec import Struct

from plimsoll.flows.serve import Answer, AnswerDone, AnswerStarted, Surface
from plimsoll.models import Body, Chunks

from ._problems import Problem


class Asked(Struct, frozen=True):
    """A request, read."""

    target: str
    """What the caller wrote as `model`."""
    body: Body
    """The call as OpenAI's chat completions take it, without `model`, `stream` and `stream_options`."""
    stream: bool
    users: tuple[tuple[str, str], ...] = ()
    """Fields that may name the person for whom the caller asks; the first that is not empty counts."""
    echo: Any = None
    """What the dialect wants back when it writes the answer; nobody else reads it."""


class ReplyWriter(Protocol):
    """Writes the answer to one request: `whole`, or `opening`, `pieces`…, then `closing` or `broken`."""

    def whole(self, answer: Answer) -> bytes:
        """The body of an answer that is not streamed."""

    def opening(self) -> bytes:
        """The events that begin a stream; may be empty."""

    def pieces(self, chunks: Chunks) -> bytes:
        """The events for what arrived together."""

    def closing(self, done: AnswerDone) -> bytes:
        """The events that end a stream well."""

    def broken(self, problem: Problem) -> bytes:
        """The event that tells of an error after the stream began."""


class Dialect(Protocol):
    """One wire format."""

    @property
    def surface(self) -> Surface:
        """Its name in traces."""

    def read(self, body: bytes) -> Asked:
        """The request in `body`. Raises MalformedBodyError, FieldError and UnsupportedFieldError."""

    def reply(self, asked: Asked, started: AnswerStarted, created: int) -> ReplyWriter:
        """A writer for the answer; `created` is in seconds since 1970."""
