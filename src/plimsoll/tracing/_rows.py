"""A trace as the database keeps it: a narrow row to list and add up, and a body with all that was said."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from msgspec import Struct, field, json
from msgspec.structs import astuple

from plimsoll.kernel.money import to_pico, to_usd

from ._types import Content, Source, Span, Status, Trace, TraceSummary
from .usage import HOUR_NS, Counts, Place, Tally, latency_bucket

PREVIEW = 300
"""Characters of a question that a list shows."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_TIME = slice(8, 18)
_LARGEST = 2**53
"""No request has more tokens; larger numbers break sums, or the 64 bits of a column."""


class Row(Protocol):
    """A row as the database gives it."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of a column."""


class TraceRow(NamedTuple):
    """The narrow row, without its number. The order is that of the columns."""

    id: str
    id_time: int
    """See `id_time_of`."""
    app: str
    environment: str
    endpoint: str
    source: Source
    surface: str
    release: str
    release_name: str
    started_ns: int
    latency_ms: float
    time_to_first_token_ms: float | None
    status: Status
    error: str
    model: str
    target: str
    prompt: str
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    tokens_estimated: bool
    cost_pico: int | None
    unpriced: int
    question: str
    answered: bool | None
    cached: str
    caller: str
    key: str
    team: str
    project: str
    user_id: str
    joined_trace: str
    joined_span: str


class Said(Struct, omit_defaults=True):
    """The body of a request that was served."""

    question: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)
    answer: str = ""
    passages: tuple[Mapping[str, Any], ...] = ()
    messages: tuple[Mapping[str, Any], ...] = ()
    """Empty where they are those of the request."""
    citations: tuple[Mapping[str, Any], ...] = ()
    attempts: tuple[Mapping[str, Any], ...] = ()
    guardrails: tuple[Mapping[str, Any], ...] = ()
    budget: Mapping[str, Any] = field(default_factory=dict)
    spans: tuple[tuple[Any, ...], ...] = ()
    """The fields of each span, in their order."""
    error: str = ""
    """Only where it may not stand in the row."""
    content: Content = "full"
    as_sent: bool = False
    """The rendered prompt is what the caller sent."""


class Words(Struct):
    """What of a body is searched."""

    question: str = ""
    answer: str = ""


def id_time_of(trace_id: str) -> int:
    """The ten digits in the middle of an id, which in ids of our own rise with time.

    The index of ids begins with them. So new ids go to one end of it, and not each to a page of its own.
    """
    try:
        return int(trace_id[_TIME], 16)
    except ValueError:
        return 0


def to_ns(moment: datetime) -> int:
    """Nanoseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND * 1000


def from_ns(nanoseconds: int) -> datetime:
    """The moment, to the microsecond."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def row_of(trace: Trace, *, sealed: bool) -> TraceRow:
    """The row of a served request. Raises ValueError for what no database can keep."""
    if not 0 <= max(trace.input_tokens, trace.output_tokens) <= _LARGEST:
        msg = "the number of tokens cannot be true"
        raise ValueError(msg)
    cost, joined = trace.cost_usd, trace.joined.partition("-")
    return TraceRow(
        trace.id,
        id_time_of(trace.id),
        trace.app,
        trace.environment,
        trace.endpoint,
        trace.source,
        trace.surface,
        trace.release,
        trace.release_name,
        to_ns(trace.started_at),
        trace.latency_ms,
        trace.time_to_first_token_ms,
        trace.status,
        "" if sealed else storable(trace.error),
        storable(trace.model),
        storable(trace.target),
        trace.prompt,
        trace.input_tokens,
        trace.output_tokens,
        trace.cached_tokens,
        trace.cache_write_tokens,
        trace.reasoning_tokens,
        trace.tokens_estimated,
        None if cost is None else to_pico(cost),
        int(cost is None and trace.input_tokens + trace.output_tokens > 0),
        "" if sealed else storable(trace.question[:PREVIEW]),
        trace.answered,
        trace.cached,
        trace.caller,
        trace.key,
        trace.team,
        trace.project,
        storable(trace.user_id),
        joined[0],
        joined[2],
    )


def body_of(trace: Trace, *, sealed: bool) -> bytes:
    """Everything that was said, as JSON. Raises UnicodeEncodeError for half a surrogate pair."""
    as_sent = bool(trace.messages) and list(trace.messages) == trace.request.get("messages")
    said = Said(
        trace.question,
        trace.request,
        trace.answer,
        trace.passages,
        () if as_sent else trace.messages,
        trace.citations,
        trace.attempts,
        trace.guardrails,
        trace.budget,
        tuple(map(astuple, trace.spans)),
        trace.error if sealed else "",
        "sealed" if sealed else trace.content,
        as_sent,
    )
    return json.encode(said)


def storable(text: str) -> str:
    """The text without the one character that PostgreSQL does not keep. Raises UnicodeEncodeError for half a pair."""
    if not text.isascii():
        text.encode()
    return text.replace("\0", "\ufffd") if "\0" in text else text


def count_served(tally: Tally, rows: Sequence[TraceRow]) -> None:
    """Add served requests to the sums."""
    # Most requests of a moment are alike: those are added up first, and meet the dimensions once.
    alike: dict[tuple[Any, ...], list[int]] = {}
    latencies: dict[tuple[Any, ...], int] = {}
    for row in rows:
        place = (row.app, row.started_ns // HOUR_NS, row.source, row.environment)
        slow = (place, latency_bucket(row.latency_ms))
        latencies[slow] = latencies.get(slow, 0) + 1
        named = (row.endpoint, row.team, row.project, row.key, row.release, row.status)
        which = (place, named, row.user_id, row.target or row.model)
        sums = alike.get(which)
        if sums is None:
            sums = alike[which] = [0] * len(Counts._fields)
        sums[0] += 1
        sums[2] += row.input_tokens
        sums[3] += row.output_tokens
        sums[4] += row.cached_tokens
        if row.cost_pico is not None:
            sums[5] += row.cost_pico
            sums[6] += 1
        sums[7] += row.unpriced
    for (place, named, user, model), sums in alike.items():
        sums[1] = sums[0] if named[-1] == "error" else 0
        tally.add(Place(*place), named, user, Counts(*sums))
        tally.add_to(Place(*place), "model", model, Counts(*sums))
    for (place, bucket), count in latencies.items():
        tally.add_to(Place(*place), "latency", bucket, Counts(count))


def to_trace(row: Row, said: Said, spans: Sequence[Span] = ()) -> Trace:
    """The whole trace again; `spans` are those that others sent for it."""
    facts = {name: row[name] for name in _SAME}
    joined = f"{row['joined_trace']}-{row['joined_span']}" if row["joined_trace"] else ""
    return Trace(
        **facts,
        started_at=from_ns(row["started_ns"]),
        error=row["error"] or said.error,
        cost_usd=cost_of(row),
        question=said.question,
        request=said.request,
        answer=said.answer,
        passages=said.passages,
        messages=tuple(said.request["messages"]) if said.as_sent else said.messages,
        citations=said.citations,
        attempts=said.attempts,
        guardrails=said.guardrails,
        budget=said.budget,
        joined=joined,
        spans=(*map(_to_span, said.spans), *spans),
        content=said.content,
    )


def to_row(row: Row) -> TraceRow:
    """The narrow row again."""
    return TraceRow(*(row[name] for name in TraceRow._fields))


def to_summary(row: Row) -> TraceSummary:
    """One line of a list."""
    facts = {name: row[name] for name in _SUMMARY}
    return TraceSummary(**facts, started_at=from_ns(row["started_ns"]), cost_usd=cost_of(row))


def _to_span(kept: Sequence[Any]) -> Span:
    name, parent, called, started, ended, *more = kept
    return Span(name, parent, called, datetime.fromisoformat(started), datetime.fromisoformat(ended), *more)


def cost_of(row: Row) -> float | None:
    """None when nothing has a price, or something has none."""
    cost = row["cost_pico"]
    return None if cost is None or row["unpriced"] else to_usd(cost)


_OTHERWISE = {"started_at", "cost_usd"}
_SUMMARY = tuple(name for name in TraceSummary.__dataclass_fields__ if name not in _OTHERWISE)
_SAME = tuple(
    name for name in TraceRow._fields if name in Trace.__struct_fields__ and name not in {"error", "question"}
)
LISTED = (*_SUMMARY, "started_ns", "cost_pico", "unpriced", "number")
"""The columns that a line of a list is made of."""
