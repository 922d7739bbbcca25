"""Traces and spans in the database."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import json
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    func,
    literal,
    select,
    tuple_,
)

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.mention import Mention
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
    Column("caller", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("user_id", Text, nullable=False),
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
_TOLD = ("question", "request", "answer", "passages", "messages", "citations", "error")
"""The columns that hold what people and models said."""
_BATCH = 200


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

    def apps(self) -> tuple[str, ...]:
        """The applications that have traces."""
        with self._database.read() as connection:
            return tuple(connection.scalars(select(_trace.c.app).distinct().order_by(_trace.c.app)))

    def releases(self, app: str, *, since: datetime | None = None) -> set[Digest]:
        """The releases and drafts that answered an application's requests, all of them or those since a moment."""
        query = select(_trace.c.release).where(_trace.c.app == app).distinct()
        if since is not None:
            query = query.where(_trace.c.started_at >= to_text(since))
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def answers(self, app: str) -> dict[Digest, int]:
        """How many answers each release gave; questions of suites and replays are not counted."""
        query = (
            select(_trace.c.release, func.count())
            .where(_trace.c.app == app, _trace.c.environment.not_in([EVALUATION, REPLAY]))
            .group_by(_trace.c.release)
        )
        with self._database.read() as connection:
            return dict(connection.execute(query).all())

    def purge_before(self, moment: datetime) -> int:
        """Forget every trace that started before a moment; says how many those were."""
        query = select(_trace.c.id).where(_trace.c.started_at < to_text(moment)).limit(_BATCH)
        purged = 0
        while True:
            with self._database.write() as connection:
                some = connection.scalars(query).all()
                _delete(connection, some)
            purged += len(some)
            if len(some) < _BATCH:
                return purged

    def count_subject(self, identifier: str) -> int:
        """How many traces `purge_subject` would forget."""
        return sum(len(some) for some in self._of_subject(identifier))

    def purge_subject(self, identifier: str) -> int:
        """Forget every trace of a person, and leave nothing of them in the files; says how many those were.

        Those are the traces that name the identifier as their user, and those that mention it in what was asked, found
        and answered, in errors or in the attributes of a span; an identifier of less than three characters is only held
        against the users. Raises UnavailableError when somebody else holds on to
        the old state of the database: what is deleted stays deleted, and the same call cleans up later.
        """
        purged = 0
        for some in self._of_subject(identifier):
            with self._database.write() as connection:
                _delete(connection, some)
            purged += len(some)
        self._database.scrub()
        return purged

    def _of_subject(self, identifier: str) -> Iterator[list[str]]:
        """The ids of a person's traces, in batches, oldest first, so that what is written meanwhile is met as well."""
        mention = Mention(identifier)
        place = ("", "")
        while True:
            after = tuple_(_trace.c.started_at, _trace.c.id) > tuple_(*map(literal, place))
            query = select(_trace).where(after).order_by(_trace.c.started_at, _trace.c.id).limit(_BATCH)
            with self._database.read() as connection:
                traces = connection.execute(query).mappings().all()
                said = _said_in_spans(connection, [trace["id"] for trace in traces])
            found = [trace["id"] for trace in traces if _is_about(mention, trace, said.get(trace["id"], []))]
            if found:
                yield found
            if len(traces) < _BATCH:
                return
            place = (traces[-1]["started_at"], traces[-1]["id"])


def _is_about(mention: Mention, trace: RowMapping, said: Sequence[str]) -> bool:
    if mention.is_exactly(trace["user_id"]):
        return True
    if not mention.is_searchable:
        return False
    # Joined by a character that folding leaves alone, so that nothing is found across two columns.
    return mention.in_text("\0".join([trace["user_id"], *(trace[name] for name in _TOLD), *said]))


def _said_in_spans(connection: Connection, traces: Sequence[str]) -> dict[str, list[str]]:
    query = select(_span.c.trace_id, _span.c.name, _span.c.attributes, _span.c.error)
    said: dict[str, list[str]] = {}
    for trace, *texts in connection.execute(query.where(_span.c.trace_id.in_(traces))):
        said.setdefault(trace, []).extend(text for text in texts if text)
    return said


def _delete(connection: Connection, traces: Sequence[str]) -> None:
    connection.execute(_span.delete().where(_span.c.trace_id.in_(traces)))
    connection.execute(_trace.delete().where(_trace.c.id.in_(traces)))


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
