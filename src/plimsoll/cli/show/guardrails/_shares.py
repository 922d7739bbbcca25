"""Shares and figures with their intervals, as text and as JSON."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plimsoll.flows.guard import Share
    from plimsoll.flows.guard.measure import Interval

NOTHING = "–"  # noqa: RUF001  # a dash, where there is nothing to say


def percent(value: float, digits: int = 1) -> str:
    """`4.2 %`; what is nearly nothing, or nearly everything, is not called so."""
    least = 10**-digits
    shown = value * 100
    if 0 < shown < least:
        return f"< {least:g} %"
    if 100 - least < shown < 100:  # noqa: PLR2004  # per cent
        return f"> {100 - least:g} %"
    return f"{shown:.{digits}f} %"


def share(one: "Share | None") -> str:
    """`4.2 % (2.1 to 8.0)`; a dash where the whole is nothing."""
    if one is None or one.value is None or one.interval is None:
        return NOTHING
    low, high = one.interval
    return f"{percent(one.value)} ({low * 100:.1f} to {high * 100:.1f})"


def share_json(one: "Share | None") -> dict[str, Any] | None:
    """For programs; None where the whole is nothing."""
    if one is None or one.value is None:
        return None
    return {"value": one.value, "count": one.count, "of": one.of, "interval": one.interval}


def per_cent(one: "Share | None") -> str:
    """`4.2 (2.1-8.0)`: under a heading that says what it is."""
    if one is None or one.value is None or one.interval is None:
        return NOTHING
    return f"{one.value * 100:.1f} ({one.interval[0] * 100:.1f}-{one.interval[1] * 100:.1f})"


def figure(one: "Interval | None") -> str:
    """`.873 (.851-.894)`; a dash where it has no meaning."""
    if one is None:
        return NOTHING
    if one.low is None or one.high is None:
        return _number(one.value)
    return f"{_number(one.value)} ({_number(one.low)}-{_number(one.high)})"


def figure_json(one: "Interval | None") -> dict[str, Any] | None:
    """For programs; None where it has no meaning."""
    if one is None:
        return None
    return {"value": one.value, "interval": None if one.low is None else [one.low, one.high]}


def _number(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 1 else f"{value:.3f}"
