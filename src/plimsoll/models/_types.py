"""The ports of the model layer, and the values that pass through them.

Values that are made for every call, or for every token, are structs: making a frozen dataclass takes ten times as long.
They are left out of the cycle collector (`gc=False`), because nothing that they hold ever refers back to them.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Json

Role = Literal["system", "user", "assistant"]
Body = Mapping[str, Any]
"""A JSON object in OpenAI's form: a request, an answer or a chunk of one."""


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


class ChatRequest(msgspec.Struct, frozen=True, gc=False):
    """What a chat model is asked.

    `passages` are also written into the messages by the prompt; a model that reads passages as such (the extractive
    reader) takes them from here, every other model ignores them.
    """

    body: Body
    """The call as OpenAI's chat completions take it, without `model`, `stream` and `stream_options`: `messages`,
    `tools`, `response_format`, sampling parameters, and what only some providers know. It is never changed."""
    passages: tuple[Passage, ...] = ()
    question: str = ""
    """The bare question, without what the prompt wraps around it; empty means the last user message."""
    costs: "CallCosts | None" = None
    """Where a route writes down what its tries cost; None where nobody wants to know."""
    searched: bool = False
    """Whether documents were searched for `passages`: then none means that nothing was found."""

    @classmethod
    def of(
        cls,
        messages: Sequence[Message],
        parameters: Mapping[str, Json] | None = None,
        *,
        passages: tuple[Passage, ...] = (),
        question: str = "",
    ) -> "ChatRequest":
        """A call with messages of text alone; `parameters` are in OpenAI's names."""
        return cls({**(parameters or {}), "messages": [asdict(message) for message in messages]}, passages, question)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The conversation as text: of content in parts only the text is left, and what a tool said is the user's."""
        return tuple(_as_text(message) for message in self.body["messages"])


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


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one model call; `cost_usd` is None when no price is known, which is not the same as free."""

    input_tokens: int
    """All of them, also those from the provider's cache and those written into it."""
    output_tokens: int
    """All of them, also those of reasoning."""
    cost_usd: float | None = None
    estimated: bool = False
    """True when the provider sent no usage and the tokens were counted here."""
    cached_tokens: int = 0
    """Input tokens that the provider read from its cache."""
    cache_write_tokens: int = 0
    """Input tokens that the provider wrote into its cache."""
    reasoning_tokens: int = 0
    audio_input_tokens: int = 0
    audio_output_tokens: int = 0
    cache_write_hour_tokens: int = 0
    """Of those that were written into the cache, the ones that it keeps for an hour and not for minutes."""
    web_searches: int = 0
    """What the provider searched for by itself; it bills each beside the tokens."""
    unpriced: bool = False
    """Whether something was billed for which there is no price: then the cost of the whole is unknown."""

    def plus(self, other: "Usage") -> "Usage":
        """Both together; one unknown cost makes the sum unknown."""
        unknown = self.cost_usd is None or other.cost_usd is None
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cost_usd=None if unknown else (self.cost_usd or 0.0) + (other.cost_usd or 0.0),
            estimated=self.estimated or other.estimated,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            audio_input_tokens=self.audio_input_tokens + other.audio_input_tokens,
            audio_output_tokens=self.audio_output_tokens + other.audio_output_tokens,
            cache_write_hour_tokens=self.cache_write_hour_tokens + other.cache_write_hour_tokens,
            web_searches=self.web_searches + other.web_searches,
            unpriced=self.unpriced or other.unpriced,
        )


class CallCosts:
    """Kept from the first try of a call to its settlement, whatever ends it.

    A route begins each try here. A try that was answered is `paid`; one that a server refused, or that never reached
    one, is `refused` and costs nothing. What is neither, because it broke off, was given up or still runs, is
    `unknown`: its server may bill for it, and nobody says how much.
    """

    __slots__ = ("_more", "_room", "paid", "unknown")

    def __init__(self, covered: int = 1, more: Callable[[], Awaitable[bool]] | None = None) -> None:
        """`covered` tries may cost as much as they can; for each further one `more` is asked, where it is given."""
        self.paid: list[Usage] = []
        self.unknown = 0
        self._room = covered
        self._more = more

    async def admit(self) -> bool:
        """Whether there is money for another try."""
        if self._room > 0 or self._more is None:
            return True
        if not await self._more():
            return False
        self._room += 1
        return True

    @property
    def has_room(self) -> bool:
        """Whether another try is covered already."""
        return self._room > 0 or self._more is None

    def end(self) -> None:
        """No try comes any more."""
        self._more = None

    def begin(self) -> None:
        """A target is asked."""
        self.unknown += 1
        self._room -= 1

    def pay(self, usage: Usage) -> None:
        """A try was answered."""
        self.unknown -= 1
        self.paid.append(usage)

    def refuse(self) -> None:
        """A try cost nothing."""
        self.unknown -= 1
        self._room += 1


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """One decision of a route: a target that was asked, or passed over, and why."""

    target: str
    """The target's model, such as `openai/gpt-4.1-mini`."""
    outcome: Literal["ok", "failed", "skipped", "abandoned", "escalated"]
    """`skipped`: not asked at all; `abandoned`: another one was faster; `escalated`: its answer failed the check."""
    why: str = ""
    """The code of the error, or why it was passed over: `breaker_open`, `no_budget`, `hedged`, a check's name."""
    began_ms: float = 0.0
    """Milliseconds since the route was asked."""
    took_ms: float = 0.0


class Chunks(msgspec.Struct, frozen=True, gc=False):
    """What of an answer arrived together: one or more of OpenAI's `chat.completion.chunk` objects.

    Only `choices` is sure to be there. Nobody changes a chunk that somebody else made.
    """

    chunks: tuple[Body, ...]

    @property
    def text(self) -> str:
        """The text that they add to the first choice."""
        return "".join(_delta_texts(self.chunks))


class ChatEnd(msgspec.Struct, frozen=True, gc=False):
    """The last event of every answer."""

    usage: Usage
    finish_reason: str = "stop"
    """Of the first choice, in OpenAI's words: stop, length, tool_calls, content_filter."""
    model: str = ""
    """The model that the provider says it used."""
    quotes: tuple[Quote, ...] = ()
    """Exact quotations, from a model that makes them."""
    answered: bool | None = None
    """False when the model says that the passages do not answer; None when it does not tell."""
    span: str | None = None
    """The shortest stretch of the quotation that answers by itself, where the model points one out."""
    probability: float | None = None
    """That the passages answer, from 0 to 1, where the model was calibrated to say it."""
    target: str = ""
    """The model of the route that answered, such as `openai/gpt-4.1-mini`; empty where the model is no route."""
    attempts: tuple[Attempt, ...] = ()
    """What the route decided, in order; empty where the model is no route."""


ChatEvent = Chunks | ChatEnd


class Completion(msgspec.Struct, frozen=True, gc=False):
    """A whole answer at once."""

    body: Body
    """OpenAI's `chat.completion` as the provider sent it, or in its form; `choices` is sure to be there."""
    end: ChatEnd

    @property
    def text(self) -> str:
        """The text of the first choice."""
        choices = self.body["choices"]
        return (choices[0]["message"].get("content") or "") if choices else ""


class ChatModel(Protocol):
    """A model that answers."""

    @property
    def name(self) -> str:
        """The route's name for it, such as `builtin/reader` or `openai/gpt-4.1-mini`."""

    async def complete(self, request: ChatRequest) -> Completion:
        """The whole answer. Raises UnavailableError, InvalidError or DeniedError (families of the kernel)."""

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """Any number of Chunks, then exactly one ChatEnd. Raises as `complete` does; closing it ends the call."""

    async def close(self) -> None:
        """Give back connections."""


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors for some texts, in their order."""

    vectors: tuple[Sequence[float], ...]
    usage: Usage
    model: str = ""


class EmbeddingModel(Protocol):
    """Turns texts, or token ids, into vectors over the network; `Embedder` is the one that indexes use."""

    @property
    def name(self) -> str:
        """The route's name for it, such as `openai/text-embedding-3-small`."""

    async def embed_texts(self, inputs: Sequence[str] | Sequence[Sequence[int]], parameters: Body) -> Embeddings:
        """One vector for each input; `parameters` are OpenAI's: `dimensions`, `user`. Raises as ChatModel does."""

    async def close(self) -> None:
        """Give back connections."""


def text_piece(text: str) -> Chunks:
    """The event that adds `text` to the first choice."""
    return Chunks(({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},))


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


def _delta_texts(chunks: Sequence[Body]) -> Iterator[str]:
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice.get("index", 0) == 0:
                yield (choice.get("delta") or {}).get("content") or ""


def _as_text(message: Body) -> Message:
    role = message["role"]
    kept: Role = "system" if role in {"system", "developer"} else "assistant" if role == "assistant" else "user"
    content = message.get("content") or ""
    if isinstance(content, str):
        return Message(kept, content)
    return Message(kept, "\n".join(part.get("text") or "" for part in content if part.get("type") == "text"))
