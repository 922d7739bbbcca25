"""Writing many rows as fast as the driver can."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection


def execute_many(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run one statement for many rows with the driver's own `executemany`, which is the fastest way to write many.

    `statement` is SQL that both dialects know, with `?` for each value of a row. Nothing of it may come from outside.
    """
    if rows:
        connection.exec_driver_sql(_as_driver_says(connection, statement), list(rows))


def fetch_one(connection: Connection, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Run one statement as `execute_many` has it, and give the first row of what it returns."""
    found = connection.exec_driver_sql(_as_driver_says(connection, statement), values).first()
    return None if found is None else tuple(found)


def _as_driver_says(connection: Connection, statement: str) -> str:
    return statement.replace("?", "%s") if connection.dialect.name == "postgresql" else statement
