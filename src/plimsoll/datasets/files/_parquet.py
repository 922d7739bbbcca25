"""Parquet, where pyarrow is installed."""

import math
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from .._errors import DatasetInvalidError, DatasetMissingError, RowMistake
from .._lines import MAX_BYTES, Lines, Take
from ._description import Description, columns_of
from ._errors import ParquetMissingError

_AT_ONCE: Final = 1_000


def read_parquet(path: Path, lines: Lines, take: Take, description: Description) -> None:
    """Give every record to `take`, counted from 1. Nested values become objects and lists.

    Raises ParquetMissingError, DatasetMissingError, and DatasetInvalidError for a file too large.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise ParquetMissingError(path) from None
    _check_size(path)
    try:
        with ParquetFile(path) as file:
            columns = _wanted(file.schema_arrow.names, description)
            _take_all(path, file.iter_batches(batch_size=_AT_ONCE, columns=columns), lines, take)
    except (ArrowException, OSError) as error:
        first = str(error).partition("\n")[0]
        lines.add(1, f"this is no Parquet file that can be read: {first[:200]}", "write it again, or save it as CSV")


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise DatasetMissingError(path, error.strerror or str(error)) from error
    if size > MAX_BYTES:
        raise _too_large(path)


def _too_large(path: Path) -> DatasetInvalidError:
    what = f"the file holds more than {MAX_BYTES // 2**20} MB"
    return DatasetInvalidError(path, (RowMistake(1, what, "divide it into several datasets"),))


def _wanted(there: list[str], description: Description) -> list[str]:
    """The columns at the top that are needed; what is not there is told later."""
    if not description.columns:
        return there
    named: set[str] = set()
    for columns in description.columns.values():
        for name in columns_of(columns):
            named |= {name, name.partition(".")[0]}
    return [name for name in there if name in named]


def _take_all(path: Path, batches: Iterator[Any], lines: Lines, take: Take) -> None:
    number, size = 0, 0
    for batch in batches:
        # What is packed small may be large: that is known before it becomes values of Python.
        size += batch.nbytes
        if size > MAX_BYTES:
            raise _too_large(path)
        for record in batch.to_pylist():
            number += 1
            try:
                take(number, {name: _plain(value) for name, value in record.items() if value is not None})
            except _NoJsonError as error:
                lines.add(number, f"a value is {error}, which rows cannot hold", "leave the column out, or write text")


class _NoJsonError(Exception):
    """A value that JSON does not know."""


def _plain(value: Any) -> Any:
    """A value as JSON has it: moments and decimal numbers as text."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(inner) for inner in value if inner is not None]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _NoJsonError(repr(value))
    if isinstance(value, str | int | float | bool):
        return value
    raise _NoJsonError(type(value).__name__)
