"""What is wrong with rows that can be read: leaks, duplicates, contradictions, classes too small to say anything.

Here: pure functions over rows and what is around them. Not here: where that comes from (`plimsoll.flows.dataset`).
"""

from ._check import check_rows
from ._types import Around, Finding, Level

__all__ = ["Around", "Finding", "Level", "check_rows"]
