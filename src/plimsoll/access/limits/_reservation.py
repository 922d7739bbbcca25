"""What a call was let in with, and how it ends."""

from collections.abc import Callable

from ._types import Spent, State
from .escrow import Slot

Hold = tuple[Slot, int]
"""A slice, and how much of it is reserved."""
_TOKENS, _USD = 1, 2


class Reservation:
    """The worst case of one call, reserved in every limit that applies.

    It ends once: `settle` with what was used, or `release` where nothing was. The first call wins, and neither waits or
    raises. A call that is never ended stays reserved until its process ends. Not for other threads than the event
    loop's.
    """

    __slots__ = ("_holds", "_mark", "_now", "_open")

    def __init__(self, holds: tuple[Hold, ...], mark: Callable[[Slot], None], now: Callable[[], float]) -> None:
        self._holds = holds
        self._mark = mark
        self._now = now
        self._open = True

    @property
    def requests(self) -> State | None:
        """What is left of the tightest limit of requests a minute; None where there is none."""
        return self._tightest(0)

    @property
    def tokens(self) -> State | None:
        """What is left of the tightest limit of tokens a minute; None where there is none."""
        return self._tightest(_TOKENS)

    def settle(self, spent: Spent) -> None:
        """Count what the call used. More than was reserved is counted in full; a cost nobody knows, as reserved."""
        if not self._open:
            return
        self._open = False
        for slot, reserved in self._holds:
            used = reserved
            if slot.measure == _TOKENS:
                used = spent.tokens
            elif slot.measure == _USD and spent.cost_pico is not None:
                used = spent.cost_pico
            # What a provider reports is not to be trusted: less than nothing would fill the budget up.
            slot.settle(reserved, max(0, used))
            if not slot.dirty:
                self._mark(slot)

    def release(self) -> None:
        """Give everything back: nothing was used."""
        if not self._open:
            return
        self._open = False
        for slot, reserved in self._holds:
            slot.release(reserved)
            if not slot.dirty:
                self._mark(slot)

    def _tightest(self, measure: int) -> State | None:
        found: Slot | None = None
        for slot, _ in self._holds:
            counts = slot.measure == measure and slot.window.span == "minute"
            if counts and (found is None or _share_left(slot) < _share_left(found)):
                found = slot
        return None if found is None else State(found.cap, found.remaining, max(0.0, found.until - self._now()))


def _share_left(slot: Slot) -> tuple[float, int]:
    return slot.remaining / max(slot.cap, 1), slot.cap
