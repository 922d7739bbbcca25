"""What a translator reads and writes: one HTTP request, one answer, one refusal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from ..._types import Body, Usage

JSON_HEADER: Final = ("content-type", "application/json")

MOST_EVENT_BYTES: Final = 8_388_608
"""The longest event of a stream that is read: pictures in answers come in one."""

Kind = Literal["denied", "quota", "missing", "rejected", "too_long", "refused", "busy", "down"]
"""What a server meant by its refusal: the key is wrong; the account is used up; it has no such model; the request is
wrong; it is more than the model can read; it is content that the model does not treat; there is too much traffic; the
server is broken, or too slow."""


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP POST, in the provider's form."""

    path: str
    """What follows the address of the server, with its query; every name in it is escaped once."""
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    answer_tool: str = ""
    """The tool whose input is the answer, where the provider knows no other way to promise JSON."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about an answer beside its text."""

    usage: Usage | None = None
    """None when the server did not say, or said something that is no count."""
    finish_reason: str = ""
    """In OpenAI's words; empty as long as the answer is not whole."""
    model: str = ""
    service_tier: str = ""
    """The treatment that the server says it gave; empty where it does not say."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a server said instead of an answer."""

    kind: Kind
    status: int
    said: str
    retry_after_s: float | None = None


class RefusedError(Exception):
    """A refusal that came as an answer, or in the middle of one. It never leaves this room."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.kind)
        self.refusal = refusal


class NonsenseError(Exception):
    """What came is no answer in the provider's form. It never leaves this room; `args[0]` says what is wrong."""


class StreamReader(Protocol):
    """One streamed answer as far as it has come: bytes in, chunks in OpenAI's form out."""

    @property
    def facts(self) -> Facts:
        """What is known so far."""

    @property
    def is_whole(self) -> bool:
        """Whether all text is there; usage may still come."""

    @property
    def is_done(self) -> bool:
        """Whether the server said that nothing comes any more."""

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """Chunks that became complete with these bytes. Raises RefusedError or NonsenseError."""

    def close(self) -> list[dict[str, Any]]:
        """Chunks that were not ended when the bytes did. Raises RefusedError or NonsenseError."""


class Translator(Protocol):
    """Speaks one provider's form. It keeps nothing between calls and touches no network."""

    def call(self, body: Body, *, streams: bool) -> Call:
        """The request for a call in OpenAI's form. Raises UntranslatableError."""

    def whole(self, raw: bytes, call: Call) -> tuple[dict[str, Any], Facts]:
        """A whole answer in OpenAI's form. Raises RefusedError or NonsenseError."""

    def reader(self, call: Call) -> StreamReader:
        """Reads the streamed answer to `call`."""

    def refusal(self, status: int, headers: Mapping[str, str], raw: bytes) -> Refusal:
        """What an answer with another status than 200 means; header names are in lower case."""
