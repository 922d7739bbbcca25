"""The outputs of stages, in a database file that may be deleted at any time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select

from plimsoll.kernel.digest import digest_bytes
from plimsoll.storage import Database, put_rows

_metadata = MetaData()

_output = Table(
    "stage_output",
    _metadata,
    Column("stage", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
)

_KEYS_PER_QUERY = 500
_VALUES_PER_QUERY = 100


class StageCache:
    """Remembers what a stage made from an input, under a key that names input and settings by their digests.

    A value that was damaged on disk is forgotten, not returned.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, stage: str, keys: Iterable[str]) -> dict[str, bytes]:
        """The outputs that are known, by key."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, bytes] = {}
        with self._database.read() as connection:
            for first in range(0, len(wanted), _KEYS_PER_QUERY):
                query = select(_output.c.key, _output.c.digest, _output.c.value).where(
                    _output.c.stage == stage, _output.c.key.in_(wanted[first : first + _KEYS_PER_QUERY])
                )
                rows = connection.execute(query)
                found |= {key: value for key, digest, value in rows if digest_bytes(value) == digest}
        return found

    def present(self, stage: str, keys: Iterable[str]) -> set[str]:
        """Those of the keys whose outputs are known, without reading the outputs."""
        wanted = list(dict.fromkeys(keys))
        found: set[str] = set()
        with self._database.read() as connection:
            for first in range(0, len(wanted), _KEYS_PER_QUERY):
                some = wanted[first : first + _KEYS_PER_QUERY]
                query = select(_output.c.key).where(_output.c.stage == stage, _output.c.key.in_(some))
                found.update(connection.scalars(query))
        return found

    def put(self, stage: str, outputs: Mapping[str, bytes]) -> None:
        """Remember outputs, all in one transaction."""
        if not outputs:
            return
        rows = [
            {"stage": stage, "key": key, "digest": digest_bytes(value), "value": value}
            for key, value in outputs.items()
        ]
        with self._database.write() as connection:
            put_rows(connection, _output, ("stage", "key"), rows)

    def count(self, mentions: Callable[[bytes], bool]) -> int:
        """How many outputs mention something, as told by a function that looks at their bytes."""
        with self._database.read() as connection:
            stages = connection.scalars(select(_output.c.stage).distinct()).all()
        return sum(len(keys) for stage in stages for keys in self._mentioning(stage, mentions))

    def purge(self, mentions: Callable[[bytes], bool], *, unreadable: Collection[str] = ()) -> int:
        """Forget every output that mentions something, and leave nothing of it in the file; says how many those were.

        The stages in `unreadable` make outputs from which nobody can read what they were made of (vectors, say): when
        anything is forgotten, all of theirs are, and not counted.
        """
        with self._database.read() as connection:
            stages = connection.scalars(select(_output.c.stage).distinct()).all()
        purged = 0
        for stage in stages:
            for keys in self._mentioning(stage, mentions):
                with self._database.write() as connection:
                    connection.execute(_output.delete().where(_output.c.stage == stage, _output.c.key.in_(keys)))
                purged += len(keys)
        if purged:
            with self._database.write() as connection:
                connection.execute(_output.delete().where(_output.c.stage.in_(list(unreadable))))
        self._database.scrub()
        return purged

    def _mentioning(self, stage: str, mentions: Callable[[bytes], bool]) -> Iterator[list[str]]:
        last = ""
        while True:
            query = select(_output.c.key, _output.c.value).where(_output.c.stage == stage, _output.c.key > last)
            with self._database.read() as connection:
                rows = connection.execute(query.order_by(_output.c.key).limit(_VALUES_PER_QUERY)).all()
            found = [key for key, value in rows if mentions(value)]
            if found:
                yield found
            if len(rows) < _VALUES_PER_QUERY:
                return
            last = rows[-1][0]
