"""The order in which a person reads the pieces of a page: columns one after the other, tables row by row.

A page without anything side by side keeps the order of its text layer, which the program that made it chose. Where
there is, pieces are put into rows by their place; consecutive rows that leave the same white gutters free are a block;
and a block is either columns of running text (each is wide and full) or a table.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from statistics import median

from ._types import PageLines, Piece, Row

_Band = tuple[float, float]

# Numbers of clauses and signs of lists stand apart from their text, and belong to it.
_MARKER = re.compile(
    r"(?i)[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[a-z]{1,2}|[ivxlc]{1,6})[)\].:]*"
    r"|[•·▪■□●○◦‣\u2010-\u2015\u2043\-*o§]|(?:article|section|clause|exhibit|schedule)\s+\S{1,8}"
)
_DEEPEST = 3
# In units of the size of the font.
_GUTTER = 0.8
_FAR = 4.0
_SAME_ROW = 0.5
_FEWEST_TABLE_ROWS = 3
_FEWEST_COLUMN_ROWS = 5
_MOST_COLUMNS = 100
# Lines of a column fill most of it, and have this many characters.
_FULL = 0.6
_LONG = 18
_STEEP = 3.0


def arrange(pieces: Sequence[Piece]) -> PageLines:
    """The rows of a page in reading order, with their blank lines."""
    page = PageLines(list(_arranged(pieces)))
    page.mark_gaps()
    return page


def _arranged(pieces: Sequence[Piece], depth: int = 0) -> Iterator[Row]:
    rows = _visual_rows(pieces)
    blocks = list(_blocks(rows)) if sum(len(row) > 1 for row in rows) >= _FEWEST_TABLE_ROWS else []
    if depth >= _DEEPEST or all(gutters is None for _, gutters in blocks) or _is_turned(pieces):
        yield from _as_in_the_file(pieces)
        return
    for block, gutters in blocks:
        if gutters is None:
            yield from (Row([row]) for row in block)
            continue
        bands = _bands(block, gutters)
        if _are_columns(block, bands):
            for band in bands:
                inside = [piece for row in block for piece in row if _is_within(piece, band)]
                yield from _start(_arranged(inside, depth + 1))
        else:
            yield from _start(_table(block, bands))


def _start(rows: Iterator[Row]) -> Iterator[Row]:
    """The rows, the first of which stands apart."""
    for number, row in enumerate(rows):
        row.gap = row.gap or number == 0
        yield row


def _as_in_the_file(pieces: Sequence[Piece]) -> Iterator[Row]:
    for _, line in groupby(pieces, key=lambda piece: piece.line):
        yield Row([list(line)])


def _is_turned(pieces: Sequence[Piece]) -> bool:
    """Whether much of the text runs upwards or downwards."""
    steep = sum(len(piece.text) for piece in pieces if len(piece.text) > 1 and piece.height > _STEEP * piece.width)
    return steep * 4 > sum(len(piece.text) for piece in pieces)


def _visual_rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Pieces that stand at the same height, from top to bottom, each row from left to right."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.top + piece.bottom, piece.left)):
        if rows and _same_height(rows[-1][0], piece):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.left) for row in rows]


def _same_height(one: Piece, other: Piece) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared >= _SAME_ROW * max(min(one.height, other.height), 0.1)


def _blocks(rows: Sequence[list[Piece]]) -> Iterator[tuple[list[list[Piece]], list[_Band] | None]]:
    """Runs of rows that leave gutters free, with these; and the rows between such runs, with None."""
    at = 0
    while at < len(rows):
        end, gutters = _run(rows, at)
        if gutters:
            yield list(rows[at:end]), gutters
        else:
            end = at + 1
            yield list(rows[at:end]), None
        at = end


def _run(rows: Sequence[list[Piece]], at: int) -> tuple[int, list[_Band]]:
    """The end of the longest run from `at` that is a block, and the gutters that it leaves free; none for no block."""
    if not _gaps(rows[at]):
        return at, []
    filled: list[_Band] = []
    gutters: list[_Band] = []
    end = at
    for row in rows[at:]:
        size = max(piece.size for piece in row)
        if end > at and min(p.top for p in row) - max(p.bottom for p in rows[end - 1]) > _FAR * size:
            break
        wider = _merged([*filled, *((piece.left, piece.right) for piece in row)])
        free = [(a[1], b[0]) for a, b in pairwise(wider) if b[0] - a[1] >= _GUTTER * size]
        if not free or len(wider) > _MOST_COLUMNS:
            break
        filled, gutters, end = wider, free, end + 1
    if end > at and not _are_columns(rows[at:end], _bands(rows[at:end], gutters)):
        while not _gaps(rows[end - 1]):
            end -= 1
    gapped = sum(bool(_gaps(row)) for row in rows[at:end])
    return (end, gutters) if gapped >= _FEWEST_TABLE_ROWS else (at, [])


def _gaps(row: Sequence[Piece]) -> list[_Band]:
    """The wide gaps of a row, but for those behind a number or a sign of a list."""
    return [
        (one.right, other.left)
        for one, other in pairwise(row)
        if other.left - one.right >= _GUTTER * one.size and not _MARKER.fullmatch(one.text)
    ]


def _merged(spans: Sequence[_Band]) -> list[_Band]:
    merged: list[_Band] = []
    for left, right in sorted(spans):
        if merged and left <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _bands(rows: Sequence[Sequence[Piece]], gutters: Sequence[_Band]) -> list[_Band]:
    """The stretches of the page's width between the gutters."""
    left = min(piece.left for row in rows for piece in row)
    right = max(piece.right for row in rows for piece in row)
    edges = [left, *((a + b) / 2 for a, b in gutters), right]
    return list(pairwise(edges))


def _is_within(piece: Piece, band: _Band) -> bool:
    return band[0] <= (piece.left + piece.right) / 2 <= band[1]


def _are_columns(rows: Sequence[Sequence[Piece]], bands: Sequence[_Band]) -> bool:
    """Whether every band is full of running text."""
    for band in bands:
        inside = [[piece for piece in row if _is_within(piece, band)] for row in rows]
        lines = [line for line in inside if line]
        if len(lines) < _FEWEST_COLUMN_ROWS:
            return False
        width = max(band[1] - band[0], 1.0)
        filled = median((line[-1].right - line[0].left) / width for line in lines)
        length = median(sum(len(piece.text) for piece in line) for line in lines)
        if filled < _FULL or length < _LONG:
            return False
    return True


def _table(rows: Sequence[Sequence[Piece]], bands: Sequence[_Band]) -> Iterator[Row]:
    """The rows of a table. A row without a first cell goes on with the cells of the row above."""
    open_row: Row | None = None
    for pieces in rows:
        cells = [[piece for piece in pieces if _is_within(piece, band)] for band in bands]
        if open_row is not None and not cells[0] and _goes_on(open_row, pieces):
            open_row = Row([[*cell, *more] for cell, more in zip(open_row.cells, cells, strict=True)])
            continue
        if open_row is not None:
            yield _without_empty_end(open_row)
        open_row = Row(cells)
    if open_row is not None:
        yield _without_empty_end(open_row)


def _goes_on(row: Row, pieces: Sequence[Piece]) -> bool:
    return min(piece.top for piece in pieces) - row.bottom < row.size


def _without_empty_end(row: Row) -> Row:
    cells = list(row.cells)
    while cells and not cells[-1]:
        cells.pop()
    return Row(cells)
