"""Schemas, as numbered steps that are only ever added to. A step and the record that it was done are one transaction.

A step is written with Alembic's operations, so it means the same in every SQL dialect. A fresh database takes the same
steps as an old one, so both end the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, inspect, select

from plimsoll.kernel.clock import to_text, utc_now

from .._errors import DatabaseForeignError, DatabaseNewerError
from .._opened import Opened

if TYPE_CHECKING:
    from alembic.operations import Operations

STEPS_TABLE = "schema_version"
_TABLE = Table(
    STEPS_TABLE,
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


def migrate(opened: Opened, migrations: tuple[Migration, ...]) -> None:
    """Take the steps that a database has not taken yet; each is checked again under the write lock before it is taken.

    Raises DatabaseForeignError when it took other steps than ours, and DatabaseNewerError when it took more.
    """
    with opened.reading.begin() as connection:
        done = _done(connection, opened.place, migrations)
    for number in range(done + 1, len(migrations) + 1):
        with opened.writing.begin() as connection:
            if _done(connection, opened.place, migrations) < number:
                _take(connection, number, migrations[number - 1])
                opened.settle(connection)


def _done(connection: Connection, place: str, migrations: tuple[Migration, ...]) -> int:
    """How many of our steps were taken."""
    tables = inspect(connection).get_table_names()
    if _TABLE.name not in tables:
        if migrations and tables:
            raise DatabaseForeignError(place, f"it has tables ({', '.join(sorted(tables)[:3])}) and no record of steps")
        return 0
    taken = connection.execute(select(_TABLE.c.number, _TABLE.c.name).order_by(_TABLE.c.number)).all()
    for (number, name), ours in zip(taken, migrations, strict=False):
        if name != ours.name:
            raise DatabaseForeignError(place, f'its step {number} is "{name}", and ours is "{ours.name}"')
    if len(taken) > len(migrations):
        raise DatabaseNewerError(taken[-1].number, len(migrations))
    return len(taken)


def _take(connection: Connection, number: int, migration: Migration) -> None:
    # Imported here because most runs have nothing to migrate.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    _TABLE.create(connection, checkfirst=True)
    migration.upgrade(Operations(MigrationContext.configure(connection)))
    connection.execute(_TABLE.insert().values(number=number, name=migration.name, applied_at=to_text(utc_now())))
