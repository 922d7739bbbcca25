"""What of an answer may go out; where no guardrail is, all of it."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from plimsoll.models import ChatEnd, Chunks, Passage, Quote

from ..large import beside
from ._guard import Guard
from ._stream_guard import StreamGuard


async def guarded(guard: StreamGuard | None, chunks: Chunks) -> Iterable[Chunks]:
    """What of some chunks may go out now. Raises GuardrailBlockedError."""
    if guard is None:
        return (chunks,)
    allowed = await beside(guard.feed, chunks, size_bytes=guard.weight(chunks), asker=guard.asker)
    return (allowed,) if allowed is not None else ()


async def closing(guard: StreamGuard | None) -> Iterable[Chunks]:
    """What a guard still holds when the model has said all. Raises GuardrailBlockedError."""
    if guard is None:
        return ()
    allowed = await beside(StreamGuard.finish, guard, size_bytes=guard.held_characters, asker=guard.asker)
    return (allowed,) if allowed is not None else ()


def shown(guard: Guard | None, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages that may be named to the caller."""
    return tuple(passages) if guard is None else guard.shown(tuple(passages))


def ended(guard: Guard | None, end: ChatEnd) -> ChatEnd:
    """The end of an answer with the quotations that may go out. Raises GuardrailBlockedError."""
    if guard is None:
        return end
    quotes, span = guard.quotes(end.quotes, end.span)
    return end if quotes is end.quotes and span is end.span else replace(end, quotes=quotes, span=span)


def quoted(guard: Guard | None, quotes: Sequence[Quote]) -> Sequence[Quote]:
    """The quotations that may go out. Raises GuardrailBlockedError."""
    return quotes if guard is None else guard.quotes(tuple(quotes), None)[0]
