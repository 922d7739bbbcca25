"""Writing many rows as fast as the driver can."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection


def execute_many(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run one statement for many rows with the driver's own `executemany`, which is the fastest way to write many.

    `statement` is SQL that both dialects know, with `?` for each value of a row. Nothing of it may come from outside.
    """
    if rows:
        if connection.dialect.name == "postgresql":
            statement = statement.replace("?", "%s")
        connection.exec_driver_sql(statement, list(rows))
