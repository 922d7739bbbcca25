"""Escrow without I/O: what a window in the database is, what a process holds of it, and how the two are kept in step.

Here: the rules by which slices are leased (`exchange`, `expire`), the slice itself (`Slot`), and what a process and the
database say to each other. Not here: which limits apply to whom, and when anything is said.
"""

from ._port import Batch, Outcome, UsageRecord
from ._rules import Answer, Ask, Lease, Row, alert, exchange, expire
from ._slot import Slot

__all__ = [
    "Answer",
    "Ask",
    "Batch",
    "Lease",
    "Outcome",
    "Row",
    "Slot",
    "UsageRecord",
    "alert",
    "exchange",
    "expire",
]
