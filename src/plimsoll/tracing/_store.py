"""Traces in the database: narrow rows to list, pieces with what was said, sums by the hour, a text index."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, literal, literal_column, or_, select, tuple_
from sqlalchemy import text as sql

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.mention import Mention
from plimsoll.kernel.money import to_pico
from plimsoll.storage import Database
from plimsoll.storage.driver import execute_many
from plimsoll.storage.search import TextIndex, words_of

from ._capture import Capture
from ._errors import PlaceOfPageError, TraceAmbiguousError, TraceMissingError
from ._fresh import Fresh, Written
from ._pieces import Piece, document_of, is_about, opened, read_trace
from ._rows import LISTED, TraceRow, body_of, count_served, id_time_of, row_of, to_ns, to_summary
from ._types import EVALUATION, REPLAY, Trace, TraceFilter, TracePage, TraceSummary
from .tables import (
    insert_pieces,
    insert_traces,
    last_number,
    next_numbers,
    origin_table,
    piece_table,
    pieces_of,
    trace_table,
)
from .usage import (
    HOUR_NS,
    By,
    CostLine,
    Counts,
    DaySummary,
    Place,
    Tally,
    add_usage,
    daily,
    forget_user,
    lost,
    spent,
)

_trace, _piece = trace_table.c, piece_table.c

_LIST = [_trace[name] for name in LISTED]
_ID_LENGTH = 32
_HEX = frozenset("0123456789abcdef")
_BATCH = 200
_INDEXED_AT_ONCE_BYTES = 4 << 20
_MOST_BEHIND_BYTES = 16 << 20
_FOUND_AT_ONCE = 500
_MOST_LOOKED_AT = 20_000
_DAY_NS = 86_400_000_000_000
_BEYOND = 2**62

Joined = tuple[str, str, str]
"""A span of a caller that a request was served for: the request's application and team, and the span."""


class Traces:
    """Every trace that was kept, and what all of them used.

    Text is searchable as soon as it is written: what is not indexed yet is indexed before a search looks. The writer
    keeps that below 16 MiB of text; it indexes when it has nothing else to do.
    """

    def __init__(self, database: Database, capture: Capture | None = None) -> None:
        self.database = database
        self.capture = capture or Capture()
        self._index = TextIndex("trace")
        self._behind_bytes = 0
        self._fresh = Fresh()
        self.when_joined: Callable[[Connection, Mapping[str, Counter[Joined]]], None] | None = None
        """Told, in the transaction, of requests that belong to spans of callers: how many to which, by their traces."""

    def write(self, traces: Sequence[Trace]) -> None:
        """Keep traces of served requests, all in one transaction.

        Raises ValueError (all of them or none are kept) for numbers and texts that cannot be stored.
        """
        tally, rows, pieces, documents = Tally(), list[TraceRow](), list[tuple[str | None, bytes]](), list[str]()
        for given in traces:
            trace = self.capture.of_trace(given)
            subject = trace.user_id or trace.caller if trace.content == "sealed" else None
            row = row_of(trace, sealed=subject is not None)
            rows.append(row)
            pieces.append((subject, self._sealed(subject, body_of(trace, sealed=subject is not None))))
            documents.append(f"{trace.question}\n{trace.answer}" if subject is None else "")
        count_served(tally, rows)
        with self.database.write() as connection:
            epoch, first = next_numbers(connection, len(rows))
            insert_traces(connection, [(first + place, *row) for place, row in enumerate(rows)])
            numbered = enumerate(pieces, start=first)
            insert_pieces(connection, [(number, number, b"", *piece) for number, piece in numbered])
            add_usage(connection, tally)
            joined: dict[str, Counter[Joined]] = {}
            for row in rows:
                if row.joined_trace:
                    joined.setdefault(row.joined_trace, Counter())[row.app, row.team, row.joined_span] += 1
            if joined and self.when_joined is not None:
                self.when_joined(connection, joined)
        self._fresh.add(Written(epoch, first, documents))
        self.wrote(sum(len(body) for _, body in pieces))

    def wrote(self, size_bytes: int) -> None:
        """Say that pieces of this size were committed; too much that is not indexed is indexed now."""
        self._behind_bytes += size_bytes
        while self._behind_bytes > _MOST_BEHIND_BYTES and self.index_some():
            pass

    def index_some(self) -> bool:
        """Make some of what is new searchable; says whether there is more."""
        with self.database.read() as connection:
            epoch, last = last_number(connection)
            reached = self._index.reached(connection, epoch)
        if reached >= last:
            self._behind_bytes = 0
            return False
        with self.database.write() as connection:
            epoch, last = last_number(connection)
            reached = self._index.reached(connection, epoch)
            fresh = self._fresh.after(epoch, reached)
            if fresh and _are_there(connection, fresh[0][0], fresh[-1][0]):
                self._index.add(connection, epoch, fresh, fresh[-1][0])
                self._behind_bytes = 0
                return fresh[-1][0] < last
            pieces, whole = _some_pieces(connection, reached)
            documents = [(piece.number, document_of(piece)) for piece in pieces]
            self._index.add(connection, epoch, documents, last if whole else pieces[-1].number)
        self._behind_bytes = 0 if whole else max(0, self._behind_bytes - sum(len(piece.body) for piece in pieces))
        return not whole

    def latest(self, app: str, limit: int, *, tests_too: bool = False) -> tuple[TraceSummary, ...]:
        """The newest traces of an application, newest first; those of suites and replays only with `tests_too`."""
        return self.page(app, TraceFilter(tests_too=tests_too), limit=limit).traces

    def page(self, app: str, wanted: TraceFilter | None = None, *, limit: int = 50, after: str = "") -> TracePage:
        """Some traces of an application: those that began last first, or with `text` those that came in last.

        `after` is what the page before said. A search by text looks at 20,000 places at a time: with other conditions
        that fit hardly anything a page may be short, and still say where to go on. Raises PlaceOfPageError.
        """
        wanted = wanted or TraceFilter()
        if not wanted.text:
            return self._by_time(app, wanted, limit, after)
        while self.index_some():
            pass
        with self.database.read() as connection:
            return self._by_text(connection, [*_conditions(app, wanted)], wanted.text, limit, after)

    def get(self, app: str, name: str) -> Trace:
        """A whole trace of an application, by its id, the first digits of it, or the id of its answer (`chatcmpl-…`).

        Raises TraceMissingError and TraceAmbiguousError.
        """
        digits = name.removeprefix("chatcmpl-")
        if not digits or not _HEX.issuperset(digits):
            raise TraceMissingError(name)
        with self.database.read() as connection:
            query = select(trace_table).where(*_is_called(app, digits)).limit(2)
            rows = connection.execute(query).mappings().all()
            if not rows:
                raise TraceMissingError(name)
            if len(rows) > 1:
                raise TraceAmbiguousError(name)
            pieces = _pieces(connection, pieces_of([rows[0]["number"]]))
            return read_trace(rows[0], pieces, self.capture, lambda digests: _origins(connection, digests))

    def apps(self) -> tuple[str, ...]:
        """The applications that have traces."""
        with self.database.read() as connection:
            return tuple(_apps(connection))

    def releases(self, app: str, *, since: datetime | None = None) -> set[Digest]:
        """The releases and drafts that answered an application's requests, all of them or those since a moment."""
        with self.database.read() as connection:
            oldest = connection.scalar(select(func.min(_trace.started_ns)).where(_trace.app == app))
            if oldest is None:
                return set()
            start = oldest if since is None else max(oldest, to_ns(since))
            # The sums know the hours; what was in a part of the first hour only the traces know.
            later = (start // HOUR_NS + 1) * HOUR_NS
            first = select(_trace.release).where(_trace.app == app, _trace.started_ns >= start).distinct()
            found = set(connection.scalars(first.where(_trace.started_ns < later)))
            query = sql(_RELEASES_SINCE)
            found.update(connection.scalars(query, {"app": app, "hour": later // HOUR_NS}))
        return found - {""}

    def answers(self, app: str) -> dict[Digest, int]:
        """How many answers each release ever gave; questions of suites and replays are not counted."""
        with self.database.read() as connection:
            rows = connection.execute(sql(_ANSWERS), {"app": app, "one": EVALUATION, "other": REPLAY})
            return {release: int(count) for release, count in rows if count}

    def costs(self, app: str, by: By, *, since: datetime, until: datetime, source: str = "") -> tuple[CostLine, ...]:
        """What was used and spent between two moments, by endpoint, model, team, project, user, key, release or day.

        Parts of an hour count as the whole hour. Days are in UTC. `source` is `served` (by this server), `sent` (told
        by others) or empty for both: a call that passed through this server and was also sent as a span counts once.
        Suites and replays count too: they cost the same money.
        """
        with self.database.read() as connection:
            return spent(connection, app, by, since=since, until=until, source=source)

    def count_lost(self, traces: Mapping[tuple[str, str, datetime], int]) -> None:
        """Count traces that could not be kept, by application, environment and hour."""
        tally = Tally()
        for (app, environment, hour), count in traces.items():
            place = Place(app, to_ns(hour) // HOUR_NS, "served", environment)
            tally.add_to(place, "lost", "", Counts(count))
        with self.database.write() as connection:
            add_usage(connection, tally)

    def lost(self, app: str, *, since: datetime | None = None) -> int:
        """How many traces of an application no process could keep; since the hour of a moment, or ever."""
        with self.database.read() as connection:
            return lost(connection, app, since=since)

    def day(self, app: str, day: datetime, *, source: str = "") -> DaySummary:
        """The summary of the day (UTC) of a moment."""
        with self.database.read() as connection:
            return daily(connection, app, day, source=source)

    def purge_before(self, moment: datetime) -> int:
        """Forget every trace that started before a moment, some at a time; says how many those were.

        The sums by the hour stay.
        """
        purged, pieces = 0, list[int]()
        for app in self.apps():
            old = select(_trace.number).where(_trace.app == app, _trace.started_ns < to_ns(moment)).limit(_BATCH)
            while True:
                with self.database.write() as connection:
                    some = connection.scalars(old).all()
                    pieces += _delete(connection, some)
                purged += len(some)
                if len(some) < _BATCH:
                    break
        with self.database.write() as connection:
            connection.execute(origin_table.delete().where(origin_table.c.last_day < to_ns(moment) // _DAY_NS))
            first = connection.scalar(select(func.min(_piece.number)))
            below = _BEYOND if first is None else first
            self._index.forget_below(connection, below)
        # The part in which the first that stays is, and those with what came late.
        self._forget([*(number for number in pieces if number >= below), *([below] if purged and first else [])])
        return purged

    def count_subject(self, identifier: str) -> int:
        """How many traces `purge_subject` would forget."""
        return sum(len(some) for some in self._of_subject(identifier))

    def purge_subject(self, identifier: str) -> int:
        """Forget every trace of a person, and leave nothing of them in the files; says how many those were.

        Those are the traces that name the identifier as their user, and those that mention it in what was asked, found
        and answered, in errors, in a span or in the resource that it came from; an identifier of less than three
        characters is only held against the users. Raises UnavailableError when somebody else holds on to
        the old state of the database: what is deleted stays deleted, and the same call cleans up later.
        """
        mention = Mention(identifier)
        found = list(self._of_subject(identifier))
        # The index first: whoever calls again after a crash in between still finds the traces.
        with self.database.read() as connection:
            pieces = [number for some in found for number in _pieces_of(connection, some)]
        # Before their traces: what is left of those after a crash says nothing of the person any more.
        with self.database.write() as connection:
            origins = _origins_about(connection, mention)
            connection.execute(origin_table.delete().where(origin_table.c.digest.in_(origins)))
        self._forget(pieces, gone=frozenset(pieces))
        for some in found:
            with self.database.write() as connection:
                users = connection.scalars(select(_trace.user_id).where(_trace.number.in_(some)).distinct()).all()
                forget_user(connection, [user for user in users if mention.is_exactly(user)])
                _delete(connection, some)
        self.database.scrub()
        return sum(len(some) for some in found)

    def _by_time(self, app: str, wanted: TraceFilter, limit: int, after: str) -> TracePage:
        query = select(*_LIST).where(*_conditions(app, wanted))
        query = query.order_by(_trace.started_ns.desc(), _trace.number.desc()).limit(limit + 1)
        if after:
            place = tuple_(*(literal(number) for number in _place(after, 2)))
            query = query.where(tuple_(_trace.started_ns, _trace.number) < place)
        with self.database.read() as connection:
            rows = connection.execute(query).mappings().all()
        shown = rows[:limit]
        further = f"{shown[-1]['started_ns']}-{shown[-1]['number']}" if len(rows) > limit and shown else ""
        return TracePage(tuple(to_summary(row) for row in shown), further)

    def _by_text(
        self, connection: Connection, conditions: Sequence[ColumnElement[bool]], text: str, limit: int, after: str
    ) -> TracePage:
        words = words_of(text)
        began = below = _place(after, 1)[0] if after else _BEYOND
        shown: dict[int, TraceSummary] = {}
        for turn in range(_MOST_LOOKED_AT // _FOUND_AT_ONCE):
            # Most searches are content with the first few.
            most = _FOUND_AT_ONCE if turn else min(2 * limit, _FOUND_AT_ONCE)
            found = self._index.find(connection, words, below=below, limit=most)
            traces = _traces_of(connection, found)
            rows = _rows_of(connection, set(traces.values()) - set(shown), conditions)
            for trace in self._shown_before(connection, words, rows, began) if after else ():
                del rows[trace]
            for below in found:
                row = rows.get(traces.get(below, 0))
                if row is not None:
                    shown.setdefault(row["number"], to_summary(row))
                if len(shown) == limit:
                    return TracePage(tuple(shown.values()), str(below))
            if len(found) < most:
                return TracePage(tuple(shown.values()), "")
        return TracePage(tuple(shown.values()), str(below))

    def _shown_before(
        self, connection: Connection, words: Sequence[tuple[str, bool]], rows: Mapping[int, Any], began: int
    ) -> set[int]:
        """Those of some traces that a page before showed, because a later piece of them has the words as well."""
        query = select(_piece.number, _piece.trace).where(pieces_of(list(rows)), _piece.number >= began)
        later = {number: trace for number, trace in connection.execute(query)}  # noqa: C416  # rows are no pairs to mypy
        return {later[number] for number in self._index.among(connection, words, list(later))}

    def _of_subject(self, identifier: str) -> Iterator[list[int]]:
        """The numbers of a person's traces, in batches, oldest first, so that what is written meanwhile is met too."""
        mention, last = Mention(identifier), 0
        with self.database.read() as connection:
            origins = [digest.encode() for digest in _origins_about(connection, mention)]
        while True:
            query = select(trace_table).where(_trace.number > last).order_by(_trace.number).limit(_BATCH)
            with self.database.read() as connection:
                rows = connection.execute(query).mappings().all()
                said: dict[int, list[bytes]] = {}
                for piece in _pieces(connection, pieces_of([row["number"] for row in rows])):
                    said.setdefault(piece.trace, []).append(opened(piece, self.capture) or b"")
            found = [row["number"] for row in rows if is_about(mention, row, said.get(row["number"], []), origins)]
            if found:
                yield found
            if len(rows) < _BATCH:
                return
            last = rows[-1]["number"]

    def _forget(self, pieces: Iterable[int], gone: AbstractSet[int] = frozenset()) -> None:
        """Take pieces that are gone, or will be, out of the text index, some at a time."""
        for some in self._index.apart(pieces):
            with self.database.write() as connection:
                epoch, _ = last_number(connection)
                reached = self._index.reached(connection, epoch)
                if reached:
                    self._index.forget(connection, some, partial(_staying, connection, reached, gone))

    def _sealed(self, subject: str | None, body: bytes) -> bytes:
        return body if subject is None or self.capture.seal is None else self.capture.seal(subject, body)


_RELEASES_SINCE = """SELECT value FROM usage_hour
    WHERE app = :app AND dimension = 'release' AND hour >= :hour GROUP BY value HAVING sum(requests) > 0"""
_ANSWERS = """SELECT value, sum(requests) FROM usage_hour WHERE app = :app AND dimension = 'release'
    AND source = 'served' AND environment NOT IN (:one, :other) GROUP BY value"""


def _is_called(app: str, digits: str) -> Iterator[ColumnElement[bool]]:
    """An application's traces with this id, or one that begins so. For a beginning all ids are read, and no rows."""
    if len(digits) >= _ID_LENGTH:
        yield from (_trace.id_time == id_time_of(digits), _trace.id == digits, _trace.app == app)
        return
    # "g" comes after every digit. The function hides the application from SQLite, which would read all its rows.
    yield _trace.number.in_(select(_trace.number).where(_trace.id.between(digits, f"{digits}g")))
    yield func.coalesce(_trace.app, "") == app


def _are_there(connection: Connection, first: int, last: int) -> bool:
    """Whether none of some traces was deleted, which another process may have done."""
    there = select(func.count()).select_from(trace_table).where(_trace.number.between(first, last))
    return connection.scalar(there) == last - first + 1


def _pieces(connection: Connection, which: ColumnElement[bool]) -> list[Piece]:
    return [Piece(*row) for row in connection.execute(select(piece_table).where(which).order_by(_piece.number))]


def _some_pieces(connection: Connection, after: int) -> tuple[list[Piece], bool]:
    """The next pieces, about 4 MiB of them, and whether that is all."""
    pieces, size = list[Piece](), 0
    query = select(piece_table).where(_piece.number > after).order_by(_piece.number)
    with connection.execute(query.execution_options(yield_per=50)) as rows:
        for row in rows:
            pieces.append(Piece(*row))
            size += len(pieces[-1].body)
            if size > _INDEXED_AT_ONCE_BYTES:
                return pieces, False
    return pieces, True


def _staying(
    connection: Connection, reached: int, gone: AbstractSet[int], first: int, below: int
) -> Iterator[tuple[int, str]]:
    """The documents of some numbers, as far as they are indexed, but those that go."""
    within = (_piece.number >= first) & (_piece.number < below) & (_piece.number <= reached)
    staying = (piece for piece in _pieces(connection, within) if piece.number not in gone)
    return ((piece.number, document_of(piece)) for piece in staying)


def _origins(connection: Connection, digests: Sequence[str]) -> dict[str, bytes]:
    columns = (origin_table.c.digest, origin_table.c.content)
    rows = connection.execute(select(*columns).where(origin_table.c.digest.in_(digests)))
    return dict(rows.all())


def _origins_about(connection: Connection, mention: Mention) -> list[str]:
    """What spans have in common that mentions somebody."""
    if not mention.is_searchable:
        return []
    rows = connection.execute(select(origin_table.c.digest, origin_table.c.content))
    return [digest for digest, content in rows if mention.in_text(content.decode())]


def _apps(connection: Connection) -> Iterator[str]:
    """Each application by one look into the index, however many traces it has."""
    last: str | None = ""
    while (last := connection.scalar(select(func.min(_trace.app)).where(_trace.app > last))) is not None:
        yield last


def _traces_of(connection: Connection, pieces: Sequence[int]) -> dict[int, int]:
    rows = connection.execute(select(_piece.number, _piece.trace).where(_piece.number.in_(pieces)))
    return dict(rows.all())


def _rows_of(connection: Connection, numbers: set[int], conditions: Sequence[ColumnElement[bool]]) -> dict[int, Any]:
    query = select(*_LIST).where(_trace.number.in_(numbers), *conditions)
    return {row["number"]: row for row in connection.execute(query).mappings()}


def _conditions(app: str, wanted: TraceFilter) -> Iterator[ColumnElement[bool]]:
    yield _trace.app == app
    named = {"environment": wanted.environment, "endpoint": wanted.endpoint, "team": wanted.team}
    more = {"project": wanted.project, "key": wanted.key, "source": wanted.source, "status": wanted.status}
    more |= {"user_id": wanted.user, "joined_trace": wanted.joined or None}
    for name, value in (named | more).items():
        if value is not None:
            yield _trace[name] == value
    if wanted.model is not None:
        yield or_(_trace.target == wanted.model, _trace.model == wanted.model)
    if wanted.since is not None:
        yield _trace.started_ns >= to_ns(wanted.since)
    if wanted.until is not None:
        yield _trace.started_ns < to_ns(wanted.until)
    if wanted.cost_at_least_usd is not None:
        yield _trace.cost_pico >= to_pico(wanted.cost_at_least_usd)
    if not wanted.tests_too and wanted.environment not in {EVALUATION, REPLAY}:
        yield _trace.environment.not_in([EVALUATION, REPLAY])
    yield from _hints(wanted)


def _hints(wanted: TraceFilter) -> Iterator[ColumnElement[bool]]:
    """What follows from the other conditions, said as the smaller indexes say it, so that SQLite uses them."""
    if wanted.status not in {None, "ok"}:
        yield _trace.status != literal_column("'ok'")
    if wanted.user:
        yield _trace.user_id != literal_column("''")
    if wanted.joined:
        yield _trace.joined_trace != literal_column("''")


def _place(after: str, parts: int) -> list[int]:
    numbers = after.split("-")
    if len(numbers) != parts or not all(number.isascii() and number.isdecimal() for number in numbers):
        raise PlaceOfPageError(after)
    found = [int(number) for number in numbers]
    if max(found) >= 2**63:
        raise PlaceOfPageError(after)
    return found


def _pieces_of(connection: Connection, traces: Sequence[int]) -> list[int]:
    return list(connection.scalars(select(_piece.number).where(pieces_of(traces))))


def _delete(connection: Connection, traces: Sequence[int]) -> list[int]:
    """Delete traces; returns the numbers of their pieces."""
    pieces = _pieces_of(connection, traces)
    execute_many(connection, "DELETE FROM piece WHERE number = ?", [(number,) for number in pieces])
    numbers = [(number,) for number in traces]
    execute_many(connection, "DELETE FROM feedback WHERE trace_id = (SELECT id FROM trace WHERE number = ?)", numbers)
    execute_many(connection, "DELETE FROM trace WHERE number = ?", numbers)
    return pieces
