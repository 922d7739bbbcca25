"""One request on its way: guardrail, retrieval, prompt, budget, cache, model, guardrail, settlement."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import PlimsollError
from plimsoll.models import Attempt, Body, ChatEnd, ChatRequest, Chunks, Completion
from plimsoll.models.answers import pieces
from plimsoll.models.routing import attempts_of
from plimsoll.retrieval import cite
from plimsoll.tracing import Status

from ._cache import CallCache, merged
from ._errors import NotForThisError
from ._events import AnswerDone, AnswerRequest, AnswerStarted
from ._need import in_all
from ._prompted import check_demands, prompted, question_in, retrieve
from ._record import RequestRecord, calls_in, has_calls
from ._runtime import Target
from ._settlement import ChatSettlement
from .guarding import Passing, guard_of
from .paid import payer_for
from .parts import ServeParts

REFUSAL = "the documents do not say"


class Exchange:
    """The steps of one request, in their order: `begin`, then `whole` or `pieces`, and always `end`."""

    def __init__(self, request: AnswerRequest, target: Target, record: RequestRecord, parts: ServeParts) -> None:
        self._request = request
        self._target = target
        self._record = record
        self._parts = parts
        if target.route.model is None:
            raise NotForThisError(target.name, makes_vectors=True)
        self._model = target.route.model
        guard = guard_of(target, request)
        self._payer = payer_for(target.judges, parts, record)
        self._passing = Passing(guard, self._payer)
        # An answer that was made under an exception is for nobody else.
        keeps = target.route.caching is not None and (guard is None or not guard.is_exempted)
        answers = parts.answers if keeps else None
        self._cache = None if answers is None else CallCache(answers, request, target, record)
        self._money = ChatSettlement(request, target.route, parts)
        self._body: Body = request.body
        self._given: Body = request.body
        """What the caller said, as the guardrail let it through: by it answers are kept, whatever the prompt adds."""
        self._asked = False
        self._calling: list[Chunks] = []
        """What went out of tool calls."""
        self._said: dict[str, Json] = {}

    async def begin(self) -> AnswerStarted:
        """Everything before the model is asked. Raises what its steps raise."""
        target = self._target
        check_demands(target, self._body)
        if self._passing.exists:
            # What is stopped leaves nothing of itself in the trace.
            self._record.given, self._record.question = {}, ""
            allowed = await self._passing.messages(self._body, self._request.size_bytes)
            self._body = self._given = self._record.given = allowed
            # Retrieval, prompt and trace use what was let through, and not what was taken out.
            self._record.question = question_in(self._body)
        if target.prompt is not None:
            await self._prompt()
        # A prompt, or a guardrail that took something out, may have made another call of it, which may be longer.
        size_bytes = self._request.size_bytes if self._body is self._request.body else 0
        self._body = await self._money.reserve_call(self._body, size_bytes=size_bytes)
        record = self._record
        record.is_let_in = True
        return AnswerStarted(
            record.trace_id,
            record.release,
            record.release_name,
            record.model,
            await self._passing.shown(record.passages),
            name=target.called(self._request.app),
            requests=self._money.limit("requests"),
            tokens=self._money.limit("tokens"),
        )

    async def whole(self) -> tuple[Body, AnswerDone]:
        """The whole answer: OpenAI's completion, and its end. Raises what the model and the guardrail raise."""
        kept = None if self._cache is None else await self._cache.find(self._given)
        completion = kept or await self._complete()
        if kept is not None:
            self._record.target = kept.end.target or self._record.model
        body = await self._passing.answer(completion.body)
        completion = Completion(body, await self._passing.ended(completion.end))
        if kept is None and self._cache is not None:
            # As it may go out: the guardrail is part of the release by which the answer is found again. And before what
            # the caller had said is put back: the next one who asks the same has said something else.
            self._cache.keep(self._given, completion)
        self._record.add_text(completion.text)
        # Not before: what a guardrail took out must not stand in the trace.
        self._said |= calls_in(body)
        return await self._passing.restored(body), await self._done(completion.end)

    async def pieces(self) -> AsyncGenerator[Chunks | AnswerDone]:
        """The answer as it comes: Chunks…, AnswerDone. Raises as `whole` does."""
        kept = None if self._cache is None else await self._cache.find(self._given)
        is_guarded = self._passing.begin()
        if kept is not None:
            async for chunks in self._replayed(kept):
                yield chunks
            yield await self._done(await self._passing.ended(kept.end))
            return
        with self._record.span(f"chat {self._record.model}", "client") as step:
            step.attributes = self._record.asks(self._body, streamed=True)
            self._asked = True
            async with aclosing(self._model.stream(self._chat())) as events:
                async for event in events:
                    if isinstance(event, ChatEnd):
                        step.attributes |= self._record.ended(event)
                        for told in await self._goes_out(await self._passing.rest(), last=True):
                            yield told
                        step.attributes |= calls_in(merged(self._calling))
                        end = await self._passing.ended(event)
                        if self._cache is not None:
                            self._cache.keep_stream(self._given, end)
                        yield await self._done(end)
                    else:
                        self._money.hear(event, is_guarded=is_guarded)
                        for told in await self._goes_out(await self._passing.pieces(event)):
                            yield told

    async def _goes_out(self, allowed: Chunks | None, *, last: bool = False) -> Sequence[Chunks]:
        """Note what may go out: its text, and pieces of tool calls, which may come together with text.

        What was taken out of the call is put back after that.
        """
        if allowed is not None:
            if has_calls(allowed):
                self._calling.append(allowed)
            if self._cache is not None:
                self._cache.saw(allowed)
            self._record.add_text(allowed.text)
        return await self._passing.told(allowed, last=last)

    async def leave(self) -> None:
        """Give up what checks still ask: its cost belongs to the request."""
        if self._payer is not None:
            await self._payer.close()

    def end(self, raised: BaseException | None) -> None:
        """Settle the budget, whatever happened."""
        record = self._record
        record.guardrails = self._passing.notes
        if isinstance(raised, PlimsollError) and not record.attempts:
            record.attempts = attempts_of(raised)
        left = isinstance(raised, GeneratorExit | asyncio.CancelledError)
        if left and self._asked and not record.attempts:
            record.attempts = (Attempt(record.model, "abandoned", "caller_left", took_ms=record.elapsed_ms),)
        self._money.close_call(record, self._calling)

    async def _prompt(self) -> None:
        record, prompt = self._record, self._target.prompt
        assert prompt is not None  # noqa: S101  # the caller looked, for the type checker
        passages = (*self._request.planted, *await retrieve(self._target.knowledge, record))
        if self._target.knowledge is not None or passages:
            passages = await self._passing.passages(passages)
        record.passages = passages
        with record.span("render prompt") as step:
            step.attributes["gen_ai.prompt.name"] = record.prompt
            self._body = prompted(prompt, self._body, record.question, passages)
            record.messages = self._body["messages"]
            self._passing.is_given(self._body)

    async def _complete(self) -> Completion:
        with self._record.span(f"chat {self._record.model}", "client") as step:
            step.attributes = self._said = self._record.asks(self._body, streamed=False)
            self._asked = True
            completion = await self._model.complete(self._chat())
            step.attributes |= self._record.ended(completion.end)
        return completion

    def _chat(self) -> ChatRequest:
        record = self._record
        searched = self._target.knowledge is not None
        return ChatRequest(self._body, tuple(record.passages), record.question, self._money.costs, searched)

    async def _replayed(self, kept: Completion) -> AsyncGenerator[Chunks]:
        """A kept answer as a stream; guarded like any other, because the guardrail is asked each time."""
        self._record.target = kept.end.target or self._record.model
        for piece in pieces(kept):
            for told in await self._goes_out(await self._passing.pieces(piece)):
                yield told
        for told in await self._goes_out(await self._passing.rest(), last=True):
            yield told

    async def _done(self, end: ChatEnd) -> AnswerDone:
        """Close the record. A model that does not cite or refuse by itself is read for `[n]` and for the refusal."""
        record = self._record
        text = "".join(record.text)
        record.answered = end.answered
        record.citations = end.quotes
        if self._target.knowledge is not None and end.answered is None:
            record.answered = REFUSAL not in text.lower()
            record.citations = await self._passing.quoted(cite(text, record.passages))
        record.complete = True
        record.usage = end.usage
        return AnswerDone(
            text=self._passing.text(text),
            finish_reason=end.finish_reason,
            usage=in_all(end.usage, record.beside),
            citations=tuple(record.citations),
            answered=record.answered,
            span=end.span,
            latency_ms=record.elapsed_ms,
            time_to_first_token_ms=record.time_to_first_token_ms,
            target=record.target,
            model_ms=record.model_ms,
            attempts=end.attempts,
            cached="" if self._cache is None else self._cache.hit,
            guardrails=self._passing.notes,
            probability=end.probability,
        )


def outcome(record: RequestRecord, raised: BaseException | None) -> tuple[Status, str]:
    """How a request ended, and why not well."""
    if raised is None or record.complete:
        return "ok", ""
    if isinstance(raised, GeneratorExit | asyncio.CancelledError):
        return "cancelled", "the caller went away"
    if isinstance(raised, PlimsollError):
        return "error", raised.message
    return "error", f"a fault in Plimsoll ({type(raised).__name__})"
