"""Versioned rows: questions with the answers that people expect, and texts with the values of their fields.

Here: what a row is, reading rows from JSONL with all mistakes at once, splits, and what differs between two lists of
rows. Behind doors of their own: other kinds of files (`plimsoll.datasets.files`), rows that are nearly the same
(`plimsoll.datasets.alike`), what is wrong with rows that can be read (`plimsoll.datasets.findings`), and questions made
from passages (`plimsoll.datasets.questions`). Not here: running an endpoint over the rows and scoring it
(`plimsoll.evaluation`), the project folder in which the files lie (`plimsoll.project`), keeping their versions
(`plimsoll.registry`), and what rows are made from (`plimsoll.flows.dataset`).
"""

from ._differences import RowChange, RowsDiff, diff_rows
from ._errors import DatasetInvalidError, DatasetMissingError, RowInvalidError, RowMistake
from ._labelled import LabelledText, read_labelled
from ._rows import read_rows
from ._splits import divide, read_shares
from ._types import SPLITS, Row, Split

__all__ = [
    "SPLITS",
    "DatasetInvalidError",
    "DatasetMissingError",
    "LabelledText",
    "Row",
    "RowChange",
    "RowInvalidError",
    "RowMistake",
    "RowsDiff",
    "Split",
    "diff_rows",
    "divide",
    "read_labelled",
    "read_rows",
    "read_shares",
]
