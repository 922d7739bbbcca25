"""Datasets out of what there is, and what is wrong with those that there are.

Here: the datasets of a project with their digests (`described`), and what their rows are held against (`check`).
Behind doors of their own: rows from requests that were served (`plimsoll.flows.dataset.traces`), and questions from
documents (`plimsoll.flows.dataset.documents`). Not here: what a row is, reading files, and the checks themselves
(`plimsoll.datasets`).
"""

from ._check import Checked, CheckParts, check
from ._described import Described, described, rows_of
from ._errors import DatasetNameError, DatasetUnknownError
from ._place import place_of

__all__ = [
    "CheckParts",
    "Checked",
    "DatasetNameError",
    "DatasetUnknownError",
    "Described",
    "check",
    "described",
    "place_of",
    "rows_of",
]
