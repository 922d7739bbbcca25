"""How fast a server may be asked."""

from typing import Final

_MINUTE_S: Final = 60.0


class RateLimit:
    """So much a minute, evenly: each amount books the time that it takes ("virtual scheduling", ITU-T I.371).

    - What is booked first goes first.
    - Nothing waits after a quiet time, and a quiet time is not saved up.
    - So within any minute at most one minute's amount goes out, beside the last one.
    """

    __slots__ = ("_free_at", "_s_each")

    def __init__(self, per_minute: float | None) -> None:
        self._s_each = _MINUTE_S / per_minute if per_minute else 0.0
        self._free_at = 0.0

    def book(self, amount: float, now: float) -> float:
        """Seconds to wait before `amount` goes out."""
        start = max(now, self._free_at)
        self._free_at = start + amount * self._s_each
        return start - now

    def pause(self, until: float) -> None:
        """Nothing goes out before this moment."""
        self._free_at = max(self._free_at, until)
