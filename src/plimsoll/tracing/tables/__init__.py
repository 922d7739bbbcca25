"""The tables that the stores of this room share."""

from ._store import (
    counter_table,
    insert_pieces,
    insert_traces,
    last_number,
    next_numbers,
    origin_table,
    piece_table,
    pieces_of,
    trace_table,
)

__all__ = [
    "counter_table",
    "insert_pieces",
    "insert_traces",
    "last_number",
    "next_numbers",
    "origin_table",
    "piece_table",
    "pieces_of",
    "trace_table",
]
