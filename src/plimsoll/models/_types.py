"""The ports of the model layer, and the values that pass through them."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Json

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that was retrieved for a question, as a model sees it."""

    id: str
    document: str
    """Path of the document inside its source, such as `contracts/acme.pdf`."""
    title: str
    page: int
    start: int
    """First character of `text` in the document's text."""
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a chat model is asked.

    `passages` are also written into `messages` by the prompt; a model that reads passages as such (the extractive
    reader) takes them from here, every other model ignores them.
    """

    messages: tuple[Message, ...]
    passages: tuple[Passage, ...] = ()
    parameters: Mapping[str, Json] = field(default_factory=dict)
    """Sampling parameters in OpenAI's names, such as `temperature` and `max_tokens`."""
    question: str = ""
    """The bare question, without what the prompt wraps around it; empty means the last user message."""


@dataclass(frozen=True, slots=True)
class Quote:
    """An exact quotation: `text` stands in `document` at characters `start` to `end`, on `page`."""

    marker: int
    """The number in square brackets by which the answer refers to it; the passage's place in the request, from 1."""
    passage_id: str
    document: str
    page: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one model call; `cost_usd` is None when no price is known, which is not the same as free."""

    input_tokens: int
    output_tokens: int
    cost_usd: float | None = None
    estimated: bool = False
    """True when the provider sent no usage and the tokens were counted here."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class ChatEnd:
    """The last event of every answer."""

    usage: Usage
    finish_reason: str = "stop"
    """In OpenAI's words: stop, length, content_filter."""
    model: str = ""
    """The model that the provider says it used."""
    quotes: tuple[Quote, ...] = ()
    """Exact quotations, from a model that makes them."""
    answered: bool | None = None
    """False when the model says that the passages do not answer; None when it does not tell."""
    span: str | None = None
    """The shortest stretch of the quotation that answers by itself, where the model points one out."""


ChatEvent = TextDelta | ChatEnd


class ChatModel(Protocol):
    """A model that answers. `stream` yields any number of TextDelta and then exactly one ChatEnd, or raises."""

    @property
    def name(self) -> str:
        """The route's name for it, such as `builtin/reader` or `openai/gpt-4.1-mini`."""

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Answer piece by piece. Raises UnavailableError, InvalidError or DeniedError (families of the kernel)."""

    async def close(self) -> None:
        """Give back connections."""


class Embedder(Protocol):
    """Turns texts into vectors of one length."""

    @property
    def name(self) -> str:
        """Such as `builtin/static`."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get another vector; part of cache keys and of index versions."""

    @property
    def dimension(self) -> int:
        """Length of each vector."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension); a text without any known token gives the zero vector."""
