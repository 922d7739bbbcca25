"""Spans that others send, into the database: one transaction for whatever came at the same time."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import json
from sqlalchemy import Connection, RowMapping, bindparam, select, update

from plimsoll.kernel.clock import utc_now
from plimsoll.storage import insert_missing

from .._rows import TraceRow, id_time_of, to_ns, to_row
from .._store import Joined, Traces
from ..otlp import Piece, SpanFacts, fold
from ..tables import insert_pieces, insert_traces, next_numbers, origin_table, piece_table, pieces_of, trace_table
from ..usage import Tally, add_usage
from ._trace import KnownTrace, SentTrace, count_sent, row_of_sent
from ._types import Outcome, Shipment
from ._unpack import NewSpan, Price, TraceKey, Unpacked, digest_of, packed, unpack

MOST_SPANS = 20_000
"""Of one trace: its sums are made anew whenever more of it comes."""

_PIECE_BYTES = 256 << 10
_AT_ONCE = 500
_DAY_NS = 86_400_000_000_000

_Change = tuple[KnownTrace | None, list[NewSpan], SentTrace]
"""A trace that is there, what of it is new, and what it comes to."""

_trace, _piece, _origin = trace_table.c, piece_table.c, origin_table.c
_facts = json.Decoder(list[SpanFacts])


class Received:
    """Keeps what others send beside what was served here.

    `price` knows what tokens cost. With `keeps_days`, for which traces are kept, older spans are rejected: what was
    forgotten, and is sent again, would be counted again.
    """

    def __init__(self, traces: Traces, price: Price | None = None, *, keeps_days: float | None = None) -> None:
        self._traces = traces
        self._price = price
        self._keeps_days = keeps_days
        self._days: dict[str, int] = {}
        traces.when_joined = self._rejoin

    def take(self, shipments: Sequence[Shipment]) -> list[Outcome | Exception]:
        """Keep the spans of some shipments, all in one transaction; afterwards they are durable.

        A span that is there already counts as kept. Gives an outcome for each shipment, or SentInvalidError or
        SentTooLargeError where nothing of it could be read. Raises UnavailableError when nothing can be written.
        """
        oldest = 0 if self._keeps_days is None else to_ns(utc_now() - timedelta(days=self._keeps_days))
        unpacked = unpack(shipments, self._traces.capture, self._price, oldest_ns=oldest)
        if unpacked.traces:
            with self._traces.database.write() as connection:
                writing = _Writing(connection, unpacked, self._traces, self._days)
                size = writing.write()
            self._days.update(writing.new_days)
            self._traces.wrote(size)
        return [unpacked.errors.get(place) or _outcome(unpacked, place) for place in range(len(shipments))]

    def _rejoin(self, connection: Connection, new: Mapping[str, Counter[Joined]]) -> None:
        """Requests were served for spans that may have come before: what those said of their cost counts no more."""
        writing = _Writing(connection, Unpacked(), self._traces, self._days)
        writing.rejoin(new)


def _outcome(unpacked: Unpacked, place: int) -> Outcome:
    rejected = unpacked.rejected[place]
    why = f"{rejected} spans have no valid ids or times, or are too old, or their trace is full or somebody else's"
    return Outcome(unpacked.spans[place], rejected, why if rejected else "")


class _Writing:
    """One transaction."""

    def __init__(self, connection: Connection, unpacked: Unpacked, traces: Traces, days: dict[str, int]) -> None:
        self._connection, self._unpacked, self._traces, self._days = connection, unpacked, traces, days
        self._tally = Tally()
        self.new_days: dict[str, int] = {}

    def write(self) -> int:
        """Write everything; returns the size of what has to be indexed."""
        known = self._known(list({key.id for key in self._unpacked.traces}))
        served = self._served([key.id for key in self._unpacked.traces])
        changed: list[_Change] = []
        for key, spans in self._unpacked.traces.items():
            there = known.get(key.id)
            new = self._acceptable(key, there, spans)
            if new:
                sent = self._folded(key, there, new, served.get(key.id, Counter()))
                changed.append((there, new, sent))
        first, after = self._numbers(changed)
        bodies = list(self._placed(changed, iter(range(first, after))))
        insert_pieces(self._connection, bodies)
        add_usage(self._connection, self._tally)
        return sum(len(body) for *_, body in bodies)

    def rejoin(self, new: Mapping[str, Counter[Joined]]) -> None:
        """Fold traces again whose spans' calls turned out to be served here."""
        ids = list(new)
        served = self._served(ids)
        for there in self._known(ids).values():
            if there.source == "sent" and there.facts:
                key = TraceKey(there.app, there.row.id)
                now = served[key.id]
                # A span may have been served before: a client that tries again names the same one.
                before = fold(there.facts, _own(now - new[key.id], key.app, there.row.team))
                count_sent(self._tally, there.row, before, sign=-1)
                folded = fold(there.facts, _own(now, key.app, there.row.team))
                row = row_of_sent(key, folded, there.sender)
                count_sent(self._tally, row, folded)
                self._update([{"which": there.number, **row._asdict()}])
        add_usage(self._connection, self._tally)

    def _update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._connection.execute(update(trace_table).where(_trace.number == bindparam("which")), list(rows))

    def _numbers(self, changed: Sequence[_Change]) -> tuple[int, int]:
        # One for each new trace and each piece; a few may stay unused.
        most = sum(2 + len(new) for _, new, _ in changed)
        _, first = next_numbers(self._connection, most) if most else ("", 0)
        return first, first + most

    def _placed(
        self, changed: Sequence[_Change], numbers: Iterator[int]
    ) -> Iterator[tuple[int, int, bytes, str | None, bytes]]:
        """Write the rows of the traces; gives the rows of their pieces."""
        inserts, updates = [], []
        for there, new, sent in changed:
            number = next(numbers) if there is None else there.number
            if there is None:
                inserts.append((number, *sent.row))
            elif there.source == "sent":
                updates.append({"which": number, **sent.row._asdict()})
            subject = self._subject(sent.row)
            for some in _parts(new):
                body = json.encode(self._piece(some, apart=subject is not None))
                sealed = body if subject is None else self._sealed(subject, body)
                yield next(numbers), number, packed(one.facts for one in some), subject, sealed
        insert_traces(self._connection, inserts)
        self._update(updates)

    def _known(self, ids: Sequence[str]) -> dict[str, KnownTrace]:
        """What is there already of some traces."""
        found: dict[str, KnownTrace] = {}
        for some in _chunks(ids):
            wanted = frozenset(some)
            near = select(trace_table).where(_trace.id_time.in_([id_time_of(one) for one in some]))
            rows = [row for row in self._connection.execute(near).mappings() if row["id"] in wanted]
            facts = self._facts([row["number"] for row in rows])
            for row in rows:
                found[row["id"]] = _as_known(row, facts.get(row["number"], []))
        return found

    def _facts(self, numbers: Sequence[int]) -> dict[int, list[SpanFacts]]:
        found: dict[int, list[SpanFacts]] = {}
        if numbers:
            query = select(_piece.trace, _piece.facts).where(pieces_of(numbers)).order_by(_piece.number)
            for trace, facts in self._connection.execute(query):
                found.setdefault(trace, []).extend(_facts.decode(facts) if facts else [])
        return found

    def _served(self, ids: Sequence[str]) -> dict[str, Counter[Joined]]:
        """The spans of callers whose calls were answered here, and how often, by the callers' traces."""
        found: dict[str, Counter[Joined]] = {}
        columns = (_trace.joined_trace, _trace.app, _trace.team, _trace.joined_span)
        for some in _chunks(ids):
            query = select(*columns).where(_trace.joined_trace.in_(some), _trace.joined_trace != "")
            for trace, *joined in self._connection.execute(query):
                app, team, span = joined
                found.setdefault(trace, Counter())[app, team, span] += 1
        return found

    def _acceptable(self, key: TraceKey, there: KnownTrace | None, spans: list[NewSpan]) -> list[NewSpan]:
        """The spans that are not there yet, and may be: a trace is one application's, and the team's that began it."""
        if there is not None and there.app != key.app:
            self._reject(spans)
            return []
        team = spans[0].sender.team if there is None else there.row.team
        if team:
            self._reject(span for span in spans if span.sender.team not in {"", team})
            spans = [span for span in spans if span.sender.team in {"", team}]
        seen = {fact.id for fact in there.facts} if there is not None else set()
        room = MOST_SPANS - len(seen)
        new = []
        for span in spans:
            if span.facts.id not in seen:
                seen.add(span.facts.id)
                new.append(span)
        self._reject(new[max(room, 0) :])
        return new[: max(room, 0)]

    def _reject(self, spans: Iterable[NewSpan]) -> None:
        for span in spans:
            self._unpacked.rejected[span.shipment] += 1
            self._unpacked.spans[span.shipment] -= 1

    def _folded(
        self, key: TraceKey, there: KnownTrace | None, new: Sequence[NewSpan], served: Iterable[Joined]
    ) -> SentTrace:
        """The trace with what is new, and its sums in place of those of before. What was served keeps its own."""
        sender = new[0].sender if there is None else there.sender
        ids = _own(served, key.app, sender.team)
        facts = [span.facts for span in new]
        if there is not None:
            if there.source == "served":
                return SentTrace(there.row, None)
            before = fold(there.facts, ids)
            count_sent(self._tally, there.row, before, sign=-1)
            facts = [*there.facts, *facts]
        folded = fold(facts, ids)
        row = row_of_sent(key, folded, sender)
        count_sent(self._tally, row, folded)
        return SentTrace(row, folded)

    def _piece(self, some: Sequence[NewSpan], *, apart: bool) -> Piece:
        """The body of a piece; with `apart`, because it will be encrypted, it holds itself what others share."""
        places: dict[str, int] = {}
        digests: dict[bytes, str] = {}
        for one in some:
            if one.origin not in digests:
                digests[one.origin] = one.origin.decode() if apart else self._keep_origin(one)
            one.span.origin = places.setdefault(digests[one.origin], len(places))
        return Piece(list(places), [one.span for one in some])

    def _keep_origin(self, one: NewSpan) -> str:
        """Keep what spans have in common once, and the last day on which it was seen."""
        digest, day = digest_of(one.origin), one.span.start // _DAY_NS
        if max(self._days.get(digest, -1), self.new_days.get(digest, -1)) < day:
            row = {"digest": digest, "content": one.origin, "last_day": day}
            insert_missing(self._connection, origin_table, [row])
            later = update(origin_table).where(_origin.digest == digest, _origin.last_day < day)
            self._connection.execute(later.values(last_day=day))
            self.new_days[digest] = day
        return digest

    def _subject(self, row: TraceRow) -> str | None:
        sealed = self._traces.capture.level(row.id, row.environment) == "sealed"
        return row.user_id or row.caller if sealed else None

    def _sealed(self, subject: str, body: bytes) -> bytes:
        seal = self._traces.capture.seal
        return body if seal is None else seal(subject, body)


def _own(served: Iterable[Joined], app: str, team: str) -> set[str]:
    """The spans that requests of the same application and team named: nobody takes away what another team spent."""
    return {span for its_app, its_team, span in served if (its_app, its_team) == (app, team)}


def _as_known(row: RowMapping, facts: list[SpanFacts]) -> KnownTrace:
    return KnownTrace(row["number"], to_row(row), facts)


def _parts(spans: Sequence[NewSpan]) -> Iterator[Sequence[NewSpan]]:
    """Pieces of at most about 256 KiB, so that no single row is huge."""
    some: list[NewSpan] = []
    size = 0
    for span in spans:
        some.append(span)
        size += _about(span.span.attributes)
        if size > _PIECE_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def _about(attributes: Mapping[str, Any]) -> int:
    return sum(len(value) if isinstance(value, str) else 50 for value in attributes.values())


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
