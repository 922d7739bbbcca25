"""How many calls may be retries."""

from typing import Final

RESERVE: Final = 10.0
"""Retries that a route may make at once after a quiet time."""


class RetryBudget:
    """A bucket of retries (see "Handling Overload" in Google's Site Reliability Engineering, 2016).

    - It begins with 10 retries, and never holds more.
    - Each call adds `percent` hundredths of a retry.
    - Each retry takes one; where less than one is left there is none.
    - So after any n calls there were at most 10 + n · percent / 100 retries; with 0 percent there is never one.
    """

    __slots__ = ("_left", "_share")

    def __init__(self, percent: float) -> None:
        self._share = percent / 100
        self._left = RESERVE if percent > 0 else 0.0

    def deposit(self) -> None:
        """A call began."""
        left = self._left + self._share
        self._left = min(RESERVE, left)

    def take(self) -> bool:
        """Whether a retry may be made; it counts as made."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
