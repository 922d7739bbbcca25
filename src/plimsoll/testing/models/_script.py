"""What a scripted server says, in no provider's form: answers, refusals and what was asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

RefusalKind = Literal[
    "denied", "rejected", "unknown_model", "too_long", "refused", "busy", "overloaded", "down", "late"
]
"""The key is wrong; the request is wrong; there is no such model; it is too long; its content is refused; too many
requests; too much traffic for everybody; a fault of the server; the server ran out of time."""

Shape = Literal["whole", "stream"]


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """A call of a tool that the model makes."""

    id: str
    name: str
    arguments: str
    """A JSON object as text."""


@dataclass(frozen=True, slots=True)
class ScriptedUsage:
    """Tokens as OpenAI counts them: input with everything that a cache held, output with all reasoning."""

    input: int = 11
    output: int = 7
    cached: int = 0
    written: int = 0
    reasoning: int = 0


_USAGE = ScriptedUsage()


@dataclass(frozen=True, slots=True)
class ScriptedAnswer:
    """One answer of a model."""

    text: str = "Hello."
    pieces: tuple[str, ...] = ()
    """How a stream cuts the text; empty means one piece for each word."""
    calls: tuple[ScriptedCall, ...] = ()
    thinking: str = ""
    signature: str = ""
    finish: str = "stop"
    """In OpenAI's words."""
    usage: ScriptedUsage | None = _USAGE
    """None: the server does not tell."""
    choices: int = 1
    """The same answer so many times."""
    model: str = "scripted-1"

    @property
    def cut(self) -> tuple[str, ...]:
        """The text as a stream sends it."""
        if self.pieces or not self.text:
            return self.pieces
        words = self.text.split(" ")
        return tuple(word if last else word + " " for last, word in zip(_lasts(words), words, strict=True))


def _lasts(words: list[str]) -> list[bool]:
    return [number == len(words) - 1 for number in range(len(words))]


@dataclass(frozen=True, slots=True)
class ScriptedRefusal:
    """What a server says instead of an answer."""

    kind: RefusalKind
    said: str = "no, thank you"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """One request as the scripted server saw it."""

    method: str
    path: str
    """With its query, as it came on the wire."""
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: Any
    """The JSON of its body; None when it has none."""


@dataclass(frozen=True, slots=True)
class Wired:
    """An HTTP answer in a provider's form."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Wire(Protocol):
    """The form of one provider, from the server's side."""

    name: str

    def shape(self, asked: Received) -> Shape:
        """Whether a whole answer or a stream is wanted."""

    def model(self, asked: Received) -> str:
        """The model that the request names."""

    def whole(self, answer: ScriptedAnswer, asked: Received) -> Wired:
        """A whole answer."""

    def stream_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of a streamed answer."""

    def events(self, answer: ScriptedAnswer, asked: Received) -> list[bytes]:
        """A streamed answer as events; the last one ends it."""

    def refusal(self, refusal: ScriptedRefusal) -> Wired:
        """A refusal with its status."""

    def error_event(self, refusal: ScriptedRefusal) -> bytes:
        """A refusal in the middle of a stream."""
