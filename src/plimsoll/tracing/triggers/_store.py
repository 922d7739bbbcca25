"""Triggers in the database of traces, and what requests there were."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from msgspec import DecodeError, Struct, field, json
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    case,
    distinct,
    exists,
    func,
    literal,
    select,
    tuple_,
)

from plimsoll.storage.driver import execute_many

from .._errors import PlaceOfPageError
from .._pieces import Piece, opened
from .._rows import from_ns, to_ns
from .._store import Traces
from .._types import EVALUATION, REPLAY
from ..tables import last_number, piece_table, trace_table
from ._types import NO_ANSWER, Asked, Dimension, Trigger, TriggerCount, TriggerFilter, TriggerPage

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
_metadata = MetaData()
_trigger_table = Table(
    "guard_trigger",
    _metadata,
    Column("trace", _NUMBER, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("stage", Text, nullable=False),
    Column("check_name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("found", Integer, nullable=False),
    Column("score", Float, nullable=False),
    Column("version", Text, nullable=False),
)
_reached_table = Table(
    "guard_trigger_reached",
    _metadata,
    Column("epoch", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
_trigger, _trace, _piece, _reached = _trigger_table.c, trace_table.c, piece_table.c, _reached_table.c
_BY: Final[dict[Dimension, ColumnElement[str]]] = {
    "check": _trigger.check_name,
    "version": _trigger.version,
    "kind": _trigger.kind,
    "stage": _trigger.stage,
    "action": _trigger.action,
    "endpoint": _trace.endpoint,
}
_INSERT: Final = "INSERT INTO guard_trigger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_AT_ONCE_BYTES: Final = 4 << 20
_CLEANED_AT_ONCE: Final = 2_000
_MOST: Final = 2**31 - 1
_PARTS: Final = 3
"""Of a place in a list: when the request began, its number, and the place among its notes."""

OnProgress = Callable[[int, int], None]


class _Note(Struct):
    stage: str = ""
    check: str = ""
    kind: str = ""
    action: str = ""
    count: int = 1
    score: float = 0.0
    version: str = ""


class _Noted(Struct):
    """What of a body is read here."""

    guardrails: list[_Note] = field(default_factory=list)


class _Row(NamedTuple):
    trace: int
    place: int
    stage: str
    check: str
    kind: str
    action: str
    found: int
    score: float
    version: str


class Triggers:
    """What guardrails found. What traces came since is read before anything is answered.

    Traces of which nobody can open the content any more say nothing of triggers.
    """

    def __init__(self, traces: Traces) -> None:
        self._database = traces.database
        self._capture = traces.capture

    def catch_up(self, on_progress: OnProgress = lambda _done, _total: None) -> None:
        """Read what traces came since; says how far it is, as (traces read, traces in all)."""
        while True:
            done, last = self._read_some()
            on_progress(done, last)
            if done >= last:
                return

    def page(self, app: str, wanted: TriggerFilter, *, limit: int = 50, after: str = "") -> TriggerPage:
        """Some triggers of an application, those of the newest requests first. Raises PlaceOfPageError."""
        self.catch_up()
        order = (_trace.started_ns, _trace.number, _trigger.place)
        query = select(_trigger_table, _trace.id, *_OF_TRACE).join(trace_table, _trace.number == _trigger.trace)
        query = query.where(*_conditions(app, wanted)).order_by(*(one.desc() for one in order)).limit(limit + 1)
        if after:
            query = query.where(tuple_(*order) < tuple_(*(literal(number) for number in _place(after))))
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        shown = rows[:limit]
        last = shown[-1] if shown and len(rows) > limit else None
        further = "" if last is None else f"{last['started_ns']}-{last['trace']}-{last['place']}"
        return TriggerPage(tuple(map(_to_trigger, shown)), further)

    def all(self, app: str, wanted: TriggerFilter) -> Iterator[Trigger]:
        """All of them, page by page."""
        after = ""
        while True:
            page = self.page(app, wanted, limit=1000, after=after)
            yield from page.triggers
            after = page.next
            if not after:
                return

    def counts(self, app: str, by: Sequence[Dimension], wanted: TriggerFilter) -> tuple[TriggerCount, ...]:
        """How often something triggered, for each combination of `by` that there was, those of the most requests first.

        A check that gave no answer is counted as that alone.
        """
        self.catch_up()
        columns = [_BY[name].label(f"by_{name}") for name in by]
        did = _trigger.kind != NO_ANSWER
        requests = func.count(distinct(case((did, _trigger.trace)))).label("requests")
        found = func.coalesce(func.sum(case((did, _trigger.found))), 0).label("found")
        failed = func.count(distinct(case((~did, _trigger.trace)))).label("failed")
        query = select(*columns, requests, found, failed).join_from(
            _trigger_table, trace_table, _trace.number == _trigger.trace
        )
        query = query.where(*_conditions(app, wanted)).group_by(*(_BY[name] for name in by))
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        counted = [
            TriggerCount({name: row[f"by_{name}"] for name in by}, row["requests"], int(row["found"]), row["failed"])
            for row in rows
        ]
        return tuple(sorted(counted, key=lambda one: (-one.requests, tuple(one.by.values()))))

    def asked(self, app: str, wanted: TriggerFilter) -> tuple[Asked, ...]:
        """How many requests each release answered at each endpoint, whether anything triggered or not."""
        conditions = _of_requests(app, wanted)
        query = select(_trace.release, _trace.endpoint, func.count().label("requests")).where(*conditions)
        query = query.group_by(_trace.release, _trace.endpoint).order_by(_trace.release, _trace.endpoint)
        with self._database.read() as connection:
            return tuple(Asked(*row) for row in connection.execute(query))

    def _read_some(self) -> tuple[int, int]:
        """Read about 4 MiB of what came since; the number up to which everything is read, and the last there is."""
        with self._database.read() as connection:
            epoch, last = last_number(connection)
            if _reached_in(connection, epoch) >= last:
                return last, last
        with self._database.write() as connection:
            epoch, last = last_number(connection)
            reached = _reached_in(connection, epoch)
            if not reached:
                # The numbers began anew, or nothing was ever read.
                connection.execute(_trigger_table.delete())
            rows, done = self._next(connection, reached)
            execute_many(connection, _INSERT, rows)
            done = last if done is None else done
            connection.execute(_reached_table.delete())
            connection.execute(_reached_table.insert().values(epoch=epoch, number=done))
            _forget_gone(connection)
        return done, last

    def _next(self, connection: Connection, after: int) -> tuple[list[_Row], int | None]:
        """The triggers in the next pieces, and the number of the last piece; None where that is all."""
        rows, size = list[_Row](), 0
        query = select(piece_table).where(_piece.number > after).order_by(_piece.number)
        with connection.execute(query.execution_options(yield_per=50)) as found:
            for row in found:
                piece = Piece(*row)
                rows += self._rows(piece)
                size += len(piece.body)
                if size > _AT_ONCE_BYTES:
                    return rows, piece.number
        return rows, None

    def _rows(self, piece: Piece) -> Iterator[_Row]:
        # What others send as spans has no notes of ours.
        body = None if piece.facts else opened(piece, self._capture)
        if body is None or b'"guardrails"' not in body:
            return
        try:
            notes = json.decode(body, type=_Noted).guardrails
        except DecodeError:
            # A damaged trace is told by whoever reads it; here it must not keep the others from being counted.
            return
        for place, note in enumerate(notes):
            found = min(max(note.count, 0), _MOST)
            yield _Row(
                piece.trace, place, note.stage, note.check, note.kind, note.action, found, note.score, note.version
            )


_OF_TRACE = (
    _trace.started_ns,
    _trace.environment,
    _trace.endpoint,
    _trace.release,
)


def _reached_in(connection: Connection, epoch: str) -> int:
    query = select(_reached.number).where(_reached.epoch == epoch)
    return int(connection.scalar(query) or 0)


def _forget_gone(connection: Connection) -> None:
    """Delete some of what traces said that are gone: retention takes the oldest, so those come first."""
    oldest = select(_trigger.trace).order_by(_trigger.trace).offset(_CLEANED_AT_ONCE).limit(1)
    bound = connection.scalar(oldest)
    gone = ~exists().where(_trace.number == _trigger.trace)
    some = gone if bound is None else gone & (_trigger.trace < bound)
    connection.execute(_trigger_table.delete().where(some))


def _of_requests(app: str, wanted: TriggerFilter) -> Iterator[ColumnElement[bool]]:
    yield _trace.app == app
    yield _trace.source == "served"
    if wanted.endpoint is not None:
        yield _trace.endpoint == wanted.endpoint
    if wanted.environment is not None:
        yield _trace.environment == wanted.environment
    if wanted.since is not None:
        yield _trace.started_ns >= to_ns(wanted.since)
    if wanted.until is not None:
        yield _trace.started_ns < to_ns(wanted.until)
    if not wanted.tests_too and wanted.environment not in {EVALUATION, REPLAY}:
        yield _trace.environment.not_in([EVALUATION, REPLAY])


def _conditions(app: str, wanted: TriggerFilter) -> Iterator[ColumnElement[bool]]:
    yield from _of_requests(app, wanted)
    named: dict[Dimension, str | None] = {
        "check": wanted.check,
        "version": wanted.version,
        "stage": wanted.stage,
        "action": wanted.action,
    }
    for name, value in named.items():
        if value is not None:
            yield _BY[name] == value


def _place(after: str) -> list[int]:
    numbers = after.split("-")
    if len(numbers) != _PARTS or not all(one.isascii() and one.isdecimal() for one in numbers):
        raise PlaceOfPageError(after)
    found = [int(one) for one in numbers]
    if max(found) >= 2**63:
        raise PlaceOfPageError(after)
    return found


def _to_trigger(row: RowMapping) -> Trigger:
    said: dict[str, Any] = {name: row[name] for name in ("environment", "endpoint", "release", "stage", "kind")}
    return Trigger(
        trace=row["id"],
        at=from_ns(row["started_ns"]),
        check=row["check_name"],
        action=row["action"],
        count=row["found"],
        score=row["score"],
        version=row["version"],
        **said,
    )
