"""The slices that one process holds: found by window, told to the database when something changed, let go when idle."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from ._plan import Plan, Terms
from ._spans import stretch
from .escrow import Ask, Outcome, Slot

_SWEEP: Final = 64
_SWEEP_SHARE: Final = 25


class Pool:
    """All slices of one process. Belongs to the thread of the event loop.

    - A window has one slice here at any time: its lease in the database is under the name of the process.
    - A slice that holds nothing and has nothing to say is forgotten, so memory is bounded by who was seen lately.
    """

    def __init__(self, app: str, wake: Callable[[], None], *, idle_s: float) -> None:
        self._app = app
        self._wake = wake
        self._idle_s = idle_s
        self._slots: dict[str, Slot] = {}
        self._line: deque[Slot] = deque()
        self._dirty: list[Slot] = []
        self._now = 0.0
        self.overruns = 0

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def is_busy(self) -> bool:
        """Whether anything is held or is to be said."""
        return bool(self._slots)

    @property
    def holds_leases(self) -> bool:
        """Whether the database has any lease of this process, as far as is known."""
        return any(slot.leased or slot.asked is not None for slot in self._slots.values())

    def slot(self, terms: Terms, now_s: float) -> Slot:
        """The slice of the window that a moment falls into."""
        start, until = stretch(terms.span, now_s)
        window = terms.window(self._app, start)
        found = self._slots.get(window.key)
        if found is None:
            found = Slot(window, until, cap=terms.cap, alert_at=terms.alert_at, on_crash=terms.on_crash)
            found.used_at = self._now
            self._slots[found.key] = found
            self._line.append(found)
        return found

    def mark(self, slot: Slot) -> None:
        """A slice has something to say at the next tick."""
        slot.dirty = True
        self._dirty.append(slot)
        self._wake()

    def adopt(self, plan: Plan) -> None:
        """Other budgets hold from now on; where less is allowed, what is free is given back first."""
        for slot in self._slots.values():
            terms = plan.of_window(slot.window)
            if terms is None:
                slot.contested = True
            else:
                slot.contested |= terms.cap < slot.cap
                slot.cap, slot.alert_at, slot.on_crash = terms.cap, terms.alert_at, terms.on_crash
            if not slot.dirty:
                self.mark(slot)

    def ask(
        self,
        now_s: float,
        *,
        now: float,
        waiting: dict[str, int],
        wanted: Iterable[str] = (),
        everything: bool = False,
    ) -> list[Slot]:
        """The slices that have something to say, each with its `asked`; the others go on undisturbed.

        `waiting` are the windows for which calls wait, with the smallest that one of them needs; `wanted` those of
        which another process wants back what is free. With `everything` all is given back that is not reserved. `now`
        is the loop's clock, `now_s` that of the calendar.
        """
        self._now = now
        back = {key for key in wanted if key in self._slots}
        back |= self._slots.keys() if everything else self._idle(now_s)
        said, self._dirty = self._dirty, []
        chosen = {slot.key: slot for slot in said}
        chosen |= {key: self._slots[key] for key in (*waiting, *back) if key in self._slots}
        for slot in chosen.values():
            self.overruns += slot.overrun > 0
            give_back = slot.contested or slot.key in back
            slot.ask(now=now, least=waiting.get(slot.key, 0), give_back=give_back)
        return list(chosen.values())

    def apply(self, slots: list[Slot], outcome: Outcome) -> None:
        """What the database answered."""
        for slot, answer in zip(slots, outcome.answers, strict=True):
            slot.apply(answer)

    def undo(self, slots: list[Slot]) -> None:
        """The database took nothing of what it was told."""
        for slot in slots:
            slot.undo()
            self._dirty.append(slot)

    def _idle(self, now_s: float) -> set[str]:
        """The next few slices in line that are to be given back; those that hold nothing are forgotten."""
        found = set()
        for _ in range(min(len(self._line), max(_SWEEP, len(self._line) // _SWEEP_SHARE))):
            slot = self._line.popleft()
            if slot.is_empty and not slot.dirty:
                del self._slots[slot.key]
                slot.until = 0.0
                continue
            self._line.append(slot)
            idle = not slot.taken and self._now - slot.used_at > self._idle_s
            if slot.free and (idle or not slot.start <= now_s < slot.until):
                found.add(slot.key)
        return found


def asks_of(slots: Iterable[Slot]) -> tuple[Ask, ...]:
    """What slices are saying."""
    return tuple(slot.asked for slot in slots if slot.asked is not None)
