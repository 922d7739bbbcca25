"""Tables as text (CSV, TSV): each row a line that can be understood by itself, `column: value | column: value`."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from .._assemble import clean
from .._encoding import decode
from .._errors import UnpackedTooLargeError
from .._types import Extract, LoadSettings, PageText

VERSION = 2

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 50
_SAMPLE_CHARACTERS = 100_000
_MOST_COLUMNS = 500
_MOST_NAME = 80
_MOST_CHARACTERS = 100_000_000
_NUMBER = re.compile(r"[-+(]?[$€£]?\s?\d[\d.,:/ %-]*\)?")


def read(data: bytes, name: str, _settings: LoadSettings) -> Extract:
    """One line for each row; cells that are empty are left out. Without a row of names, lines are `value | value`.

    Raises NotTextError for binary data, and UnpackedTooLargeError when the names of columns make too much of it.
    """
    text, note = decode(data, name)
    text = clean(text)
    delimiter = "\t" if name.lower().endswith((".tsv", ".tab")) else _delimiter(text)
    rows, notes = _rows(text, delimiter)
    if note:
        notes.insert(0, note)
    names = _names(rows)
    body = rows[1:] if names else rows
    ragged = sum(len(row) != len(rows[0]) for row in rows)
    if ragged:
        notes.append(f"{ragged:,} of {len(rows):,} rows have another number of cells than the first")
    lines = [*_unused(names, body), *_lines(body, names, name)]
    metadata = {"rows": len(body), "columns": len(rows[0]) if rows else 0}
    return Extract(pages=(PageText("\n".join(lines)),), notes=tuple(notes), metadata=metadata)


def _unused(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The names that stand in no line, because their columns have no value at all."""
    used = {place for row in rows for place, cell in enumerate(row) if cell}
    unused = [name for place, name in enumerate(names) if place not in used and name != _numbered(place)]
    return [f"columns without values: {' | '.join(unused)}"] if unused else []


def _numbered(place: int) -> str:
    return f"column {place + 1}"


def _lines(rows: Sequence[Sequence[str]], names: Sequence[str], name: str) -> list[str]:
    lines: list[str] = []
    length = 0
    for row in rows:
        if line := _line(row, names):
            lines.append(line)
            length += len(line)
        if length > _MOST_CHARACTERS:
            raise UnpackedTooLargeError(name, f"it becomes more than {_MOST_CHARACTERS:,} characters of text")
    return lines


def _line(row: Sequence[str], names: Sequence[str]) -> str:
    if not names:
        return " | ".join(row).strip(" |")
    cells = ((names[i] if i < len(names) else _numbered(i), cell) for i, cell in enumerate(row) if cell)
    return " | ".join(f"{column}: {cell}" for column, cell in cells)


def _delimiter(text: str) -> str:
    """The sign that parts the first rows into the most regular table; a comma where none does."""
    sample = text[:_SAMPLE_CHARACTERS]

    def regularity(delimiter: str) -> float:
        rows = islice(_records(sample, delimiter, csv.QUOTE_MINIMAL), _SAMPLE_ROWS)
        widths = Counter(len(row) for row in rows if row)
        width, count = widths.most_common(1)[0] if widths else (1, 0)
        return count / widths.total() * min(width, 10) if width > 1 else 0.0

    return max(_DELIMITERS, key=regularity)


def _rows(text: str, delimiter: str) -> tuple[list[list[str]], list[str]]:
    """The rows with anything in them, each cell on one line; and what is to be said of the others."""
    rows, lost = _read_rows(text, delimiter, csv.QUOTE_MINIMAL)
    longest = max((len(cell) for row in rows[-1:] for cell in row), default=0)
    if text.count('"') % 2 and (lost or longest > len(text) // 2):
        rows, lost = _read_rows(text, delimiter, csv.QUOTE_NONE)
        notes = ["it has a quote that is never closed; quotes were taken for ordinary signs"]
    else:
        notes = []
    if lost:
        notes.append(f"{lost:,} rows have a cell of more than {csv.field_size_limit():,} characters and were left out")
    return rows, notes


def _read_rows(text: str, delimiter: str, quoting: int) -> tuple[list[list[str]], int]:
    rows: list[list[str]] = []
    lost = 0
    for record in _records(text, delimiter, quoting):
        if record is None:
            lost += 1
        elif any(row := _tidied(record)):
            rows.append(row)
    return rows, lost


def _records(text: str, delimiter: str, quoting: int) -> Iterator[list[str] | None]:
    """The records of a table; None for one with a field of more characters than csv takes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)  # type: ignore[arg-type]
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield None


def _tidied(row: list[str]) -> list[str]:
    return [" ".join(cell.split()) for cell in row[:_MOST_COLUMNS]]


def _names(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of the columns, when the first row looks like names; else none.

    Names are short, all different, no numbers, and leave out no column of the rows below.
    """
    if len(rows) < 2:  # noqa: PLR2004 - a row of names needs a row below it
        return []
    first = list(rows[0])
    plausible = all(cell and len(cell) <= _MOST_NAME and not _NUMBER.fullmatch(cell) for cell in first if cell)
    filled = [cell for cell in first if cell]
    if not plausible or len(set(filled)) < len(filled) or len(filled) < len(first) / 2:
        return []
    return [cell or _numbered(place) for place, cell in enumerate(first)]
