"""All rows of a database as JSON, the same whatever the SQL engine, and back into an empty one.

So a backup of SQLite can be loaded into PostgreSQL. Rows come one by one: memory does not grow with the database.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection, LargeBinary, MetaData, Table, func, inspect, select
from sqlalchemy.exc import IntegrityError as ConstraintError

from plimsoll.kernel.digest import Json

from ._database import Database
from ._errors import DatabaseNotEmptyError, DumpInvalidError
from .migrations import STEPS_TABLE
from .search import DERIVED

_ROWS_AT_ONCE = 1000
_BASE64 = "base64"

Rows = Iterator[dict[str, Json]]


def dump_tables(database: Database) -> Iterator[tuple[str, Rows]]:
    """Every table with its rows, all as they were at one moment.

    A table comes after those that it refers to, its rows in the order of its primary key; bytes are
    `{"base64": "…"}`. The rows of a table must be read before the next table is asked for.
    """
    with database.read() as connection:
        for table in _tables(connection).values():
            yield table.name, _rows(database, connection, table)


def load_tables(database: Database, tables: Iterable[tuple[str, Iterable[Mapping[str, Json]]]]) -> dict[str, int]:
    """Write what `dump_tables` gave into an empty database with the same schema: all of it, or nothing.

    Returns how many rows each table got. Raises DatabaseNotEmptyError (ConflictError) when there are rows already, and
    DumpInvalidError when a table, a column or a value does not fit the schema, or a row refers to one that is missing.
    """
    written: dict[str, int] = {}
    with database.write() as connection:
        for name, count in _counts(connection).items():
            if count:
                raise DatabaseNotEmptyError(name, count)
        for name, rows in tables:
            if name in written:
                raise DumpInvalidError(f"the table {name} comes twice")
            written[name] = load_table(connection, name, rows)
    return written


def load_table(connection: Connection, name: str, rows: Iterable[Mapping[str, Json]]) -> int:
    """Write rows into a table of an open write transaction; returns how many. Raises DumpInvalidError."""
    if name == STEPS_TABLE or not inspect(connection).has_table(name):
        raise DumpInvalidError(f"there is no table {name} in this schema")
    table = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
    remaining = iter(rows)
    count = 0
    while some := [_decoded(table, row) for row in islice(remaining, _ROWS_AT_ONCE)]:
        try:
            connection.execute(table.insert(), some)
        except ConstraintError as error:
            raise DumpInvalidError(
                f"the rows {count + 1} to {count + len(some)} of {name} break a rule of the schema"
            ) from error
        count += len(some)
    return count


def clear_tables(database: Database) -> None:
    """Remove every row, after a restore that did not succeed."""
    with database.write() as connection:
        for table in reversed(_tables(connection).values()):
            connection.execute(table.delete())


def table_counts(database: Database) -> dict[str, int]:
    """How many rows each table has, in the order of `dump_tables`."""
    with database.read() as connection:
        return _counts(connection)


def _counts(connection: Connection) -> dict[str, int]:
    return {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in _tables(connection).items()
    }


def _tables(connection: Connection) -> dict[str, Table]:
    """The tables that are there, each after those that it refers to; not those of text indexes, which are made anew."""
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: not name.startswith(DERIVED))
    return {table.name: table for table in metadata.sorted_tables if table.name != STEPS_TABLE}


def _rows(database: Database, connection: Connection, table: Table) -> Rows:
    query = select(table).order_by(*(column for column in table.columns if column.primary_key))
    # Who reads the rows does so outside of the transaction's own block, so that errors are translated here.
    with database.translated():
        for row in connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}).mappings():
            yield {name: _encoded(value) for name, value in row.items()}


def _encoded(value: Any) -> Json:
    return {_BASE64: base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _decoded(table: Table, row: Mapping[str, Json]) -> dict[str, Any]:
    if set(row) != set(table.columns.keys()):
        wrong = sorted(set(row) ^ set(table.columns.keys()))
        raise DumpInvalidError(f"a row of {table.name} has other columns than the table: {', '.join(wrong)}")
    return {name: _value(table, name, value) for name, value in row.items()}


def _value(table: Table, name: str, value: Json) -> Any:
    column = table.columns[name]
    if value is None and column.nullable:
        return None
    kind = column.type.python_type
    if isinstance(column.type, LargeBinary):
        value = _bytes(value)
    elif kind is float and type(value) is int:
        value = float(value)
    # `type` and no `isinstance`: to Python a truth value is a number as well.
    if type(value) is not kind:
        raise DumpInvalidError(f"{table.name}.{name} is no {kind.__name__} in one of its rows")
    return value


def _bytes(value: Json) -> Any:
    if not isinstance(value, dict) or list(value) != [_BASE64] or not isinstance(value[_BASE64], str):
        return None
    try:
        return base64.b64decode(value[_BASE64], validate=True)
    except binascii.Error:
        return None
