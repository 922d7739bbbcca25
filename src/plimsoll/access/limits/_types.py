"""Who pays, what a call needs and used, and what a budget says.

What is made for every call is a struct: making a frozen dataclass takes ten times as long.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

Kind = Literal["everyone", "key", "team", "project", "environment", "user"]
Measure = Literal["requests", "tokens", "usd"]
Span = Literal["request", "minute", "hour", "day", "month", "total"]
Unpriced = Literal["refuse", "allow"]
OnCrash = Literal["release", "charge"]

EVERYONE: Final = "everyone"
EACH: Final = "each "
KINDS: Final[tuple[Kind, ...]] = ("key", "team", "project", "environment", "user")
"""Whom a payer names, in the order of its fields."""
MEASURES: Final[tuple[Measure, ...]] = ("requests", "tokens", "usd")
SPANS: Final[tuple[Span, ...]] = ("request", "minute", "hour", "day", "month", "total")

_LONGEST_NAME = 256


class Payer(msgspec.Struct, frozen=True, gc=False):
    """Whose budgets a call counts against; what is empty does not apply."""

    key: str = ""
    """The visible part of the API key, without `plim_`."""
    team: str = ""
    project: str = ""
    environment: str = ""
    user: str = ""
    """The person for whom the caller asks."""
    replaced: tuple[str, ...] = ()
    """The keys whose place the key took, the last one first: budgets for them are for it too."""

    def names(self, kind: Kind) -> tuple[str, ...]:
        """What it is called as a payer of a kind; a key also as those before it, and `each key` means the first."""
        name: str = getattr(self, kind)
        return (name, *self.replaced) if name and kind == "key" else (name,) if name else ()


class Need(msgspec.Struct, frozen=True, gc=False):
    """The most that a call can use."""

    tokens: int
    cost_pico: int | None
    """In picodollars; None when no price is known."""
    requests: int = 1


class Spent(msgspec.Struct, frozen=True, gc=False):
    """What a call used."""

    tokens: int
    cost_pico: int | None
    """In picodollars; None when no price is known: then what was reserved counts as spent."""


class State(msgspec.Struct, frozen=True, gc=False):
    """What is left of a limit."""

    limit: int
    remaining: int
    reset_s: float
    """Seconds until it starts anew."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much somebody may use in a window of time. Who, what and window are its name: of one name there is one."""

    scope: str
    """`everyone`, `team:legal`, or `each user`: one of its own for every user, also for one never seen before."""
    measure: Measure
    span: Span
    amount: int
    """Picodollars where the measure is `usd`; nothing at all may be used where it is 0."""
    alert_at: float = 0.8
    """The share of the amount at which it is told, once in each window."""
    unknown_price: Unpriced = "refuse"
    """What happens to a call whose price nobody knows."""
    on_crash: OnCrash = "release"
    """What becomes of that which a process held when it was killed: it is free again, or counts as spent."""

    @property
    def name(self) -> tuple[str, Measure, Span]:
        """What it is called by."""
        return self.scope, self.measure, self.span


class Window(NamedTuple):
    """One stretch of time of one scope: what is counted together. Times are in UTC."""

    app: str
    scope: str
    """Of somebody in particular, such as `user:ada`, or `everyone`."""
    measure: Measure
    span: Span
    start: int
    """Its first second, since 1970; 0 for a window without an end."""

    @property
    def key(self) -> str:
        """Its name in the database; what people chose stands last, so that no two are alike."""
        return f"{self.app}/{self.measure}/{self.span}/{self.start}/{self.scope}"


@dataclass(frozen=True, slots=True)
class WindowUse:
    """What is used of a window, as the database knows it: what processes have not told yet is in `leased`."""

    window: Window
    cap: int
    """The amount when it was last used."""
    spent: int
    leased: int
    """Held by processes: reserved for calls under way, spent and not yet told, or kept ready."""
    overrun: int
    """What calls used beyond what was reserved for them."""
    ends_at: datetime | None
    told: float = 0.0
    """The largest share at which it was told; 0 where it was not yet."""

    @property
    def fullness(self) -> float:
        """The share that is used."""
        return self.spent / self.cap if self.cap else 1.0


@dataclass(frozen=True, slots=True)
class Alert:
    """A window whose use reached a share of its amount."""

    window: Window
    share: float
    spent: int
    cap: int
    at: datetime


@dataclass(frozen=True, slots=True)
class MeterState:
    """How a process's meter does."""

    reachable: bool
    """Whether the database of what is used answered last time."""
    windows: int
    """Windows of which this process holds something."""
    waiting: int
    """Calls that wait to be let in."""
    refused: int
    """Calls refused since the start, for whatever reason."""
    overrun: int
    """Calls since the start that used more than was reserved for them."""


def scope_of(kind: Kind, name: str) -> str:
    """The scope of somebody in particular; a name that no database could keep stands there as its digest."""
    if len(name) > _LONGEST_NAME or not name.isprintable():
        name = "#" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{kind}:{name}"


def scope_kind(scope: str) -> Kind:
    """What kind of payer a scope is about."""
    if scope == EVERYONE:
        return EVERYONE
    word = scope.removeprefix(EACH) if scope.startswith(EACH) else scope.partition(":")[0]
    return KINDS[KINDS.index(word)]
