"""The ledger in the database: lines, the tree over them, and what is sealed for its subjects.

An act is written down inside the transaction that does it, so that there is never one without the other.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from msgspec import DecodeError, Struct, json
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, RowMapping, Select, Table, Text, func, select

from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.digest import Json, canonical_json
from plimsoll.kernel.errors import IntegrityError
from plimsoll.kernel.signing import SigningKey
from plimsoll.storage import Database

from ._checkpoint import Checkpoint, open_checkpoint, proof_text, sign_checkpoint
from ._entry import SYSTEM, Line, read_line
from ._errors import ClockBackwardsError, HeadInvalidError, LedgerKeyMissingError, SubjectErasedError
from ._merkle import (
    TILE_LEVEL,
    Frontier,
    consistency_proof,
    inclusion_proof,
)
from ._seal import commitment, new_nonce, open_sealed, seal
from ._types import ENTRY_FORMAT, Act, By, Entry, Opening, Recorded, Sealed
from .subjects import Subjects
from .witness import Subtrees, Witness

_metadata = MetaData()

_entry = Table(
    "ledger_entry",
    _metadata,
    Column("sequence", Integer, primary_key=True),
    Column("act", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("body", Text, nullable=False),
)
_tile = Table(
    "ledger_tile",
    _metadata,
    Column("level", Integer, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("hash", Text, nullable=False),
)
_head = Table(
    "ledger_head",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("frontier", Text, nullable=False),
    Column("last_at", Text, nullable=False),
    Column("checkpoint", Text, nullable=False),
)
_payload = Table(
    "ledger_payload",
    _metadata,
    Column("sequence", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Made once: what a statement means is worked out when it is first run, and kept with it.
_NEWEST = select(func.max(_entry.c.sequence)).scalar_subquery().label("newest")
_ONLY = _head.c.id == 1
_READ_HEAD = select(_head, _NEWEST).where(_ONLY)
_COUNTS = select(
    _NEWEST,
    select(func.count()).select_from(_tile).scalar_subquery().label("nodes"),
    select(func.max(_payload.c.sequence)).scalar_subquery().label("sealed"),
)
_ADD_ENTRIES = _entry.insert()
_ADD_TILES = _tile.insert()
_ADD_PAYLOADS = _payload.insert()
_ADD_HEAD = _head.insert()
_MOVE_HEAD = _head.update()

_SKEW = timedelta(seconds=10)
"""How far the clocks of machines that share a ledger may differ; times in it never decrease all the same."""
_PER_PAGE = 1000
_PER_QUERY = 500


@dataclass(frozen=True, slots=True)
class _Head:
    frontier: Frontier
    last_at: datetime | None
    checkpoint: str


class Ledger:
    """The append-only record of every act: a Merkle tree (RFC 6962) whose every head is signed.

    `key` signs the checkpoints; its name is the origin of the log. `clock` is for tests.
    """

    def __init__(
        self, database: Database, subjects: Subjects, key: SigningKey, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._database = database
        self._subjects = subjects
        self._clock = clock
        self._signed = ("", "")
        self.key = key
        self.wrote = False
        """Whether this process wrote anything down since somebody set it back."""

    def append(self, connection: Connection, act: Act) -> Recorded:
        """Write an act down inside the write transaction that does it. See `append_all`."""
        return self.append_all(connection, [act])[0]

    def append_all(self, connection: Connection, acts: Sequence[Act]) -> tuple[Recorded, ...]:
        """Write acts down, in order, inside the write transaction that does them.

        Raises IntegrityError when the stored head is not the one that was signed last, ClockBackwardsError when the
        clock is more than ten seconds behind the last entry, and SubjectErasedError.
        """
        if not acts:
            return ()
        head = self._verified_head(connection)
        now = self._now(head)
        begun = list(acts) if head.frontier.size else [self._start(), *acts]
        keys: dict[str, bytes] = {}
        written = [self._line(head.frontier.size + place, now, act, keys) for place, act in enumerate(begun)]
        self._write(connection, head, [line for line, _ in written])
        if payloads := [payload for _, payload in written if payload is not None]:
            connection.execute(_ADD_PAYLOADS, payloads)
        return tuple(Recorded(line.sequence, now) for line, _ in written)[len(begun) - len(acts) :]

    def record(self, acts: Sequence[Act]) -> tuple[Recorded, ...]:
        """Write acts down in a transaction of their own. See `append_all`."""
        with self._database.write() as connection:
            return self.append_all(connection, acts)

    def size(self) -> int:
        """How many entries there are."""
        with self._database.read() as connection:
            return self._size(connection)

    def checkpoint(self) -> str:
        """The newest head as a signed note; empty while nothing was written down."""
        with self._database.read() as connection:
            return connection.scalar(select(_head.c.checkpoint).where(_ONLY)) or ""

    def lines(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """The entries from `start` to before `stop` as they were hashed, in order; read page by page."""
        columns = select(_entry.c.sequence, _entry.c.body)
        return (row[1] for row in self._pages(columns, start, stop))

    def entries(
        self, start: int = 0, stop: int | None = None, *, act: str | None = None, app: str | None = None
    ) -> Iterator[Entry]:
        """The entries from `start` to before `stop`, in order; of one act or application where that is given."""
        query = select(_entry.c.sequence, _entry.c.body)
        if act is not None:
            query = query.where(_entry.c.act == act)
        if app is not None:
            query = query.where(_entry.c.app == app)
        return (read_line(row[1]) for row in self._pages(query, start, stop))

    def latest(self, limit: int, *, act: str | None = None, app: str | None = None) -> tuple[Entry, ...]:
        """The newest entries, newest first."""
        query = select(_entry.c.body).order_by(_entry.c.sequence.desc()).limit(limit)
        if act is not None:
            query = query.where(_entry.c.act == act)
        if app is not None:
            query = query.where(_entry.c.app == app)
        with self._database.read() as connection:
            return tuple(read_line(body) for body in connection.scalars(query))

    def private(self, sequences: Iterable[int]) -> dict[int, dict[str, str]]:
        """What was sealed with each entry; empty where nothing was, and absent where it was erased."""
        wanted = sorted(set(sequences))
        opened: dict[int, dict[str, str]] = {sequence: {} for sequence in wanted}
        for sequence, content in self._open(wanted):
            if content is None:
                del opened[sequence]
            else:
                opened[sequence] = content["content"]
        return opened

    def openings(self, sequences: Iterable[int]) -> Iterator[Opening]:
        """What an auditor needs to hold sealed content against its commitment, where it was not erased."""
        for sequence, content in self._open(sorted(set(sequences))):
            if content is not None:
                yield _opening(sequence, content)

    def seals(self, start: int, stop: int) -> Iterator[Sealed]:
        """What is kept of the private content of the entries from `start` to before `stop`, in order."""
        query = select(_payload).where(_payload.c.sequence >= start, _payload.c.sequence < stop)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_payload.c.sequence)).mappings().all()
        keys: dict[str, bytes | None] = {}
        for row in rows:
            kept = Sealed(row["sequence"], row["subject"], not row["sealed"])
            try:
                content = self._content(row, keys)
            except IntegrityError as error:
                yield replace(kept, problem=error.message)
            else:
                yield kept if content is None else replace(kept, opening=_opening(kept.sequence, content))

    def inclusion(self, index: int, size: int | None = None) -> tuple[bytes, ...]:
        """Shows that entry `index` is in the tree of the first `size` entries (RFC 6962 §2.1.1). Raises ValueError."""
        with self._database.read() as connection:
            return inclusion_proof(index, self._size_to_prove(connection, size), Subtrees(connection))

    def proof(self, index: int) -> str:
        """The text that proves entry `index` with the newest checkpoint (c2sp.org/tlog-proof). Raises ValueError."""
        with self._database.read() as connection:
            note = connection.scalar(select(_head.c.checkpoint)) or ""
            hashes = inclusion_proof(index, self._size(connection), Subtrees(connection))
        return proof_text(index, hashes, note)

    def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Shows that the tree of `old` entries begins the newer one (RFC 6962 §2.1.2). Raises ValueError."""
        with self._database.read() as connection:
            return consistency_proof(old, self._size_to_prove(connection, new), Subtrees(connection))

    def witness(self, connection: Connection) -> Witness:
        """Who says, inside a transaction, whether rows that it is about to trust are what was written down."""
        return Witness(connection, self.key.verifier)

    def subject(self, identifier: str) -> str:
        """The pseudonym of a person, made when there is none."""
        return self._subjects.subject(identifier)

    def find_subject(self, identifier: str) -> str | None:
        """The pseudonym of a person; None when there is none, or it was erased."""
        return self._subjects.find(identifier)

    def name(self, subject: str) -> str | None:
        """Who stands behind a pseudonym; None when erased or never known."""
        return self.names([subject]).get(subject)

    def names(self, subjects: Iterable[str]) -> dict[str, str]:
        """Who stands behind pseudonyms; those of erased people are absent."""
        return self._subjects.names(subjects)

    def erase(self, subject: str, facts: Mapping[str, Json], *, by: By) -> Recorded:
        """Destroy what is sealed for a subject and the key, and leave a tombstone that says so.

        The commitments stay, so that every proof still holds. May be repeated after a crash in between.
        """
        with self._database.write() as connection:
            # The row stays, empty, so that "erased" is told apart from "there was nothing".
            connection.execute(_payload.update().where(_payload.c.subject == subject).values(sealed=b""))
            known = self._subjects.key(subject) is not None
            said: dict[str, Json] = {**facts, "subject": subject, "key_destroyed": known}
            recorded = self.append(connection, Act("subject.erase", "", by, said))
        # After the tombstone, so that a crash in between leaves somebody who is still found and can be erased again.
        self._subjects.destroy(subject)
        self._database.scrub()
        return recorded

    def strays(self) -> Iterator[str]:
        """What is stored around the entries and is not what they say, each as a sentence; read page by page."""
        with self._database.read() as connection:
            head = connection.execute(select(_head).where(_ONLY)).mappings().first()
            counts = connection.execute(_COUNTS).mappings().one()
        size = 0 if head is None else head["size"]
        yield from _surplus(size, counts)
        wrong: list[str] = []

        def completed(level: int, position: int, root: bytes) -> None:
            if self._tile(level, position) != root.hex():
                wrong.append(f"the stored node {position} of level {level} is not that of the entries below it")

        last_at = [""]
        frontier = Frontier.empty().extend(self._leaves(size, wrong, last_at), completed)
        yield from wrong
        if head is not None:
            if (size, head["frontier"], head["last_at"]) != (frontier.size, frontier.to_text(), last_at[0]):
                yield "the stored head is not that of the entries"
            yield from self._checkpoint_problem(head["checkpoint"], frontier)

    def _leaves(self, size: int, wrong: list[str], last_at: list[str]) -> Iterator[bytes]:
        """The entries as they were hashed; notes in `wrong` which are filed wrongly, and the time of the last one."""
        for row in self._pages(select(_entry), 0, size):
            filed = _filed(row.body)
            if filed is not None:
                last_at[0] = filed.at
                if (filed.sequence, filed.act, filed.app) != (row.sequence, row.act, row.app):
                    wrong.append(f"entry {row.sequence} is filed under another number, act or application")
            yield row.body.encode()

    def _checkpoint_problem(self, note: str, frontier: Frontier) -> Iterator[str]:
        try:
            signed = open_checkpoint(note, [self.key.verifier])
        except IntegrityError as error:
            yield error.message
        else:
            if (signed.size, signed.root) != (frontier.size, frontier.root()):
                yield f"the newest checkpoint is of other entries: it counts {signed.size}"

    def _tile(self, level: int, position: int) -> str | None:
        query = select(_tile.c.hash).where(_tile.c.level == level, _tile.c.position == position)
        with self._database.read() as connection:
            return connection.scalar(query)

    def _now(self, head: _Head) -> datetime:
        now = self._clock()
        if head.last_at is None or now >= head.last_at:
            return now
        if head.last_at - now > _SKEW:
            raise ClockBackwardsError(now, head.last_at)
        return head.last_at

    def _start(self) -> Act:
        facts: dict[str, Json] = {"format": ENTRY_FORMAT, "origin": self.key.name, "vkey": self.key.verifier.text()}
        return Act("ledger.start", "", SYSTEM, facts)

    def _line(
        self, sequence: int, at: datetime, act: Act, keys: dict[str, bytes]
    ) -> tuple[Line, dict[str, Any] | None]:
        private = {name: text for name, text in act.private.items() if text}
        if not private:
            return Line(sequence, at, act, None), None
        subject = act.subject or act.by.actor
        if subject not in keys:
            keys[subject] = self._key(subject)
        nonce = new_nonce()
        content: dict[str, Json] = {"nonce": nonce.hex(), "content": private}
        sealed = seal(keys[subject], canonical_json(content), _record(sequence))
        payload = {"sequence": sequence, "subject": subject, "sealed": sealed}
        return Line(sequence, at, act, commitment(nonce, private)), payload

    def _key(self, subject: str) -> bytes:
        key = self._subjects.key(subject)
        if key is None:
            raise SubjectErasedError(subject)
        return key

    def _write(self, connection: Connection, head: _Head, lines: Sequence[Line]) -> None:
        texts = [line.text for line in lines]
        rows = [
            {"sequence": line.sequence, "act": line.act.act, "app": line.act.app, "body": text}
            for line, text in zip(lines, texts, strict=True)
        ]
        tiles: list[dict[str, Any]] = []

        def completed(level: int, position: int, root: bytes) -> None:
            tiles.append({"level": level, "position": position, "hash": root.hex()})

        frontier = head.frontier.extend((text.encode() for text in texts), completed)
        note = sign_checkpoint(Checkpoint(self.key.name, frontier.size, frontier.root()), self.key)
        values: dict[str, Any] = {
            "size": frontier.size,
            "frontier": frontier.to_text(),
            "last_at": to_text(lines[-1].at),
            "checkpoint": note,
        }
        connection.execute(_ADD_ENTRIES, rows)
        if tiles:
            connection.execute(_ADD_TILES, tiles)
        if head.frontier.size:
            connection.execute(_MOVE_HEAD, values)
        else:
            connection.execute(_ADD_HEAD, {"id": 1, **values})
        self._signed = (note, values["frontier"])
        self.wrote = True

    def _verified_head(self, connection: Connection) -> _Head:
        """The head, held against its own signature, so that nothing is ever added to a tree that was changed."""
        row = connection.execute(_READ_HEAD).mappings().first()
        if row is None:
            if connection.scalar(select(func.count()).select_from(_entry)):
                raise HeadInvalidError("there are entries and no head")
            return _Head(Frontier.empty(), None, "")
        frontier = Frontier.from_text(row["frontier"])
        if (row["checkpoint"], row["frontier"]) != self._signed:
            origin = row["checkpoint"].partition("\n")[0]
            if origin != self.key.name:
                raise LedgerKeyMissingError(origin, self.key.name)
            signed = open_checkpoint(row["checkpoint"], [self.key.verifier])
            if (signed.size, signed.root) != (frontier.size, frontier.root()):
                raise HeadInvalidError("it is not the one that was signed")
        if row["newest"] != frontier.size - 1 or row["size"] != frontier.size:
            raise HeadInvalidError(f"it counts {frontier.size} entries, and the last one is {row['newest']}")
        return _Head(frontier, from_text(row["last_at"]), row["checkpoint"])

    def _size(self, connection: Connection) -> int:
        return connection.scalar(select(_head.c.size).where(_ONLY)) or 0

    def _size_to_prove(self, connection: Connection, size: int | None) -> int:
        whole = self._size(connection)
        if size is not None and size > whole:
            msg = f"the ledger has {whole} entries, not {size}"
            raise ValueError(msg)
        return whole if size is None else size

    def _pages(self, query: Select[Any], start: int, stop: int | None) -> Iterator[Any]:
        """Rows in order, some at a time, so that memory stays flat and no transaction is held between them."""
        after = start - 1
        while True:
            page = query.where(_entry.c.sequence > after).order_by(_entry.c.sequence).limit(_PER_PAGE)
            if stop is not None:
                page = page.where(_entry.c.sequence < stop)
            with self._database.read() as connection:
                rows = connection.execute(page).all()
            yield from rows
            if len(rows) < _PER_PAGE:
                return
            after = rows[-1][0]

    def _open(self, sequences: Sequence[int]) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """The sealed content of entries, None where it was erased; entries that have none are left out."""
        keys: dict[str, bytes | None] = {}
        for first in range(0, len(sequences), _PER_QUERY):
            query = select(_payload).where(_payload.c.sequence.in_(sequences[first : first + _PER_QUERY]))
            with self._database.read() as connection:
                rows = connection.execute(query.order_by(_payload.c.sequence)).mappings().all()
            yield from ((row["sequence"], self._content(row, keys)) for row in rows)

    def _content(self, row: RowMapping, keys: dict[str, bytes | None]) -> dict[str, Any] | None:
        """What is sealed in a row; None where it or its key is gone. `keys` are those that were looked up already."""
        subject = row["subject"]
        if subject not in keys:
            keys[subject] = self._subjects.key(subject)
        key = keys[subject]
        if key is None or not row["sealed"]:
            return None
        content: dict[str, Any] = json.decode(open_sealed(key, row["sealed"], _record(row["sequence"])))
        return content


class _Filed(Struct):
    """What columns of their own say too."""

    sequence: int
    act: str
    app: str
    at: str


def _filed(body: str) -> _Filed | None:
    """What an entry says of itself; None for a damaged one, which does not hash to what was signed."""
    try:
        return json.decode(body, type=_Filed)
    except DecodeError:
        return None


def _surplus(size: int, counts: RowMapping) -> Iterator[str]:
    """What is there beyond a head of that size."""
    for name, what in (("newest", "an entry"), ("sealed", "sealed content")):
        if counts[name] is not None and counts[name] >= size:
            yield f"there is {what} with the number {counts[name]}, and the head counts {size} entries"
    nodes = sum(size >> level for level in range(TILE_LEVEL, size.bit_length(), TILE_LEVEL))
    if counts["nodes"] > nodes:
        yield f"{counts['nodes']} nodes of the tree are stored, and {nodes} belong to {size} entries"


def _opening(sequence: int, content: Mapping[str, Any]) -> Opening:
    return Opening(sequence, content["nonce"], content["content"])


def _record(sequence: int) -> str:
    return f"ledger:{sequence}"


def is_begun(database: Database) -> bool:
    """Whether anything was ever written down in this database."""
    with database.read() as connection:
        return connection.scalar(select(_head.c.size)) is not None
