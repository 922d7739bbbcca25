"""Versioned rows: questions with the answers that people expect, and texts with the values of their fields.

Here: what a row is, and reading rows from JSONL with all mistakes at once. Not here: running an endpoint over the
rows and scoring it (`plimsoll.evaluation`), the project folder in which the files lie (`plimsoll.project`), and
keeping their versions (`plimsoll.registry`).
"""

from ._errors import DatasetInvalidError, DatasetMissingError, RowInvalidError, RowMistake
from ._labelled import LabelledText, read_labelled
from ._rows import read_rows
from ._types import Row

__all__ = [
    "DatasetInvalidError",
    "DatasetMissingError",
    "LabelledText",
    "Row",
    "RowInvalidError",
    "RowMistake",
    "read_labelled",
    "read_rows",
]
