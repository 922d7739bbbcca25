"""Kept answers, in a database file that may be deleted at any time."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    Table,
    Text,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from plimsoll.kernel.mention import Mention
from plimsoll.storage import Database, put_rows

from ._types import Candidate, Entry

_metadata = MetaData()

_answer = Table(
    "answer",
    _metadata,
    Column("key", Text, primary_key=True),
    Column("partition", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("asked", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("vector", LargeBinary),
    Column("value", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("kept_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("similar_until", Float, nullable=False),
)
_purge = Table("answer_purge", _metadata, Column("number", Integer, primary_key=True, autoincrement=False))

_BATCH = 200
_FIELDS = tuple(_answer.c[name] for name in Entry.__dataclass_fields__)


class AnswerStore:
    """Every answer that is kept, for all processes of an installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep answers, all in one transaction; one with the same key takes the place of the older one."""
        rows = [{**asdict(entry), "size": entry.size} for entry in {entry.key: entry for entry in entries}.values()]
        with self._database.write() as connection:
            put_rows(connection, _answer, ("key",), rows)

    def get(self, key: str, now: float) -> Entry | None:
        """The answer to the same call, if it is still good."""
        return self._one(_answer.c.key == key, _answer.c.expires_at > now)

    def get_similar(self, key: str, now: float) -> Entry | None:
        """The answer to a call that `alike` found, if it is still good."""
        return self._one(_answer.c.key == key, _answer.c.similar_until > now)

    def alike(self, partition: str, now: float, limit: int) -> tuple[Candidate, ...]:
        """The newest calls that differ only in their last question."""
        query = (
            select(_answer.c.key, _answer.c.question, _answer.c.vector)
            .where(_answer.c.partition == partition, _answer.c.similar_until > now, _answer.c.vector.is_not(None))
            .order_by(_answer.c.kept_at.desc())
        )
        with self._database.read() as connection:
            return tuple(Candidate(*row) for row in connection.execute(query.limit(limit)))

    def _one(self, *which: ColumnElement[bool]) -> Entry | None:
        with self._database.read() as connection:
            row = connection.execute(select(*_FIELDS).where(*which)).mappings().one_or_none()
        return None if row is None else Entry(**row)

    def tidy(self, now: float, most_bytes: int) -> None:
        """Forget what is of no use any more, and the oldest answers where more than `most_bytes` are kept."""
        with self._database.write() as connection:
            connection.execute(delete(_answer).where(_answer.c.expires_at <= now, _answer.c.similar_until <= now))
            over = (connection.scalar(select(func.sum(_answer.c.size))) or 0) - most_bytes
            while over > 0:
                oldest = select(_answer.c.key, _answer.c.size).order_by(_answer.c.kept_at, _answer.c.key).limit(_BATCH)
                keys = []
                for key, size in connection.execute(oldest):
                    keys.append(key)
                    over -= size
                    if over <= 0:
                        break
                connection.execute(delete(_answer).where(_answer.c.key.in_(keys)))

    def count(self) -> int:
        """How many answers are kept."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(_answer)) or 0

    def purges(self) -> int:
        """How often something was purged: when this changes, what a process remembers may have been purged."""
        with self._database.read() as connection:
            return connection.scalar(select(func.max(_purge.c.number))) or 0

    def purge_release(self, release: str) -> int:
        """Forget the answers of a release; says how many those were."""
        return self._delete(_answer.c.release == release)

    def purge_tenant(self, tenant: str) -> int:
        """Forget the answers of a tenant; says how many those were."""
        return self._delete(_answer.c.tenant == tenant)

    def purge_all(self) -> int:
        """Forget everything; says how many answers those were."""
        return self._delete(literal(value=True))

    def count_subject(self, identifier: str) -> int:
        """How many answers `purge_subject` would forget."""
        return sum(len(keys) for keys in self._of_subject(identifier))

    def purge_subject(self, identifier: str) -> int:
        """Forget every answer that was asked for a person or mentions them; says how many those were.

        An identifier of less than three characters is only held against the users. Nothing of them is left in the
        file. Raises UnavailableError when somebody else holds on to the old state of the database: what is deleted
        stays deleted, and the same call cleans up later.
        """
        purged = sum(self._delete(_answer.c.key.in_(keys)) for keys in self._of_subject(identifier))
        self._database.scrub()
        return purged

    def _delete(self, which: ColumnElement[bool]) -> int:
        with self._database.write() as connection:
            count = connection.execute(delete(_answer).where(which)).rowcount
            if not connection.execute(update(_purge).values(number=_purge.c.number + 1)).rowcount:
                connection.execute(insert(_purge).values(number=1))
        return count

    def _of_subject(self, identifier: str) -> Iterator[list[str]]:
        """Keys of a person's answers, in batches, oldest first, so that what is written meanwhile is met as well."""
        mention = Mention(identifier)
        place = (0.0, "")
        while True:
            after = tuple_(_answer.c.kept_at, _answer.c.key) > tuple_(*map(literal, place))
            query = select(*_FIELDS).where(after).order_by(_answer.c.kept_at, _answer.c.key).limit(_BATCH)
            with self._database.read() as connection:
                rows = connection.execute(query).mappings().all()
            found = [row["key"] for row in rows if _is_about(mention, row)]
            if found:
                yield found
            if len(rows) < _BATCH:
                return
            place = (rows[-1]["kept_at"], rows[-1]["key"])


def _is_about(mention: Mention, row: RowMapping) -> bool:
    if mention.is_exactly(row["user_id"]):
        return True
    if not mention.is_searchable:
        return False
    # Joined by a character that folding leaves alone, so that nothing is found across two columns.
    return mention.in_text("\0".join([row["user_id"], row["asked"], row["value"]]))
