"""When a dead worker is started again: rules without processes."""

from dataclasses import dataclass

_LIVED_WELL_S = 60.0
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 30.0
MOST_EARLY_DEATHS = 5


@dataclass(slots=True)
class Restarts:
    """Counts deaths of workers, and says how long to wait before the next start.

    - While the server starts for the first time, a death ends everything: it would only repeat itself.
    - A worker that was ready is started again at once. Each further death within a minute doubles the wait, from half
      a second to half a minute.
    - Workers that die before they were ready, five times in a row, end everything.
    - A worker that becomes ready ends the row; one that lived for a minute resets the wait.
    """

    total: int = 0
    """How many workers died without being told to."""
    _in_a_row: int = 0
    _early: int = 0
    _started: bool = False

    def all_ready(self) -> None:
        """Every worker answers for the first time."""
        self._started = True

    def ready(self) -> None:
        """A worker answers."""
        self._early = 0

    def died(self, *, was_ready: bool, lived_s: float) -> float | None:
        """A worker died without being told to; returns the seconds to wait, or None to give up."""
        self.total += 1
        if not was_ready:
            self._early += 1
            if not self._started or self._early >= MOST_EARLY_DEATHS:
                return None
        if was_ready and lived_s >= _LIVED_WELL_S:
            self._in_a_row = 0
        self._in_a_row += 1
        return 0.0 if self._in_a_row == 1 else min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(self._in_a_row - 2, 16))
