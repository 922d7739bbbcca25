"""Who waits for a review."""

from plimsoll.checks.outside.requests import Inquiry
from plimsoll.guardrails.requests import Waiter


class AskerLeftError(Exception):
    """Nobody waits any more for what is being done; told to nobody."""


class Asker:
    """Whoever waits for work that takes long; another thread may be doing it."""

    __slots__ = ("_left", "_waiter", "inquiry")

    def __init__(self) -> None:
        self.inquiry: Inquiry | None = None
        """What checks that ask somebody else were told so far; None where there are none."""
        self._left = False
        self._waiter: Waiter | None = None

    def leave(self) -> None:
        """Wait no more."""
        self._left = True
        if self._waiter is not None:
            self._waiter.leave()

    def check(self) -> None:
        """Raises AskerLeftError where nobody waits."""
        if self._left:
            raise AskerLeftError

    def waiter(self) -> Waiter:
        """The same for checks that ask somebody else."""
        if self._waiter is None:
            self._waiter = Waiter()
        return self._waiter
