"""Running a past answer again on the exact versions that made it, and saying what is the same.

Retrieval and prompt are provable: the same versions must give the same passages and the same messages. The text is
best effort: a hosted model may answer the same prompt differently.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from msgspec import convert

from plimsoll.kernel.digest import Json, digest_json, hex_part
from plimsoll.kernel.errors import DeniedError, NotFoundError, UnavailableError
from plimsoll.kernel.ids import new_trace_id
from plimsoll.tracing import REPLAY, Trace, Traces

from .serve import Answering, AnswerRequest, Caller
from .serve.parts import EVERYTHING, ServeParts, Within


class ContentMissingError(NotFoundError):
    """What was asked is not kept, or not any more."""

    code = "content_missing"

    def __init__(self, trace: str) -> None:
        super().__init__(
            f"what was asked in trace {trace} is not kept, so it cannot be asked again",
            hint="`traces: {content: full}` in plimsoll.yaml keeps the content of new traces, up to 1 MiB of each",
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """One part of an answer, then and now."""

    part: str
    provable: bool
    same: bool | None
    """None when one of the two answers did not get so far that they could be compared."""
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A past answer, and the same question answered again."""

    trace: Trace
    again: Trace
    parts: tuple[Compared, ...]

    @property
    def proved(self) -> bool:
        """Whether no provable part differs."""
        return all(part.same is not False for part in self.parts if part.provable)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the caller sent, as the trace keeps it."""

    messages: tuple[dict[str, Any], ...]
    parameters: dict[str, Any]
    within: Within = EVERYTHING
    """A trace names it only where something was held back."""


_NOBODY = Caller()


async def replay(
    trace: Trace, traces: Traces, parts: ServeParts, flush: Callable[[], None], *, caller: Caller = _NOBODY
) -> Replay:
    """Ask again what was asked, of the same release (or draft); `flush` makes the new trace readable.

    `caller` pays, and not who asked then, where `parts` have a meter. A model that does not answer leaves its parts
    uncompared. Raises what else serving raises.
    """
    if trace.content in {"off", "gone"} or not trace.request or "cut" in trace.request:
        raise ContentMissingError(trace.id)
    sent = convert(trace.request, _Sent)
    request = AnswerRequest(
        app=trace.app,
        target=trace.endpoint,
        body={**sent.parameters, "messages": list(sent.messages)},
        environment=REPLAY,
        release=trace.release,
        trace_id=new_trace_id(),
        caller=caller,
        within=sent.within,
    )
    answering = Answering(parts)
    try:
        await answering.start()
        # The trace says how far it came: what is provable can be proved while the model server is down.
        with suppress(UnavailableError, DeniedError):
            await answering.answer(request)
    finally:
        await answering.close()
    flush()
    again = traces.get(trace.app, request.trace_id)
    return Replay(trace, again, _compare(trace, again))


def _compare(then: Trace, now: Trace) -> tuple[Compared, ...]:
    # The prompt is rendered after the passages are found, so a trace that has messages has both.
    rendered = bool(then.messages and now.messages)
    complete = then.status == now.status == "ok"
    return (
        _part("passages", (_passages(then), _passages(now)), provable=True, reached=rendered),
        _part("prompt", (list(then.messages), list(now.messages)), provable=True, reached=rendered),
        _part("citations", (_citations(then), _citations(now)), provable=False, reached=complete),
        _part("answer", (then.answer, now.answer), provable=False, reached=complete),
    )


def _part(name: str, values: tuple[Json, Json], *, provable: bool, reached: bool) -> Compared:
    then, now = values
    return Compared(name, provable, then == now if reached else None, _summary(then), _summary(now))


def _passages(trace: Trace) -> Json:
    return [{"id": passage["id"], "score": passage["score"]} for passage in trace.passages]


def _citations(trace: Trace) -> Json:
    return [{name: citation[name] for name in ("document", "page", "start", "end")} for citation in trace.citations]


def _summary(value: Json) -> str:
    """Text as it is; anything else as its size and the first digits of its digest."""
    if isinstance(value, str):
        return value
    items: Sequence[Json] | Mapping[str, Json] = value if isinstance(value, Sequence) else []
    return f"{len(items)} · {hex_part(digest_json(value))[:8]}"
