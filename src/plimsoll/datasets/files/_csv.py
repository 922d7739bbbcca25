"""CSV: what stands between cells is found by the names of the columns, never by chance."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from .._lines import Lines, Take, read_bytes, shown
from ._description import COLUMNS, Description, columns_of

_DELIMITERS: Final = (",", ";", "\t", "|")
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_SAVE: Final = "save the file as CSV (UTF-8)"
_TRUTH: Final[Mapping[str, bool]] = {"true": True, "false": False}


def read_csv(path: Path, lines: Lines, take: Take, description: Description) -> None:
    """Give every record to `take`, with the line in which it begins; notes mistakes.

    A quoted cell may hold line breaks. Raises DatasetMissingError, and DatasetInvalidError for a file too large.
    """
    text = _text(read_bytes(path), lines)
    if text is None:
        return
    records = _records(text, _delimiter(text, description), lines)
    _, header = next(records, (1, []))
    names = [name.strip() for name in header]
    if not _check(names, lines):
        return
    for line, cells in records:
        if len(cells) != len(names):
            what = f"the record has {len(cells)} cells, and the header {len(names)}"
            lines.add(line, what, "put cells that hold the separator or a line break into quotes")
        else:
            take(line, {name: _value(name, cell, description) for name, cell in zip(names, cells, strict=True)})


def _text(data: bytes, lines: Lines) -> str | None:
    if data.startswith(_UTF_16):
        lines.add(1, "the file is UTF-16", _SAVE)
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        lines.add(line, f"the line is not UTF-8 (byte {error.start + 1} of the file)", _SAVE)
        return None
    if "\0" in text:
        lines.add(text.count("\n", 0, text.index("\0")) + 1, "the line holds a NUL, so this is no text", _SAVE)
        return None
    return text


def _delimiter(text: str, description: Description) -> str:
    """The one by which the first line has the most of the columns that are wanted; of equals the first in the list."""
    wanted = {name for columns in description.columns.values() for name in columns_of(columns)} or set(COLUMNS)
    header = io.StringIO(text, newline="")

    def fits(delimiter: str) -> tuple[int, int]:
        header.seek(0)
        try:
            names = {name.strip() for name in next(csv.reader(header, delimiter=delimiter), [])}
        except csv.Error:
            return 0, 0
        return len(names & wanted), len(names)

    return max(_DELIMITERS, key=fits)


def _records(text: str, delimiter: str, lines: Lines) -> Iterator[tuple[int, list[str]]]:
    """The records with the lines in which they begin; empty lines are skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            # Nothing behind it can be told apart any more.
            lines.add(line, f"the record cannot be read: {error}", 'close every quote, and write " inside quotes as ""')
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _check(names: list[str], lines: Lines) -> bool:
    before = len(lines.mistakes)
    for name in dict.fromkeys(names):
        if name and names.count(name) > 1:
            lines.add(1, f"the column {shown(name)} stands there twice", "give each column a name of its own")
    return len(lines.mistakes) == before


def _value(name: str, cell: str, description: Description) -> Any:
    """A cell as text; where it says whether a question is answerable, as truth, in the way of spreadsheets."""
    keys = [key for key, columns in description.columns.items() if name in columns_of(columns)]
    if "answerable" in keys or (not description.columns and name == "answerable"):
        return _TRUTH.get(cell.strip().casefold(), cell)
    return cell
