"""Rows that were asked and scored: kept as soon as they are finished, so that nothing is asked twice.

Here: what is kept of one row, and where. Not here: asking (`plimsoll.evaluation`), and whole runs, which are evidence.
"""

from ._store import CaseStore
from ._types import Cases, KeptCase, case_key

__all__ = ["CaseStore", "Cases", "KeptCase", "case_key"]
