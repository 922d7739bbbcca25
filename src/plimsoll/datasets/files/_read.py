"""One file of rows, whatever its kind."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from .._lines import Lines, Take, is_storable, shown
from .._rows import EXAMPLE, RowCollector
from .._types import Row
from ._csv import read_csv
from ._description import NOTHING_SAID, Description, column_mistake, columns_of, is_key, row_values
from ._errors import FileKindError, FileOutsideError
from ._parquet import read_parquet

Records = Callable[[Path, Lines, Take, Description], None]


def _read_jsonl(_path: Path, lines: Lines, take: Take, _description: Description) -> None:
    lines.read(take)


_KINDS: Final[Mapping[str, Records]] = {".jsonl": _read_jsonl, ".csv": read_csv, ".parquet": read_parquet}
ENDINGS: Final = tuple(_KINDS)
"""Of the files that are read."""
_SHOWN: Final = 20
_SAY: Final = "say which columns are what: `columns` in datasets/NAME.yaml, or `--column KEY=COLUMN`"


def read_file(path: Path, description: Description = NOTHING_SAID) -> tuple[Row, ...]:
    """The rows of a file, in its order, with columns as the description names them.

    Raises DatasetInvalidError with all mistakes at once, DatasetMissingError, FileKindError and ParquetMissingError.
    """
    read = _KINDS.get(path.suffix.lower())
    if read is None:
        raise FileKindError(path, ENDINGS)
    lines = Lines(path, EXAMPLE)
    plain = not (description.columns or description.separator or description.split)
    taking = _Taking(RowCollector(lines), description, exact=plain and path.suffix.lower() == ".jsonl")
    read(path, lines, taking.take, description)
    taking.finish()
    lines.check(has_rows=bool(taking.rows.rows))
    return tuple(taking.rows.rows)


def within(folder: Path, file: str) -> Path:
    """The path of a file that a description names, which must lie in `folder`, links followed.

    Raises FileOutsideError.
    """
    # A NUL cannot stand in any path, and would raise something else.
    if not file or "\0" in file or Path(file).is_absolute():
        raise FileOutsideError(file)
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise FileOutsideError(file)
    return path


class _Taking:
    """Makes records into rows."""

    def __init__(self, rows: RowCollector, description: Description, *, exact: bool) -> None:
        """`exact`: a record is a row as it is, and what it should not have is told of each."""
        self.rows = rows
        self._description = description
        self._exact = exact
        self._missing = {name for columns in description.columns.values() for name in columns_of(columns)}
        self._first: tuple[int, tuple[str, ...]] | None = None
        self._strange: tuple[str, ...] = ()

    def take(self, number: int, record: Mapping[str, Any]) -> None:
        """One record."""
        if self._exact:
            self.rows.take(number, record)
            return
        if self._first is None:
            self._first = (number, tuple(record))
            self._strange = self._not_keys(record)
        self._missing -= {name for name in self._missing if _is_in(record, name)}
        if self._strange:
            return
        if not is_storable(record):
            what = "it holds text that is no UTF-8, or is nested deeper than 50"
            self.rows.lines.add(number, what, "take half characters out, and make it flatter")
            return
        self.rows.take(number, row_values(record, self._description))

    def finish(self) -> None:
        """Note what holds for all records: columns that are named and not there, or there and no key of a row."""
        if self._first is None:
            return
        lines, (line, there) = self.rows.lines, self._first
        if self._missing:
            # What rows lack for it says nothing more.
            lines.mistakes.clear()
        for name in sorted(self._missing):
            listed = ", ".join(there[:_SHOWN])
            lines.add(line, f"there is no column {shown(name)}", f"columns of the file: {listed}")
        for name in self._strange:
            lines.add(1, f"the column {shown(name)} is no key of a row", f"{_SAY}; {column_mistake(name)}")

    def _not_keys(self, record: Mapping[str, Any]) -> tuple[str, ...]:
        return () if self._description.columns else tuple(name for name in record if not is_key(name))


def _is_in(record: Mapping[str, Any], name: str) -> bool:
    return name in record or name.partition(".")[0] in record
