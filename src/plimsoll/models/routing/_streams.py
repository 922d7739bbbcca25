"""The streams of a route: passed on as they come, or read whole and checked first."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing

from plimsoll.kernel.errors import PlimsollError

from .._errors import ProviderUnavailableError
from .._types import ChatEnd, ChatEvent, ChatModel, ChatRequest, Chunks, Usage
from ._call import Call
from ._checks import Said, failed_check
from ._failure import may_be_billed
from ._stream import Stream
from ._types import Check
from ._usage import routed_end
from ._wait import InterruptedWaitError
from ._whole import Found, Whole

_Read = tuple[list[Chunks], ChatEnd]
"""A stream that was read to its end before anything of it was sent."""


async def through(call: Call[ChatModel], request: ChatRequest, paid: Iterable[Usage] = ()) -> AsyncGenerator[ChatEvent]:
    """The first stream that speaks, piece by piece; `paid` were answers that are not sent."""
    stream, opened = Stream(call, request), None
    call.route.deadlines.add(stream.wait, call.began)
    try:
        opened = await stream.open()
        for held in opened.held[:-1]:
            yield held
        event = opened.held[-1]
        wait, following = stream.wait, opened.events.__anext__
        last: list[Chunks] = []
        waits = call.costs is not None and request.body.get("n") in (None, 1)
        while isinstance(event, Chunks):
            if last or (waits and _is_last(event)):
                last.append(event)
            else:
                yield event
            # Written out, because it is done for every token.
            try:
                wait.begin()
                event = await following()
                wait.end()
            except (PlimsollError, InterruptedWaitError, StopAsyncIteration, asyncio.CancelledError) as error:
                raise stream.broken(opened, error) from None
        opened.tried.succeed(whole=False)
        opened.tried.pay(event.usage)
        opened.tried.record("ok")
        for piece in last:
            yield piece
        yield routed_end(event, call, opened.tried, paid, hedged=stream.hedged)
    finally:
        call.route.deadlines.remove(stream.wait)
        await stream.close(opened)


def _is_last(event: Chunks) -> bool:
    """Whether an answer ends with an event: it is passed on when its usage is known, because many leave after it."""
    choices = event.chunks[-1]["choices"]
    return bool(choices) and choices[0].get("finish_reason") is not None


async def checked(call: Call[ChatModel], request: ChatRequest, checks: Sequence[Check]) -> AsyncGenerator[ChatEvent]:
    """The answers of all targets but the last are read whole and checked before anything of them is sent.

    The last target is passed on as it speaks. When it fails before, the last answer that failed its check is sent.
    """

    async def read(model: ChatModel) -> _Read:
        return await _read(model, request)

    def check(answer: _Read) -> str | None:
        return failed_check(request, Said.of_pieces(*answer), checks)

    cheap = Whole(call, read, lambda answer: answer[1].usage, check=check)
    found = await cheap.search(leave=1)
    if found is None or not found.passed:
        better = through(call, request, [end.usage for _, end in cheap.rejected])
        async with aclosing(better):
            first = await _first(better, instead=found is not None)
            if first is not None:
                yield first
                async for event in better:
                    yield event
                return
    if found is not None:
        for event in _kept(call, cheap, found):
            yield event


async def _first(events: AsyncGenerator[ChatEvent], *, instead: bool) -> ChatEvent | None:
    """The first event of a stream; None when it fails and there is something to be sent instead."""
    try:
        return await anext(events)
    except PlimsollError:
        if instead:
            return None
        raise


def _kept(call: Call[ChatModel], cheap: Whole[ChatModel, _Read], found: Found[ChatModel, _Read]) -> list[ChatEvent]:
    pieces, end = found.answer
    paid = [other.usage for _, other in cheap.rejected if other is not end]
    return [*pieces, routed_end(end, call, found.tried, paid)]


async def _read(model: ChatModel, request: ChatRequest) -> _Read:
    pieces: list[Chunks] = []
    async with aclosing(model.stream(request)) as events:
        try:
            async for event in events:
                if isinstance(event, ChatEnd):
                    return pieces, event
                pieces.append(event)
        except PlimsollError as error:
            if pieces and request.costs is not None and not may_be_billed(error):
                # It was begun, so it is billed; what its server says now is taken for a refusal.
                request.costs.begin()
            raise
    raise ProviderUnavailableError(model.name, "the stream ended without an end")
