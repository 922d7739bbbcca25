"""Rows as every store writes and reads them, said the same way for both SQL dialects."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, Table, select
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    from ._database import Database

Row = Mapping[str, Any]

_PER_PAGE = 1000


def insert_missing(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write those rows that break no key, and leave the rows that are there as they are."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), [dict(row) for row in rows])


def put_row(connection: Connection, table: Table, keys: Row, values: Row) -> None:
    """Write the row with these keys: a new one, or these values into the one that is there.

    `keys` must be a primary key or a unique constraint of the table.
    """
    put_rows(connection, table, tuple(keys), [{**keys, **values}])


def put_rows(connection: Connection, table: Table, keys: Sequence[str], rows: Sequence[Row]) -> None:
    """Write many rows, all with the same columns, as `put_row` does; `keys` names the columns that are the key."""
    if not rows:
        return
    statement = _insert(connection, table)
    values = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if values:
        statement = statement.on_conflict_do_update(index_elements=list(keys), set_=values)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(keys))
    connection.execute(statement, [dict(row) for row in rows])


def in_sequence(database: "Database", table: Table) -> Iterator[RowMapping]:
    """Every row of a table that has a `sequence`, in that order, some at a time: memory stays flat.

    No transaction is held between the pages.
    """
    last = -1
    while True:
        query = select(table).where(table.c.sequence > last).order_by(table.c.sequence).limit(_PER_PAGE)
        with database.read() as connection:
            rows = connection.execute(query).mappings().all()
        yield from rows
        if not rows:
            return
        last = rows[-1]["sequence"]


def _insert(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """The dialect's own INSERT; both spell `ON CONFLICT` the same."""
    if connection.dialect.name == "postgresql":
        # Imported here because few installations have a server.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)
