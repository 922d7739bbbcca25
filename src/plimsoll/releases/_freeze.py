"""When nothing may be shipped: spans of time, and windows that come again every week."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Json

from ._errors import PolicyInvalidError

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60

_CLOCK = re.compile("(?=[01]|2[0-3]|24:00)([0-9]{2}):([0-5][0-9])")
_MOST_STEPS = 1000
"""How many freezes in a row `thaws_at` follows before it says that there is no end."""


@dataclass(frozen=True, slots=True)
class FreezeSpan:
    """A freeze from one moment (included) to another (not included). Raises PolicyInvalidError."""

    start: datetime
    end: datetime
    why: str

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise PolicyInvalidError("a freeze needs moments with a time zone")
        if self.start >= self.end:
            raise PolicyInvalidError(f"the freeze '{self.why}' ends before it begins")
        try:
            object.__setattr__(self, "start", self.start.astimezone(UTC))
            object.__setattr__(self, "end", self.end.astimezone(UTC))
        except OverflowError as error:
            raise PolicyInvalidError(f"the freeze '{self.why}' lies outside the calendar") from error

    def ends_at(self, now: datetime) -> datetime | None:
        """When the freeze that holds at `now` ends; None when it does not hold."""
        return self.end if self.start <= now < self.end else None

    def to_json(self) -> dict[str, Json]:
        """What `EnvironmentPolicy.from_json` reads."""
        return {"from": to_text(self.start), "until": to_text(self.end), "why": self.why}


@dataclass(frozen=True, slots=True)
class FreezeWindow:
    """A freeze that comes every week, in the clock time of a place. Raises PolicyInvalidError.

    It begins on each of `days` at `from_minute` of the day (included) and ends at `until_minute` (not included): on the
    same day, or on the next one where `until_minute` is not after `from_minute`. Minutes are what a clock on the wall
    shows, from 0 to 1440. Where clocks are changed, a time that comes twice or never counts so that the window is the
    longer one.
    """

    days: tuple[Day, ...]
    why: str
    from_minute: int = 0
    until_minute: int = DAY_MINUTES
    zone: str = "UTC"
    """A name of the IANA time zone database, such as `Europe/Berlin`."""

    def __post_init__(self) -> None:
        if not self.days or not set(self.days) <= set(DAYS):
            raise PolicyInvalidError(f"the days of the freeze '{self.why}' are not days of the week")
        if not (0 <= self.from_minute < DAY_MINUTES and 0 < self.until_minute <= DAY_MINUTES):
            raise PolicyInvalidError(f"the freeze '{self.why}' has a time of day that no clock shows")
        if self.from_minute == self.until_minute:
            raise PolicyInvalidError(f"the freeze '{self.why}' ends when it begins")
        if not zone_known(self.zone):
            raise PolicyInvalidError(f"this machine knows no time zone '{self.zone}'")
        object.__setattr__(self, "days", tuple(day for day in DAYS if day in self.days))

    def ends_at(self, now: datetime) -> datetime | None:
        """When the window that holds at `now` ends; None when none holds."""
        zone = ZoneInfo(self.zone)
        midnight = now.astimezone(zone).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        last = None
        for shift in (-1, 0, 1):
            day = midnight + timedelta(days=shift)
            if DAYS[day.weekday()] not in self.days:
                continue
            over_night = timedelta(days=1) if self.until_minute <= self.from_minute else timedelta()
            start = min(_moments(day + timedelta(minutes=self.from_minute), zone))
            end = max(_moments(day + timedelta(minutes=self.until_minute) + over_night, zone))
            if start <= now < end:
                last = end
        return last

    def to_json(self) -> dict[str, Json]:
        """What `EnvironmentPolicy.from_json` reads."""
        return {
            "days": list(self.days),
            "from": clock_text(self.from_minute),
            "until": clock_text(self.until_minute),
            "zone": self.zone,
            "why": self.why,
        }


Freeze = FreezeSpan | FreezeWindow


def zone_known(name: str) -> bool:
    """Whether this machine has the rules of a time zone."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such name; no such form of name; a folder of names
        return False
    return True


def clock_text(minute: int) -> str:
    """A minute of the day as `HH:MM`; the end of the day is `24:00`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def clock_minute(text: str) -> int | None:
    """The minute of the day that `HH:MM` names; None for any other text."""
    match = _CLOCK.fullmatch(text)
    return int(match[1]) * 60 + int(match[2]) if match else None


def holding(freezes: Iterable[Freeze], now: datetime) -> Freeze | None:
    """The freeze that holds at `now`, and of several the one that ends last; None when nothing is frozen."""
    ends = ((freeze.ends_at(now), freeze) for freeze in freezes)
    held = [(end, freeze) for end, freeze in ends if end is not None]
    return max(held, key=lambda pair: pair[0])[1] if held else None


def thaws_at(freezes: Iterable[Freeze], now: datetime) -> datetime | None:
    """The first moment from `now` at which no freeze holds; None where one follows the other without an end."""
    freezes = tuple(freezes)
    moment = now
    for _ in range(_MOST_STEPS):
        end = max((end for freeze in freezes if (end := freeze.ends_at(moment))), default=None)
        if end is None:
            return moment
        moment = end
    return None


def _moments(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """What a clock on the wall can mean: two moments on the night of a change, the same one twice at other times."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second
