"""From what the platform tells to OpenAI's objects."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from plimsoll.flows.serve import AnswerDone, AnswerStarted
from plimsoll.models import Passage, Quote, Usage

from ._wire import (
    ChatCompletionOut,
    ChoiceOut,
    ChunkChoiceOut,
    ChunkOut,
    CitationOut,
    DeltaOut,
    MessageOut,
    PassageOut,
    PlimsollOut,
    UsageOut,
)

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Reply:
    """Writes the answer to one request: whole, or piece by piece as server-sent events."""

    started: AnswerStarted
    model: str
    """The id of the endpoint, `app/endpoint`."""
    created: int
    """Seconds since 1970; the same in every chunk."""
    include_usage: bool = False

    def headers(self) -> dict[str, str]:
        """What is known as soon as the answer begins."""
        return {
            "x-request-id": self.started.trace_id,
            "x-plimsoll-trace": self.started.trace_id,
            "x-plimsoll-release": self.started.release,
            "x-plimsoll-release-name": self.started.release_name,
        }

    def whole(self, done: AnswerDone) -> bytes:
        """The `chat.completion` object."""
        return _encode(
            ChatCompletionOut(
                id=self._id,
                created=self.created,
                model=self.model,
                choices=(ChoiceOut(MessageOut(done.text), done.finish_reason),),
                usage=_usage(done.usage),
                system_fingerprint=self.started.release_name,
                plimsoll=self._facts(done),
            )
        )

    def first_chunk(self) -> bytes:
        """The event that opens the message."""
        return self._event(ChunkChoiceOut(DeltaOut(role="assistant", content="")))

    def text_chunk(self, text: str) -> bytes:
        """The event for the next piece of text."""
        return self._event(ChunkChoiceOut(DeltaOut(content=text)))

    def last_chunks(self, done: AnswerDone) -> bytes:
        """The events that close the message, up to `[DONE]`."""
        finish = self._event(ChunkChoiceOut(DeltaOut(), done.finish_reason), plimsoll=self._facts(done))
        usage = self._event(None, usage=_usage(done.usage)) if self.include_usage else b""
        return finish + usage + b"data: [DONE]\n\n"

    @property
    def _id(self) -> str:
        return f"chatcmpl-{self.started.trace_id}"

    def _event(
        self,
        choice: ChunkChoiceOut | None,
        *,
        usage: UsageOut | None = None,
        plimsoll: PlimsollOut | UnsetType = UNSET,
    ) -> bytes:
        chunk = ChunkOut(
            id=self._id,
            created=self.created,
            model=self.model,
            choices=(choice,) if choice else (),
            system_fingerprint=self.started.release_name,
            usage=usage if self.include_usage else UNSET,
            plimsoll=plimsoll,
        )
        return b"data: " + _encode(chunk) + b"\n\n"

    def _facts(self, done: AnswerDone) -> PlimsollOut:
        return PlimsollOut(
            release=self.started.release,
            release_name=self.started.release_name,
            trace=self.started.trace_id,
            model=self.started.model,
            answered=done.answered,
            span=done.span,
            citations=[_citation(quote) for quote in done.citations],
            passages=[_passage(passage) for passage in self.started.passages],
            cost_usd=done.usage.cost_usd,
            latency_ms=done.latency_ms,
        )


def cost_header(done: AnswerDone) -> Mapping[str, str]:
    """The cost, if it is known: an unknown price is not zero."""
    cost_usd = done.usage.cost_usd
    return {} if cost_usd is None else {"x-plimsoll-cost-usd": f"{cost_usd:.10f}".rstrip("0").rstrip(".")}


def _usage(usage: Usage) -> UsageOut:
    return UsageOut(usage.input_tokens, usage.output_tokens, usage.input_tokens + usage.output_tokens)


def _citation(quote: Quote) -> CitationOut:
    return CitationOut(quote.marker, quote.document, quote.page, quote.start, quote.end, quote.text)


def _passage(passage: Passage) -> PassageOut:
    return PassageOut(passage.id, passage.document, passage.page, passage.score)
