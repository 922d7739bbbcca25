"""The rules of escrow: how much of a window a process may hold. Pure: no clock, no database.

A process leases a slice of what a window has left, and lets calls in against it without asking anybody. Sources:
P. O'Neil, "The escrow transactional method", ACM TODS 11(4), 1986; D. Barbará and H. Garcia-Molina, "The demarcation
protocol", EDBT 1992.
"""

from dataclasses import dataclass, replace
from typing import Final

from .._types import OnCrash, Window

RECALL_MS: Final = 400
"""For how long the others give back what they do not use, after somebody found too little."""


@dataclass(frozen=True, slots=True)
class Row:
    """A window in the database."""

    spent: int = 0
    leased: int = 0
    """The sum of all leases that are not charged."""
    overrun: int = 0
    alerted: float = 0.0
    """The largest share that was told."""
    wanted_until_ms: int = 0
    """Until when processes give back what they do not use."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What one process holds of a window."""

    amount: int
    on_crash: OnCrash = "release"
    charged: bool = False
    """Whether it was counted as spent, because its process was taken for dead."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What one process says about a window, and wants of it."""

    window: Window
    cap: int
    spent: int
    """Used since it said so last."""
    overrun: int
    """Of that, what went beyond the reservations."""
    reserved: int
    """For calls under way."""
    keep: int
    """What it holds beside that and does not give back."""
    need: int = 0
    """What calls wait for."""
    least: int = 0
    """The smallest of them."""
    wish: int = 0
    """What it would like for the calls to come."""
    unit: int = 1
    """What one call usually needs: less than that is of no use."""
    alert_at: tuple[float, ...] = ()
    on_crash: OnCrash = "release"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process holds from now on."""

    amount: int
    room: int
    """What nobody holds."""
    spent: int
    """By all, as far as they said so."""
    others: int
    """Held by other processes."""
    contested: bool
    """Whether somebody wants back what others do not use."""


def exchange(row: Row, lease: Lease | None, ask: Ask, *, crowd: int, now_ms: int) -> tuple[Row, Lease, Answer]:
    """Take what a process says, and decide what it holds from now on. `crowd` is how many processes there are.

    - What was used is counted, whatever the cap says: it was paid already.
    - Calls under way stay covered. So do those of a process that was taken for dead and came back; where its lease went
      to others meanwhile, what is beyond the cap by that is overrun.
    - What calls wait for is given as far as there is room: all of it or, of several calls, what the smallest needs at
      least. What is only wished for comes after that, and the less the fewer is left: one process alone may have all,
      of several each may have half of its share, so that near the cap leases are exact.
    - While a window is wanted nobody gets more than what calls wait for.
    - After it `spent + leased <= cap + overrun`, unless the cap was lowered below what was used before.
    """
    held = 0 if lease is None or lease.charged else lease.amount
    charged = lease.amount if lease is not None and lease.charged else 0
    spent = row.spent + ask.spent - charged
    others = row.leased - held
    kept = ask.reserved + ask.keep
    room = ask.cap - spent - others - kept
    contested = row.wanted_until_ms > now_ms
    lacks = ask.need > max(room, 0)
    need = 0 if ask.least > room else min(ask.need, room)
    extra = 0 if contested or lacks else _share(room - need, ask, crowd)
    given = kept + need + extra
    late = max(0, ask.spent + kept - held - ask.overrun)
    beyond = max(0, -room)
    after = Row(
        spent=spent,
        leased=others + given,
        overrun=row.overrun + ask.overrun + min(late, beyond),
        alerted=row.alerted,
        wanted_until_ms=now_ms + RECALL_MS if lacks and others > 0 else row.wanted_until_ms,
    )
    answer = Answer(given, max(0, room - need - extra), spent, others, contested or (lacks and others > 0))
    return after, Lease(given, ask.on_crash), answer


def expire(row: Row, lease: Lease) -> tuple[Row, Lease | None]:
    """What becomes of a lease whose process is taken for dead.

    - `release`: it is free again; what the process used and did not tell is forgotten.
    - `charge`: all of it counts as spent, until the process comes back and says how much it really was.
    """
    if lease.charged:
        return row, lease
    freed = replace(row, leased=row.leased - lease.amount)
    if lease.on_crash == "release":
        return freed, None
    return replace(freed, spent=row.spent + lease.amount), replace(lease, charged=True)


def alert(row: Row, ask: Ask) -> float | None:
    """The share that is to be told now: the largest that was reached and not told yet."""
    if ask.cap <= 0:
        return None
    reached = [share for share in ask.alert_at if share > row.alerted and row.spent >= share * ask.cap]
    return max(reached, default=None)


def _share(room: int, ask: Ask, crowd: int) -> int:
    share = min(ask.wish, room if crowd <= 1 else room // (2 * crowd))
    return share if share >= ask.unit else 0
