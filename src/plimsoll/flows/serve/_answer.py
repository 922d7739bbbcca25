"""One request, from the question to the answer. The evaluation calls the same function as the server."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import InvalidError, PlimsollError
from plimsoll.kernel.ids import new_trace_id
from plimsoll.models import ChatEnd, ChatRequest, Message, Passage, TextDelta
from plimsoll.prompts import render
from plimsoll.retrieval import Hit, cite
from plimsoll.tracing import Status

from ._events import Answer, AnswerDone, AnswerEvent, AnswerRequest, AnswerStarted, AnswerText
from ._parts import ServeParts
from ._record import RequestRecord
from ._runtime import Endpoint, Knowledge, RuntimePool

REFUSAL = "the documents do not say"


class QuestionMissingError(InvalidError):
    """The conversation does not end with a question."""

    code = "question_missing"

    def __init__(self) -> None:
        super().__init__("the last message has no text from the user", hint="end `messages` with the user's question")


class Answering:
    """Answers requests from releases, and records a trace of each."""

    def __init__(self, parts: ServeParts) -> None:
        self._parts = parts
        self._pool = RuntimePool(parts)

    async def stream(self, request: AnswerRequest) -> AsyncGenerator[AnswerEvent]:
        """Answer piece by piece: AnswerStarted, AnswerText…, AnswerDone.

        Every request that reaches a release is recorded, whether it ends well, fails, or is given up by the caller.
        Raises the families of the kernel.
        """
        question = _question(request)
        trace_id = request.trace_id or new_trace_id()
        release = request.release or await self._choose(request, trace_id)
        record = RequestRecord(request=request, release=release, question=question, trace_id=trace_id)
        try:
            async with self._pool.use(release) as runtime:
                endpoint = runtime.endpoint(request.endpoint)
                record.release_name = runtime.manifest.name
                record.model, record.prompt = endpoint.model.name, endpoint.prompt_label
                async with aclosing(_answer(request, endpoint, record)) as events:
                    async for event in events:
                        yield event
        finally:
            status, error = _outcome(record, sys.exception())
            self._parts.recorder.record(record.to_trace(status, error))

    async def answer(self, request: AnswerRequest) -> Answer:
        """The whole answer at once. Raises what `stream` raises."""
        events = [event async for event in self.stream(request)]
        started, done = events[0], events[-1]
        assert isinstance(started, AnswerStarted)  # noqa: S101  # the stream's contract, for the type checker
        assert isinstance(done, AnswerDone)  # noqa: S101  # the stream's contract, for the type checker
        return Answer(started, done)

    async def close(self) -> None:
        """Give back what loaded releases hold."""
        await self._pool.close()

    async def _choose(self, request: AnswerRequest, trace_id: str) -> Digest:
        """The live release or the candidate: always the same for one user, or for one key that names no user."""
        key = request.caller.user or request.caller.actor or trace_id
        return await asyncio.to_thread(self._parts.environments.choose, request.app, request.environment, key)


async def _answer(request: AnswerRequest, endpoint: Endpoint, record: RequestRecord) -> AsyncGenerator[AnswerEvent]:
    passages = await _retrieve(endpoint.knowledge, record)
    yield AnswerStarted(record.trace_id, record.release, record.release_name, record.model, passages)
    with record.span("render prompt") as step:
        step.attributes["gen_ai.prompt.name"] = record.prompt
        rendered = render(endpoint.prompt, question=record.question, passages=passages)
        messages = _conversation(request.messages[:-1], rendered)
        record.messages = messages
    parameters: dict[str, Json] = {**endpoint.prompt.parameters, **request.parameters}
    chat = ChatRequest(messages, passages, parameters, question=record.question)
    with record.span(f"chat {record.model}") as step:
        async with aclosing(endpoint.model.stream(chat)) as events:
            async for event in events:
                if isinstance(event, TextDelta):
                    record.add_text(event.text)
                    yield AnswerText(event.text)
                else:
                    step.attributes |= _chat_attributes(record, event)
                    yield _done(record, event, grounded=endpoint.knowledge is not None)


async def _retrieve(knowledge: Knowledge | None, record: RequestRecord) -> tuple[Passage, ...]:
    if knowledge is None:
        return ()
    with record.span(f"retrieval {knowledge.name}") as step:
        hits = await asyncio.to_thread(knowledge.index.search, record.question, knowledge.settings)
        step.attributes |= {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.data_source.id": knowledge.name,
            "gen_ai.retrieval.query.text": record.question,
            "gen_ai.retrieval.documents": [_document(hit) for hit in hits],
        }
    record.passages = tuple(hit.passage for hit in hits)
    return record.passages


def _document(hit: Hit) -> Json:
    return {
        "id": hit.passage.id,
        "score": hit.passage.score,
        "plimsoll.vector_score": hit.vector_score,
        "plimsoll.text_score": hit.text_score,
    }


def _chat_attributes(record: RequestRecord, end: ChatEnd) -> dict[str, Json]:
    provider, _, model = record.model.partition("/")
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.response.model": end.model or model,
        "gen_ai.response.finish_reasons": [end.finish_reason],
        "gen_ai.usage.input_tokens": end.usage.input_tokens,
        "gen_ai.usage.output_tokens": end.usage.output_tokens,
        "gen_ai.response.time_to_first_chunk": _seconds(record.time_to_first_token_ms),
    }


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 6)


def _done(record: RequestRecord, end: ChatEnd, *, grounded: bool) -> AnswerDone:
    """Close the record. A model that does not cite or refuse by itself is read for `[n]` and for the refusal."""
    text = "".join(record.text)
    record.complete = True
    record.usage = end.usage
    record.answered = end.answered
    record.citations = end.quotes
    if grounded and end.answered is None:
        record.answered = REFUSAL not in text.lower()
        record.citations = cite(text, record.passages)
    return AnswerDone(
        text=text,
        finish_reason=end.finish_reason,
        usage=end.usage,
        citations=tuple(record.citations),
        answered=record.answered,
        span=end.span,
        latency_ms=record.elapsed_ms,
        time_to_first_token_ms=record.time_to_first_token_ms,
    )


def _outcome(record: RequestRecord, raised: BaseException | None) -> tuple[Status, str]:
    if raised is None or record.complete:
        return "ok", ""
    if isinstance(raised, GeneratorExit | asyncio.CancelledError):
        return "cancelled", "the caller went away"
    if isinstance(raised, PlimsollError):
        return "error", raised.message
    return "error", f"a fault in Plimsoll ({type(raised).__name__})"


def _question(request: AnswerRequest) -> str:
    last = request.messages[-1] if request.messages else Message("user", "")
    if last.role != "user" or not last.content.strip():
        raise QuestionMissingError
    return last.content.strip()


def _conversation(before: Sequence[Message], rendered: Sequence[Message]) -> tuple[Message, ...]:
    """The prompt's system text stands first, then the turns before, then the prompt's user text."""
    system = [message for message in rendered if message.role == "system"]
    question = [message for message in rendered if message.role != "system"]
    return (*system, *before, *question)
