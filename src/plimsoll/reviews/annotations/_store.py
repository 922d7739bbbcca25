"""Queues and labels in the database. A row and its ledger entry are one transaction."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from msgspec import DecodeError, ValidationError, json
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    RowMapping,
    Select,
    Table,
    Text,
    select,
    update,
)

from plimsoll.kernel.clock import from_text, to_text
from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_json
from plimsoll.kernel.mention import Mention
from plimsoll.ledger import Act, By, Claim, Ledger
from plimsoll.storage import Database

from ._errors import ItemForgedError, ItemMissingError, QueueExistsError, QueueMissingError
from ._rules import check_adjudication, check_label, check_queue, settle, waiting
from ._types import Annotation, Given, Item, Next, Queue, Settled, Task, items_digest

_tables = MetaData()
_queue = Table(
    "annotation_queue",
    _tables,
    Column("sequence", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("items", Integer, nullable=False),
    Column("items_digest", Text, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("actor", Text, nullable=False),
)
_item = Table(
    "annotation_item",
    _tables,
    Column("queue", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("item", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("content", Text, nullable=False),
)
_said = Table(
    "annotation",
    _tables,
    Column("sequence", Integer, primary_key=True),
    Column("app", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("given", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("given_at", Text, nullable=False),
)
_OPEN = "annotation.open"
_ACTS = ("annotation.label", "annotation.adjudicate")
_PER_PAGE = 1000
_Check = Callable[[Task, Settled, str, str], None]


class Annotations:
    """Every queue of answers, and every label that a person gave."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    def open(self, app: str, name: str, task: Task, items: Sequence[Item], *, by: By) -> Queue:
        """Open a queue, which never changes. Raises QueueInvalidError and QueueExistsError."""
        check_queue(name, task, items)
        digests = [(item.id, item.digest) for item in items]
        facts = _queue_facts(name, task, len(items), items_digest(digests))
        with self._database.write() as connection:
            if connection.execute(select(_queue.c.sequence).where(_named(app, name))).first() is not None:
                raise QueueExistsError(name)
            recorded = self._ledger.append(connection, Act(_OPEN, app, by, facts))
            row = {
                "sequence": recorded.sequence,
                "app": app,
                "name": name,
                "task": canonical_json(task.to_json()).decode(),
                "items": len(items),
                "items_digest": facts["items"],
                "opened_at": to_text(recorded.at),
                "actor": by.actor,
            }
            connection.execute(_queue.insert().values(row))
            rows = [
                {
                    "queue": recorded.sequence,
                    "place": place,
                    "item": item.id,
                    "digest": digest,
                    "content": canonical_json(item.to_json()).decode(),
                }
                for place, (item, (_, digest)) in enumerate(zip(items, digests, strict=True))
            ]
            connection.execute(_item.insert(), rows)
        return Queue(app, name, task, len(items), str(facts["items"]), recorded.sequence, recorded.at, by.actor)

    def queues(self, app: str) -> tuple[Queue, ...]:
        """The queues of an application, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(_queue).where(_queue.c.app == app).order_by(_queue.c.sequence)).mappings()
            return tuple(map(_to_queue, rows))

    def queue(self, app: str, name: str) -> Queue:
        """One of them. Raises QueueMissingError."""
        with self._database.read() as connection:
            return self._queue(connection, app, name)

    def next(self, app: str, name: str, actor: str) -> Next | None:
        """What a person is shown next, without what others said; None where nothing is left for them.

        Raises QueueMissingError.
        """
        with self._database.read() as connection:
            queue = self._queue(connection, app, name)
            items = _settled(connection, queue)
        left = waiting(items, actor)
        if not left or left[0].item is None:
            return None
        done = sum(actor in item.labels for item in items)
        return Next(replace(left[0].item, author=""), queue.task, done, len(left))

    def label(self, app: str, name: str, item: str, label: str, *, by: By, note: str = "") -> Annotation:
        """Label an answer; the note is sealed for its author. The last word of a person counts until all are in.

        Raises QueueMissingError, ItemMissingError, LabelUnknownError and ItemClosedError.
        """
        return self._give((app, name, item), ("label", label, note), by, check_label)

    def adjudicate(self, app: str, name: str, item: str, label: str, *, by: By, reason: str = "") -> Annotation:
        """Settle an answer on which annotators differ; whoever labelled it cannot.

        Raises as `label` does, NothingToSettleError and OwnLabelError.
        """
        return self._give((app, name, item), ("adjudicate", label, reason), by, check_adjudication)

    def _give(self, place: tuple[str, str, str], words: tuple[Given, str, str], by: By, check: _Check) -> Annotation:
        app, name, item = place
        given, label, note = words
        with self._database.write() as connection:
            queue = self._queue(connection, app, name)
            found = _settled(connection, queue, only=item)
            if not found:
                raise ItemMissingError(name, item)
            check(queue.task, found[0], label, by.actor)
            facts: dict[str, Json] = {"queue": name, "item": found[0].digest, "label": label}
            act = Act(f"annotation.{given}", app, by, facts, {"note": note} if note else {})
            recorded = self._ledger.append(connection, act)
            said = Annotation(recorded.sequence, item, given, label, by.actor, recorded.at)
            connection.execute(_said.insert().values(_values(said, queue, found[0].digest)))
        return said

    def settled(self, app: str, name: str) -> tuple[Settled, ...]:
        """What came of each answer, in the order of the queue, for whoever may see it. Raises QueueMissingError."""
        with self._database.read() as connection:
            return _settled(connection, self._queue(connection, app, name))

    def trusted(self, app: str, name: str) -> tuple[Settled, ...]:
        """The same for whoever depends on it: each row is what the log says, and none is missing.

        Raises QueueMissingError, and IntegrityError when a label was changed, made up or taken away.
        """
        with self._database.read() as connection:
            queue = self._queue(connection, app, name)
            opened = connection.execute(select(_queue).where(_named(app, name))).mappings().one()
            rows = connection.execute(_labels_of(queue)).mappings().all()
            witness = self._ledger.witness(connection)
            witness.must_say([_queue_claim(connection, opened), *map(_claim, rows)])
            there = [row["sequence"] for row in rows]
            witness.must_miss_none(there, _ACTS, app, {"queue": name}, after=queue.sequence)
            return _settled(connection, queue)

    def _queue(self, connection: Connection, app: str, name: str) -> Queue:
        row = connection.execute(select(_queue).where(_named(app, name))).mappings().first()
        if row is None:
            known = connection.scalars(select(_queue.c.name).where(_queue.c.app == app).order_by(_queue.c.sequence))
            raise QueueMissingError(name, known.all())
        return _to_queue(row)

    def claims(self) -> Iterator[Claim]:
        """What every row says, in the order of the ledger; read page by page."""
        with self._database.read() as connection:
            opened = connection.execute(select(_queue)).mappings().all()
            claims = {row["sequence"]: _queue_claim(connection, row) for row in opened}
        last = -1
        while True:
            page = select(_said).where(_said.c.sequence > last).order_by(_said.c.sequence).limit(_PER_PAGE)
            with self._database.read() as connection:
                rows = connection.execute(page).mappings().all()
            end = rows[-1]["sequence"] if len(rows) == _PER_PAGE else None
            found = {row["sequence"]: _claim(row) for row in rows}
            found |= {
                number: claim for number, claim in claims.items() if last < number and (end is None or number <= end)
            }
            yield from (found[number] for number in sorted(found))
            if end is None:
                return
            last = end

    def count_subject(self, identifier: str) -> int:
        """How many answers mention a person."""
        with self._database.read() as connection:
            return len(_mentioning(connection, identifier))

    def purge_subject(self, identifier: str) -> int:
        """Forget what those answers say; their labels stay, and nobody can see any more of what."""
        with self._database.write() as connection:
            found = _mentioning(connection, identifier)
            for queue, place in found:
                where = (_item.c.queue == queue) & (_item.c.place == place)
                connection.execute(update(_item).where(where).values(content=""))
        if found:
            self._database.scrub()
        return len(found)


def _named(app: str, name: str) -> ColumnElement[bool]:
    return (_queue.c.app == app) & (_queue.c.name == name)


def _queue_facts(name: str, task: Task, count: int, items: Digest) -> dict[str, Json]:
    # The question is in people's words; the log is for good, and knows its digest alone.
    return {"queue": name, "task": digest_json(task.to_json()), "count": count, "items": items}


def _labels_of(queue: Queue) -> Select[tuple[object, ...]]:
    return select(_said).where(_said.c.app == queue.app, _said.c.queue == queue.name).order_by(_said.c.sequence)


def _settled(connection: Connection, queue: Queue, *, only: str | None = None) -> tuple[Settled, ...]:
    items = select(_item).where(_item.c.queue == queue.sequence).order_by(_item.c.place)
    labels = _labels_of(queue)
    if only is not None:
        items, labels = items.where(_item.c.item == only), labels.where(_said.c.item == only)
    rows = [(row["item"], row["digest"], _content(row)) for row in connection.execute(items).mappings()]
    return settle(queue.task, rows, [_to_annotation(row) for row in connection.execute(labels).mappings()])


def _content(row: RowMapping) -> Item | None:
    """What an item says; None where it was erased. Raises ItemForgedError where it is not what was queued."""
    if not row["content"]:
        return None
    try:
        item = Item.from_json(json.decode(row["content"]))
    except (DecodeError, ValidationError):
        raise ItemForgedError(row["item"]) from None
    if item.digest != row["digest"]:
        raise ItemForgedError(row["item"])
    return item


def _mentioning(connection: Connection, identifier: str) -> list[tuple[int, int]]:
    mention = Mention(identifier)
    if not mention.is_searchable:
        return []
    rows = connection.execute(select(_item.c.queue, _item.c.place, _item.c.content).where(_item.c.content != "")).all()
    return [(queue, place) for queue, place, content in rows if mention.in_text(content)]


def _to_queue(row: RowMapping) -> Queue:
    task = json.decode(row["task"], type=Task)
    return Queue(
        app=row["app"],
        name=row["name"],
        task=task,
        items=row["items"],
        digest=row["items_digest"],
        sequence=row["sequence"],
        opened_at=from_text(row["opened_at"]),
        actor=row["actor"],
    )


def _to_annotation(row: RowMapping) -> Annotation:
    return Annotation(
        sequence=row["sequence"],
        item=row["item"],
        given=row["given"],
        label=row["label"],
        actor=row["actor"],
        at=from_text(row["given_at"]),
    )


def _values(said: Annotation, queue: Queue, digest: Digest) -> dict[str, str | int]:
    return {
        "sequence": said.sequence,
        "app": queue.app,
        "queue": queue.name,
        "item": said.item,
        "digest": digest,
        "given": said.given,
        "label": said.label,
        "actor": said.actor,
        "given_at": to_text(said.at),
    }


def _queue_claim(connection: Connection, row: RowMapping) -> Claim:
    """What the row of a queue says, with the digest of the items that are there now."""
    query = select(_item.c.item, _item.c.digest).where(_item.c.queue == row["sequence"]).order_by(_item.c.place)
    items = [(id_, digest) for id_, digest in connection.execute(query)]
    try:
        task = digest_json(json.decode(row["task"]))
    except DecodeError:
        # A damaged one is named, and stops nothing.
        task = row["task"]
    facts: dict[str, Json] = {"queue": row["name"], "task": task, "count": len(items), "items": items_digest(items)}
    return Claim(
        sequence=row["sequence"],
        act=_OPEN,
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["opened_at"]),
        facts=facts,
        place=f"review queue {row['name']}",
    )


def _claim(row: RowMapping) -> Claim:
    return Claim(
        sequence=row["sequence"],
        act=f"annotation.{row['given']}",
        app=row["app"],
        actor=row["actor"],
        at=Claim.moment(row["given_at"]),
        facts={"queue": row["queue"], "item": row["digest"], "label": row["label"]},
        place=f"label of {row['item']} in the review queue {row['queue']}",
    )
