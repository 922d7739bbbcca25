"""What one process holds of one window, and lets calls in against. Pure: no clock, no lock, no database.

It belongs to the thread of the event loop. While an exchange with the database is under way, only `keep` of it may be
used, because the rest was offered back.
"""

from .._types import MEASURES, OnCrash, Window
from ._rules import Answer, Ask

_AHEAD = 4
"""For how many ticks like the last ones a process would like to hold enough."""
_HALF_S = 2.0
"""After so many seconds half of what it used in its busiest tick is forgotten."""


class Slot:
    """A slice of a window.

    - `free` may be used; `reserved` is for calls under way; `spent` was used since the database was told last. What the
      database has as this process's lease is the sum of the three, and of what is being told.
    - A call that used more than was reserved for it takes the rest from `free`, which may go below zero.
    """

    __slots__ = (
        "_kept",
        "_offered",
        "_pace",
        "_pace_at",
        "alert_at",
        "asked",
        "cap",
        "contested",
        "dirty",
        "free",
        "key",
        "leased",
        "low",
        "measure",
        "on_crash",
        "open",
        "others",
        "overrun",
        "refused_from",
        "refused_until",
        "reserved",
        "room",
        "seen",
        "spent",
        "standing",
        "start",
        "taken",
        "unit",
        "until",
        "used_at",
        "waiting",
        "window",
    )

    def __init__(
        self, window: Window, until: float, *, cap: int, alert_at: tuple[float, ...] = (), on_crash: OnCrash = "release"
    ) -> None:
        self.window = window
        self.key = window.key
        self.measure = MEASURES.index(window.measure)
        self.start = window.start
        self.until = until
        """The first second after it; 0 when nobody may use this slice any more."""
        self.cap = cap
        self.alert_at = alert_at
        self.on_crash: OnCrash = on_crash
        self.free = self.reserved = self.spent = self.overrun = 0
        self.open = 0
        """Calls under way, also those that reserved nothing here."""
        self.taken = 0
        """Reserved since the last exchange."""
        self.unit = 1
        """The most that one call needed."""
        self.low = 0
        """Below so much it asks for more, before a call has to wait for it."""
        self.waiting = 0
        """What calls wait for."""
        self.standing = 0
        """Calls that wait, also those that want nothing of this slice: while they do, it stays."""
        self.dirty = False
        """Whether there is something to say to the database."""
        self.asked: Ask | None = None
        """What is being told to the database now."""
        self.used_at = 0.0
        """When it was used last, as far as an exchange saw."""
        self.refused_from, self.refused_until = 0, 0.0
        """So much and more was refused a moment ago, and is refused again until then without asking."""
        self.leased = self.seen = self.room = self.others = 0
        """As of the last exchange: this process's lease, what was spent by all, what nobody held, what others held."""
        self.contested = False
        """Whether somebody wants back what this process does not use."""
        self._pace = self._kept = self._offered = 0
        self._pace_at = 0.0

    def take(self, amount: int) -> None:
        """Reserve; there must be so much."""
        self.free -= amount
        self.reserved += amount
        self.taken += amount
        self.open += 1
        self.unit = max(self.unit, amount)

    def settle(self, reserved: int, used: int) -> None:
        """End a reservation with what was really used."""
        self.open -= 1
        self.reserved -= reserved
        self.spent += used
        self.free += reserved - used
        if used > reserved:
            self.overrun += used - reserved

    def release(self, reserved: int) -> None:
        """End a reservation of which nothing was used."""
        self.open -= 1
        self.reserved -= reserved
        self.free += reserved

    @property
    def is_empty(self) -> bool:
        """Whether nothing is held, and nothing is to be told."""
        return not (self.open or self.spent or self.free or self.leased or self.asked or self.standing)

    @property
    def remaining(self) -> int:
        """What is left for everybody, as far as this process knows."""
        told = 0 if self.asked is None else self.asked.spent
        return max(0, self.cap - self.seen - told - self.spent - self.reserved)

    def ask(self, *, now: float, least: int = 0, give_back: bool = False) -> Ask:
        """What to say to the database at a moment (in seconds). What is offered back cannot be used from here on.

        `least` is what the smallest of the waiting calls needs; with `give_back` nothing is kept that is not reserved.
        """
        used = max(self.taken, self.waiting)
        faded = self._pace >> min(int((now - self._pace_at) / _HALF_S), 63)
        if used:
            self.used_at = now
        if used >= faded or faded < self._pace:
            self._pace, self._pace_at = max(used, faded), now
        wish = 0 if give_back else self._pace * _AHEAD
        self._kept = self._keep(wish, give_back=give_back)
        kept = max(self._kept, 0)
        need = max(0, self.waiting - kept)
        self.asked = Ask(
            window=self.window,
            cap=self.cap,
            spent=self.spent,
            overrun=self.overrun,
            reserved=self.reserved,
            keep=kept,
            need=need,
            least=max(0, least - kept) if need else 0,
            wish=max(0, wish - kept),
            unit=self.unit,
            alert_at=self.alert_at,
            on_crash=self.on_crash,
        )
        self._offered = self.free - self._kept
        self.free = self._kept
        self.spent = self.overrun = self.taken = 0
        self.low = wish // 2
        self.dirty = False
        return self.asked

    def apply(self, answer: Answer) -> None:
        """What the database answered. Whatever happened here meanwhile stays: only the difference is added."""
        asked = self._end()
        self.free += answer.amount - asked.reserved - self._kept
        self.leased = answer.amount
        self.seen = answer.spent
        self.room = answer.room
        self.others = answer.others
        self.contested = answer.contested
        if self.free + answer.room >= self.refused_from:
            self.refused_until = 0.0

    def undo(self) -> None:
        """The database did not take what it was told: everything is as it was."""
        asked = self._end()
        self.free += self._offered
        self.spent += asked.spent
        self.overrun += asked.overrun
        self.dirty = True

    def _keep(self, wish: int, *, give_back: bool) -> int:
        if give_back:
            return min(self.free, 0)
        return self.free if self.waiting or self.free <= 2 * wish else wish

    def _end(self) -> Ask:
        asked = self.asked
        if asked is None:
            msg = "nothing was asked"
            raise RuntimeError(msg)
        self.asked = None
        return asked
