"""Finished rows in a database file that may be deleted at any time: it only saves asking again."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, delete, func, select

from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.kernel.digest import Digest
from plimsoll.storage import Database, put_rows

from .._observation import Observation
from ..scorers import Score
from ._types import KeptCase

_case = Table(
    "evaluation_case",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("row_digest", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("kept_at", Text, nullable=False),
)
_AT_ONCE: Final = 500


class _Value(msgspec.Struct, frozen=True, omit_defaults=True):
    """What stands in a row of the table, beside its key."""

    seen: Observation
    told: dict[str, Score | None]


class CaseStore:
    """Every finished row, for all processes of an installation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(_Value).decode

    def find(self, keys: Sequence[str]) -> Mapping[str, KeptCase]:
        """Those of some rows that are there; what another version wrote, and cannot be read any more, is not."""
        found: dict[str, KeptCase] = {}
        for start in range(0, len(keys), _AT_ONCE):
            query = select(_case.c.key, _case.c.row_digest, _case.c.value).where(
                _case.c.key.in_(keys[start : start + _AT_ONCE])
            )
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            for key, row, value in rows:
                case = self._read(key, row, value)
                if case is not None:
                    found[key] = case
        return found

    def _read(self, key: str, row: Digest, value: bytes) -> KeptCase | None:
        try:
            told = self._decode(value)
        except msgspec.MsgspecError:
            return None
        return KeptCase(key, row, told.seen, told.told)

    def keep(self, cases: Iterable[KeptCase]) -> None:
        """Keep rows, all in one transaction."""
        now = to_text(utc_now())
        rows = [
            {
                "key": case.key,
                "row_digest": case.row,
                "value": self._encode(_Value(case.seen, dict(case.told))),
                "kept_at": now,
            }
            for case in {case.key: case for case in cases}.values()
        ]
        with self._database.write() as connection:
            put_rows(connection, _case, ("key",), rows)

    def count(self) -> int:
        """How many rows are kept."""
        with self._database.read() as connection:
            return connection.scalar(select(func.count()).select_from(_case)) or 0

    def forget(self, *, before: str) -> int:
        """Forget rows that were finished before a time; says how many those were."""
        with self._database.write() as connection:
            return connection.execute(delete(_case).where(_case.c.kept_at < before)).rowcount
