"""The extractive reader as a chat model."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable

from ..._types import ChatEnd, ChatEvent, ChatRequest, Completion, Embedder, Usage, text_piece
from ._answer import Answer, answer
from ._given import given_text, question_of
from ._weights import load_weights

NAME = "builtin/reader"

_PIECE = re.compile(r"[^\n]*\n*")


class ReaderModel:
    """Answers from `request.passages` with exact quotations and citation markers, or says that they do not answer.

    Where no documents were searched, it reads a text that the message brings along, see `_given`.

    Tokens are counted with the tokenizer that is at hand, exactly; the cost is 0.
    """

    name: str = NAME

    @property
    def fingerprint(self) -> str:
        """Name, embedder, and the digest of the fitted weights: two readers with one fingerprint answer alike."""
        return f"{NAME}/{self._embedder.fingerprint}/{load_weights().digest}"

    def __init__(self, *, embedder: Embedder, count_tokens: Callable[[str], int]) -> None:
        self._embedder = embedder
        self._count_tokens = count_tokens

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent]:
        """The answer, line by line, and its end. Raises TextTooLongError, and what the embedder raises."""
        # In a thread, so that reading long passages does not hold up other requests.
        said, usage = await asyncio.to_thread(self._read, request)
        for piece in _PIECE.findall(said.text):
            if piece:
                yield text_piece(piece)
        yield _end(said, usage)

    async def complete(self, request: ChatRequest) -> Completion:
        """The whole answer. Raises as `stream` does."""
        said, usage = await asyncio.to_thread(self._read, request)
        message = {"role": "assistant", "content": said.text}
        return Completion({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}, _end(said, usage))

    async def close(self) -> None:
        """Nothing to give back."""

    def _read(self, request: ChatRequest) -> tuple[Answer, Usage]:
        given = given_text(request)
        if given is None:
            said = answer(question_of(request), request.passages, self._embedder.embed)
        else:
            asked, text = given
            said = answer(asked, (text,), self._embedder.embed)
        usage = Usage(
            input_tokens=sum(self._count_tokens(message.content) for message in request.messages),
            output_tokens=self._count_tokens(said.text),
            cost_usd=0.0,
        )
        return said, usage


def _end(said: Answer, usage: Usage) -> ChatEnd:
    return ChatEnd(
        usage=usage,
        model=NAME,
        quotes=said.quotes,
        answered=said.answered,
        span=said.span,
        probability=None if said.probability is None else round(said.probability, 4),
    )
