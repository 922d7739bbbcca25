"""Rows out of files: JSONL, CSV and Parquet, with columns by whatever names they have there.

Here: what is said about a file (`Description`), and reading it with all mistakes at once. Not here: what a row is
(`plimsoll.datasets`), and where a project keeps its files (`plimsoll.project`).
"""

from ._description import COLUMNS, NOTHING_SAID, Description, column_mistake
from ._errors import FileKindError, FileOutsideError, ParquetMissingError
from ._read import ENDINGS, read_file, within
from ._write import DatasetThereError, rows_as_jsonl, write_rows

__all__ = [
    "COLUMNS",
    "ENDINGS",
    "NOTHING_SAID",
    "DatasetThereError",
    "Description",
    "FileKindError",
    "FileOutsideError",
    "ParquetMissingError",
    "column_mistake",
    "read_file",
    "rows_as_jsonl",
    "within",
    "write_rows",
]
