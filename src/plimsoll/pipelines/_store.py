"""The outputs of stages, in a database file that may be deleted at any time."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select

from plimsoll.kernel.digest import digest_bytes
from plimsoll.storage import Database, conflict_insert

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
        statement = conflict_insert(_output)
        statement = statement.on_conflict_do_update(
            index_elements=["stage", "key"],
            set_={"digest": statement.excluded.digest, "value": statement.excluded.value},
        )
        with self._database.write() as connection:
            connection.execute(statement, rows)
