"""Traces and spans in the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import json
from sqlalchemy import Boolean, Column, Float, Integer, MetaData, RowMapping, Table, Text, select

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.storage import Database

from ._errors import TraceAmbiguousError, TraceMissingError
from ._types import EVALUATION, REPLAY, Span, Trace, TraceSummary

_metadata = MetaData()

_trace = Table(
    "trace",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("app", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("release_name", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("time_to_first_token_ms", Float),
    Column("status", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("tokens_estimated", Boolean, nullable=False),
    Column("cost_usd", Float),
    Column("question", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered", Boolean),
    Column("passages", Text, nullable=False),
    Column("messages", Text, nullable=False),
    Column("citations", Text, nullable=False),
)
_span = Table(
    "span",
    _metadata,
    Column("trace_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("parent_id", Text),
    Column("name", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("ended_at", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("error", Text),
)

_LISTS = ("passages", "messages", "citations")
_SUMMARY = tuple(_trace.c[name] for name in TraceSummary.__dataclass_fields__)
_ID_LENGTH = 32


class Traces:
    """Every trace that was kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, traces: Sequence[Trace]) -> None:
        """Keep traces, all in one transaction."""
        spans = [_from_span(trace.id, span) for trace in traces for span in trace.spans]
        with self._database.write() as connection:
            connection.execute(_trace.insert(), [_from_trace(trace) for trace in traces])
            if spans:
                connection.execute(_span.insert(), spans)

    def latest(self, app: str, limit: int, *, tests_too: bool = False) -> tuple[TraceSummary, ...]:
        """The newest traces of an application, newest first; those of suites and replays only with `tests_too`."""
        query = select(*_SUMMARY).where(_trace.c.app == app).order_by(_trace.c.started_at.desc(), _trace.c.id)
        if not tests_too:
            query = query.where(_trace.c.environment.not_in([EVALUATION, REPLAY]))
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit)).mappings().all()
        return tuple(TraceSummary(**{**row, "started_at": from_text(row["started_at"])}) for row in rows)

    def get(self, app: str, name: str) -> Trace:
        """A whole trace of an application, by its id, the first digits of it, or the id of its answer (`chatcmpl-…`).

        Raises TraceMissingError and TraceAmbiguousError.
        """
        digits = name.removeprefix("chatcmpl-")
        which = _trace.c.id == digits if len(digits) == _ID_LENGTH else _trace.c.id.startswith(digits, autoescape=True)
        with self._database.read() as connection:
            rows = connection.execute(select(_trace).where(_trace.c.app == app, which).limit(2)).mappings().all()
            if not digits or not rows:
                raise TraceMissingError(name)
            if len(rows) > 1:
                raise TraceAmbiguousError(name)
            query = select(_span).where(_span.c.trace_id == rows[0]["id"]).order_by(_span.c.started_at)
            spans = connection.execute(query).mappings().all()
        return _to_trace(rows[0], tuple(_to_span(span) for span in spans))


def _from_trace(trace: Trace) -> dict[str, Any]:
    row = {column.name: getattr(trace, column.name) for column in _trace.c}
    row["started_at"] = to_text(trace.started_at)
    row["request"] = _write_json(trace.request)
    for name in _LISTS:
        row[name] = _write_json(row[name])
    return row


def _from_span(trace_id: str, span: Span) -> dict[str, Any]:
    return {
        "trace_id": trace_id,
        "id": span.id,
        "parent_id": span.parent_id,
        "name": span.name,
        "started_at": to_text(span.started_at),
        "ended_at": to_text(span.ended_at),
        "attributes": _write_json(span.attributes),
        "error": span.error,
    }


def _to_trace(row: RowMapping, spans: tuple[Span, ...]) -> Trace:
    lists = {name: tuple(json.decode(row[name])) for name in _LISTS}
    request = json.decode(row["request"])
    return Trace(**{**row, **lists, "request": request, "started_at": from_text(row["started_at"]), "spans": spans})


def _to_span(row: RowMapping) -> Span:
    return Span(
        id=row["id"],
        parent_id=row["parent_id"],
        name=row["name"],
        started_at=from_text(row["started_at"]),
        ended_at=from_text(row["ended_at"]),
        attributes=json.decode(row["attributes"]),
        error=row["error"],
    )


def _write_json(value: Sequence[Mapping[str, object]] | Mapping[str, object]) -> str:
    return json.encode(value).decode()
