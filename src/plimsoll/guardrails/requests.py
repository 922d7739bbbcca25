"""What a request brings to all reviews of its texts: numbers for placeholders, and who waits for the verdicts."""

from ._asking import Waiter, waiting
from ._placeholders import Placeholders, Restoring

__all__ = ["Placeholders", "Restoring", "Waiter", "waiting"]
