"""Schemas, as numbered steps that are only ever added to. A step and the record that it was done are one transaction.

A step is written with Alembic's operations, so it means the same in every SQL dialect. A fresh database takes the same
steps as an old one, so both end the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, inspect, select

from plimsoll.kernel.clock import to_text, utc_now

from .._errors import DatabaseNewerError

if TYPE_CHECKING:
    from alembic.operations import Operations

_TABLE = Table(
    "schema_version",
    MetaData(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("applied_at", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema; its number is its place in the tuple, from 1."""

    name: str
    upgrade: "Callable[[Operations], None]"


def migrate(engine: Engine, migrations: tuple[Migration, ...]) -> None:
    """Take the steps that a database has not taken yet. Raises DatabaseNewerError when it took unknown ones."""
    with engine.connect() as connection, connection.begin():
        done = _done(connection)
    if done > len(migrations):
        raise DatabaseNewerError(done, len(migrations))
    for number in range(done + 1, len(migrations) + 1):
        with engine.execution_options(plimsoll_write=True).begin() as connection:
            if _done(connection) < number:
                _take(connection, number, migrations[number - 1])


def _done(connection: Connection) -> int:
    if not inspect(connection).has_table(_TABLE.name):
        return 0
    return max(connection.scalars(select(_TABLE.c.number)), default=0)


def _take(connection: Connection, number: int, migration: Migration) -> None:
    # Imported here because most runs have nothing to migrate.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    _TABLE.create(connection, checkfirst=True)
    migration.upgrade(Operations(MigrationContext.configure(connection)))
    connection.execute(_TABLE.insert().values(number=number, name=migration.name, applied_at=to_text(utc_now())))
