"""Workbooks (XLSX): each sheet is a page, each row a line `cell | cell`.

Cells show the values that were stored with them. No formula is ever computed, and no link to another workbook followed.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from importlib import import_module
from itertools import islice
from typing import Any

from .._errors import TooManyPagesError, UnpackedTooLargeError, broken_unless_readable
from .._lines import LineWriter
from .._office import OfficePackage
from .._types import Extract, LoadSettings, PageText

VERSION = 1

_MOST_ROWS = 200_000
_MOST_COLUMNS = 500
_MOST_CELLS = 2_000_000
_MOST_CHARACTERS = 100_000_000
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")


def read(data: bytes, name: str, settings: LoadSettings) -> Extract:
    """The values of each sheet that is shown, below its name; hidden ones are empty pages.

    Raises BrokenFileError, EncryptedError, TooManyPagesError, and UnpackedTooLargeError.
    """
    package = OfficePackage(data, name, "XLSX")
    checked = package.checked()
    title, metadata = package.properties()
    notes = list(package.notes)
    if package.any_part("xl/worksheets/", _FORMULA):
        notes.append("cells with formulas show the values that were stored with them; none was computed")
    with broken_unless_readable(name, "XLSX"), warnings.catch_warnings():
        # openpyxl warns of every feature that it does not know.
        warnings.simplefilter("ignore")
        workbook = import_module("openpyxl").load_workbook(checked, read_only=True, data_only=True, keep_links=False)
        try:
            pages = tuple(_sheets(workbook, name, settings, notes))
        finally:
            workbook.close()
    return Extract(pages=pages, title=title, notes=tuple(notes), metadata=metadata)


def _sheets(workbook: Any, name: str, settings: LoadSettings, notes: list[str]) -> Iterator[PageText]:
    sheets = workbook.worksheets
    if len(sheets) > settings.max_pages:
        raise TooManyPagesError(name, pages=len(sheets), limit=settings.max_pages)
    cells = characters = 0
    for sheet in sheets:
        if sheet.sheet_state != "visible":
            notes.append(f"sheet {sheet.title} is hidden and was left out")
            yield PageText("")
            continue
        rows: list[list[str]] = []
        for row in _rows(sheet, notes):
            rows.append(row)
            cells += len(row)
            characters += sum(map(len, row))
            if cells > _MOST_CELLS or characters > _MOST_CHARACTERS:
                raise UnpackedTooLargeError(name, f"it has more than {_MOST_CELLS:,} cells or too much text")
        yield _page(sheet.title, rows)


def _rows(sheet: Any, notes: list[str]) -> Iterator[list[str]]:
    """The rows with anything in them, as texts. The size that the sheet claims to have is not believed."""
    sheet.reset_dimensions()
    seen = 0
    for values in sheet.iter_rows(values_only=True):
        row = [_shown(value) for value in islice(values, _MOST_COLUMNS)]
        while row and not row[-1]:
            row.pop()
        if not row:
            continue
        seen += 1
        if seen > _MOST_ROWS:
            notes.append(f"sheet {sheet.title} has more than {_MOST_ROWS:,} rows; the rest was left out")
            return
        yield row


def _page(title: str, rows: Iterable[list[str]]) -> PageText:
    writer = LineWriter()
    kept = list(rows)
    if kept:
        writer.block(title, heading=1)
        writer.table(kept)
    return writer.page()


def _shown(value: object) -> str:
    """A value as a reader would write it: no `.0` behind whole numbers, no midnight behind dates."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime):
        return str(value.date() if value.time() == time() else value.replace(microsecond=0))
    if isinstance(value, date | time | timedelta):
        return str(value)
    return " ".join(str(value).split())
