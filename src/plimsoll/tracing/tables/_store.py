"""The tables of traces, and the numbers of their rows."""

import secrets
from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    or_,
    select,
)

from plimsoll.storage.driver import execute_many, fetch_one

from .._rows import TraceRow

_metadata = MetaData()
_NUMBER = BigInteger().with_variant(Integer, "sqlite")

trace_table = Table(
    "trace",
    _metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("id", Text, nullable=False),
    Column("id_time", BigInteger, nullable=False),
    Column("app", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("surface", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("release_name", Text, nullable=False),
    Column("started_ns", BigInteger, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("time_to_first_token_ms", Float),
    Column("status", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("tokens_estimated", Boolean, nullable=False),
    Column("cost_pico", BigInteger),
    Column("unpriced", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("answered", Boolean),
    Column("cached", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("project", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("joined_trace", Text, nullable=False),
    Column("joined_span", Text, nullable=False),
)
piece_table = Table(
    "piece",
    _metadata,
    Column("number", _NUMBER, primary_key=True),
    Column("trace", BigInteger, nullable=False),
    Column("facts", LargeBinary, nullable=False),
    Column("sealed_for", Text),
    Column("body", LargeBinary, nullable=False),
)
origin_table = Table(
    "origin",
    _metadata,
    Column("digest", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("last_day", Integer, nullable=False),
)
counter_table = Table(
    "trace_counter",
    _metadata,
    Column("epoch", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)
_INSERT_TRACE = "INSERT INTO trace VALUES", f"(?{', ?' * len(TraceRow._fields)})"
_INSERT_PIECE = "INSERT INTO piece VALUES", "(?, ?, ?, ?, ?)"
_AT_ONCE = (64, 16)
_STEP = "UPDATE trace_counter SET number = number + ? RETURNING epoch, number"


def next_numbers(connection: Connection, count: int) -> tuple[str, int]:
    """The name of the life of the numbers, and the first of `count` that nobody had before.

    Numbers rise in the order of commits.
    """
    found = fetch_one(connection, _STEP, (count,))
    if found is not None:
        return found[0], int(found[1]) - count + 1
    epoch = secrets.token_hex(8)
    connection.execute(counter_table.insert().values(epoch=epoch, number=count))
    return epoch, 1


def insert_traces(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows of traces: their numbers, and the fields of a TraceRow."""
    _insert(connection, *_INSERT_TRACE, rows)


def insert_pieces(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows of pieces: the fields of a Piece."""
    _insert(connection, *_INSERT_PIECE, rows)


def _insert(connection: Connection, into: str, values: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """SQLite gets many rows with each statement.

    Python's driver lets other threads run for each statement. With one for each row the writer and the event loop would
    change places for every trace, and each change costs as much as writing the row.
    """
    at = 0
    if connection.dialect.name == "sqlite":
        for count in _AT_ONCE:
            statement = f"{into} {', '.join([values] * count)}"
            while len(rows) - at >= count:
                connection.exec_driver_sql(statement, tuple(chain.from_iterable(rows[at : at + count])))
                at += count
    execute_many(connection, f"{into} {values}", rows[at:])


def pieces_of(traces: Sequence[int]) -> ColumnElement[bool]:
    """The pieces of traces, by their numbers.

    A request that was served is one piece with the number of its trace; only the others are in the index of traces.
    """
    column = piece_table.c
    others = (column.trace != column.number) & column.trace.in_(traces)
    return or_(column.number.in_(traces) & (column.trace == column.number), others)


def last_number(connection: Connection) -> tuple[str, int]:
    """The name of the life of the numbers, and the last of them."""
    row = connection.execute(select(counter_table)).one_or_none()
    return ("", 0) if row is None else (row.epoch, row.number)
