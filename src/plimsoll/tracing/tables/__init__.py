"""The tables that the stores of this room share."""

from ._store import (
    INSERT_PIECE,
    INSERT_TRACE,
    counter_table,
    last_number,
    next_numbers,
    origin_table,
    piece_table,
    pieces_of,
    trace_table,
)

__all__ = [
    "INSERT_PIECE",
    "INSERT_TRACE",
    "counter_table",
    "last_number",
    "next_numbers",
    "origin_table",
    "piece_table",
    "pieces_of",
    "trace_table",
]
