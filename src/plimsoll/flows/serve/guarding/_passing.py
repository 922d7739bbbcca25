"""A guardrail as the steps of a request ask it; where none is, everything may go on."""

from collections.abc import Sequence

from msgspec.structs import replace

from plimsoll.checks.outside.requests import Inquiry, Payer
from plimsoll.guardrails import STAGES, Stage
from plimsoll.kernel.clock import utc_now
from plimsoll.models import Body, ChatEnd, Chunks, Passage, Quote

from .._events import AnswerRequest, GuardrailNote
from .._runtime import Target
from ..large import beside, said_bytes
from ._guard import Guard
from ._restored import RestoredStream
from ._stream_guard import StreamGuard

_ANSWERED: tuple[Stage, ...] = ("output", "tool_call")


def guard_of(target: Target, request: AnswerRequest) -> Guard | None:
    """The guardrail of an endpoint or a route, as it holds for who asks today; None where it has none."""
    whole = policy = target.guardrail
    if whole is None or policy is None:
        return None
    caller, today = request.caller, utc_now().date()
    for actor in {caller.name, caller.actor}:
        policy = policy.within(actor, target.name, today)
    return Guard(policy, whole)


class Passing:
    """What of one request may go on, step by step. All of it raises GuardrailBlockedError.

    Where a check asks somebody else it is asked in a thread, and so is what is large.
    """

    def __init__(self, guard: Guard | None, payer: Payer | None = None) -> None:
        """`payer` pays for the models that checks ask; without it nobody does."""
        self._guard = guard
        if guard is not None and guard.waits(*STAGES):
            guard.asker.inquiry = Inquiry(payer)
        self._stream: StreamGuard | None = None
        self._back: RestoredStream | None = None
        self._told: list[str] | None = None
        """What the caller gets of the text, where that is not what may go out."""

    @property
    def notes(self) -> tuple[GuardrailNote, ...]:
        """What was found so far."""
        return () if self._guard is None else self._guard.notes

    @property
    def exists(self) -> bool:
        """Whether there is a guardrail."""
        return self._guard is not None

    async def messages(self, body: Body, size_bytes: int) -> Body:
        """A call, as it may go on."""
        guard = self._guard
        if guard is None:
            return body
        waits = guard.waits("input", "tool_result")
        return await beside(guard.messages, body, size_bytes=size_bytes, asker=guard.asker, waits=waits)

    async def inputs(self, body: Body, size_bytes: int) -> Body:
        """A call for vectors, as it may go on. Raises TokensUnreadableError too."""
        guard = self._guard
        if guard is None:
            return body
        return await beside(guard.inputs, body, size_bytes=size_bytes, asker=guard.asker, waits=guard.waits("input"))

    async def passages(self, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        """The passages that may be shown to the model."""
        guard = self._guard
        if guard is None:
            return passages
        size = sum(len(passage.text) for passage in passages)
        return await beside(
            guard.passages, passages, size_bytes=size, asker=guard.asker, waits=guard.waits("retrieved")
        )

    def is_given(self, body: Body) -> None:
        """Take what the model is given."""
        if self._guard is not None:
            self._guard.is_given(body)

    async def shown(self, passages: Sequence[Passage]) -> tuple[Passage, ...]:
        """The passages that may be named to the caller."""
        guard, told = self._guard, tuple(passages)
        if guard is None or not told:
            return told
        return await beside(guard.shown, told, size_bytes=0, asker=guard.asker, waits=guard.waits("output"))

    async def answer(self, body: Body) -> Body:
        """A whole answer, as it may go out."""
        guard = self._guard
        if guard is None:
            return body
        waits = guard.waits(*_ANSWERED)
        return await beside(guard.answer, body, size_bytes=said_bytes(body), asker=guard.asker, waits=waits)

    async def ended(self, end: ChatEnd) -> ChatEnd:
        """The end of an answer with the quotations that may go out."""
        guard = self._guard
        if guard is None:
            return end
        quotes, span = await self._quotes(guard, end.quotes, end.span)
        return end if quotes is end.quotes and span is end.span else replace(end, quotes=quotes, span=span)

    async def quoted(self, quotes: Sequence[Quote]) -> Sequence[Quote]:
        """The quotations that may go out."""
        return quotes if self._guard is None else (await self._quotes(self._guard, tuple(quotes), None))[0]

    async def restored(self, body: Body) -> Body:
        """A whole answer that may go out, with what the caller had said where it was taken out."""
        guard = self._guard
        if guard is None or not guard.restores:
            return body
        told = await beside(guard.returned().whole, body, size_bytes=said_bytes(body), asker=guard.asker)
        choices = told["choices"]
        self._told = [choices[0]["message"].get("content") or ""] if choices else []
        return told

    def begin(self) -> bool:
        """An answer begins to come piece by piece; whether anything may be held back of it."""
        guard = self._guard
        if guard is not None:
            self._stream = guard.stream()
            if guard.restores:
                self._back, self._told = RestoredStream(guard.returned()), []
        return self._stream is not None

    async def pieces(self, chunks: Chunks) -> Chunks | None:
        """What of some pieces may go out now, before what was taken out of the call is put back."""
        guard, stream = self._guard, self._stream
        if guard is None or stream is None:
            return chunks
        size, waits = stream.weight(chunks), guard.waits(*_ANSWERED)
        return await beside(stream.feed, chunks, size_bytes=size, asker=guard.asker, waits=waits)

    async def rest(self) -> Chunks | None:
        """What is still held when the model has said all."""
        guard, stream = self._guard, self._stream
        if guard is None or stream is None:
            return None
        size, waits = stream.held_characters, guard.waits(*_ANSWERED)
        return await beside(StreamGuard.finish, stream, size_bytes=size, asker=guard.asker, waits=waits)

    async def told(self, allowed: Chunks | None, *, last: bool = False) -> Sequence[Chunks]:
        """Pieces that may go out, as the caller gets them; with the `last` ones, what was still held."""
        guard, stream, back = self._guard, self._stream, self._back
        if guard is None or stream is None or back is None or self._told is None:
            return () if allowed is None else (allowed,)
        told = [
            None
            if allowed is None
            else await beside(back.feed, allowed, size_bytes=stream.weight(allowed), asker=guard.asker),
            back.finish() if last else None,
        ]
        out = [chunks for chunks in told if chunks is not None]
        self._told += [chunks.text for chunks in out]
        return out

    def text(self, allowed: str) -> str:
        """The text of an answer as the caller got it."""
        return allowed if self._told is None else "".join(self._told)

    async def _quotes(
        self, guard: Guard, quotes: tuple[Quote, ...], span: str | None
    ) -> tuple[tuple[Quote, ...], str | None]:
        def judged(quotes: tuple[Quote, ...]) -> tuple[tuple[Quote, ...], str | None]:
            return guard.quotes(quotes, span)

        return await beside(judged, quotes, size_bytes=0, asker=guard.asker, waits=guard.waits("output"))
