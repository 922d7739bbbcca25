"""How figures, moments and outcomes are written on a page."""

from dataclasses import dataclass
from datetime import datetime

from plimsoll.kernel.clock import to_text
from plimsoll.tracing import Status

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S
_MONTH_S = 30 * _DAY_S
_TENTHS_BELOW_MS = 9.95
_WHOLE_BELOW_MS = 999.5
NOTHING = "—"
_SMALLEST_SHOWN_USD = 0.000001


@dataclass(frozen=True, slots=True)
class When:
    """A moment: how long ago for reading, exact for hovering and for programs."""

    ago: str
    exact: str
    machine: str


@dataclass(frozen=True, slots=True)
class Badge:
    """An outcome in one word; `tone` chooses the colour: good, calm, warn, bad."""

    word: str
    tone: str
    meaning: str


def when(moment: datetime, now: datetime) -> When:
    """`moment` as seen at `now`."""
    return When(
        ago=_ago((now - moment).total_seconds()),
        exact=f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        machine=to_text(moment),
    )


def _ago(seconds: float) -> str:
    for limit, size, word in (
        (_MINUTE_S, 1, "s"),
        (_HOUR_S, _MINUTE_S, "min"),
        (2 * _DAY_S, _HOUR_S, "h"),
        (2 * _MONTH_S, _DAY_S, "days"),
    ):
        if seconds < limit:
            count = int(seconds // size)
            return f"{count} {word} ago" if count > 0 else "just now"
    return f"{int(seconds // _MONTH_S)} months ago"


def ahead(moment: datetime, now: datetime) -> str:
    """How long it is until `moment`: `in 40 s`, `in 3 h`."""
    seconds = max((moment - now).total_seconds(), 1)
    for limit, size, word in ((2 * _MINUTE_S, 1, "s"), (2 * _HOUR_S, _MINUTE_S, "min"), (2 * _DAY_S, _HOUR_S, "h")):
        if seconds < limit:
            return f"in {int(seconds // size)} {word}"
    return f"in {int(seconds // _DAY_S)} days"


def duration(milliseconds: float | None) -> str:
    """`0.4 ms`, `38 ms`, `1.24 s`, `2 min 5 s`."""
    if milliseconds is None:
        return NOTHING
    if milliseconds < _TENTHS_BELOW_MS:
        return f"{milliseconds:.1f} ms"
    if milliseconds < _WHOLE_BELOW_MS:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < _MINUTE_S:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    return f"{minutes} min {rest} s"


def cost(usd: float | None) -> str:
    """`$0.0012` with two significant digits below one dollar; a dash where no price is known."""
    if usd is None:
        return NOTHING
    if usd == 0:
        return "$0"
    if usd < _SMALLEST_SHOWN_USD:
        return f"< ${_SMALLEST_SHOWN_USD:.6f}"
    if usd >= 1:
        return f"${usd:,.2f}"
    decimals = next(places for places in range(2, 8) if usd >= 10 ** (1 - places))
    return f"${usd:.{decimals}f}"


def exact_cost(usd: float) -> str:
    """All that is known of a cost, to a millionth of a dollar; less than that is only said to be less."""
    if 0 < usd < _SMALLEST_SHOWN_USD:
        return cost(usd)
    return f"${usd:,.6f}".rstrip("0").rstrip(".")


def price(usd: float | None, used: int) -> str:
    """What a request cost: `unknown price` where tokens were used and nobody knows what they cost."""
    return "unknown price" if usd is None and used else cost(usd)


def tokens(count: int) -> str:
    """`1,204`."""
    return f"{count:,}"


def share(part: float) -> str:
    """`10 %` of one, with at most two decimals; a share that is there is never shown as nothing or as everything."""
    percent = min(max(part * 100, 0.01), 99.99) if 0 < part < 1 else part * 100
    return f"{percent:.2f}".rstrip("0").rstrip(".") + " %"


def outcome(status: Status, *, answered: bool | None) -> Badge:
    """How a request ended."""
    if status == "error":
        return Badge("error", "bad", "The request failed.")
    if status == "cancelled":
        return Badge("left", "warn", "The client left before the answer was complete.")
    if answered is None:
        return Badge("done", "calm", "The model does not tell whether it could answer.")
    if answered:
        return Badge("answered", "good", "The answer is in the documents.")
    return Badge("no answer", "calm", "The documents do not answer, and the answer says so.")
