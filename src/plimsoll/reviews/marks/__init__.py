"""What people say of triggers: that a check was right, that it was wrong, and what it missed.

A mark is an entry of the ledger and nothing else, so nobody can change one, or make one up. What marks say together is
judged in `plimsoll.flows.guard`; what triggered is found in `plimsoll.tracing.triggers`.
"""

from ._settled import Settled, settled
from ._store import Marks
from ._types import Mark, Marked, Said

__all__ = ["Mark", "Marked", "Marks", "Said", "Settled", "settled"]
