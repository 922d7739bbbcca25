"""Figures as people read them, and texts of others without what could break a file."""

import re
from typing import Final, Protocol

from ..scorers import Unit

_NOT_IN_XML: Final = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of what follows, so that a text could seem to say something else."""


class Figured(Protocol):
    """A figure with its interval."""

    @property
    def value(self) -> float | None:
        """The figure."""

    @property
    def unit(self) -> Unit:
        """What its numbers are."""

    @property
    def low(self) -> float | None:
        """Lower end of the interval."""

    @property
    def high(self) -> float | None:
        """Upper end of the interval."""


def safe(text: str) -> str:
    """Text that XML 1.0 and a page can hold: characters that cannot stand there become U+FFFD, lines end with LF."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _TURNING.sub("\N{REPLACEMENT CHARACTER}", _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", lines))


def brief(text: str, length: int) -> str:
    """Text of at most so many characters; what is cut off is said to be."""
    if len(text) <= length:
        return text
    return f"{text[:length]}… ({len(text) - length:,} more characters)"


def measure_text(measure: Figured) -> str:
    """A figure, or that there is none."""
    return "not measured" if measure.value is None else number(measure.value, measure.unit)


def number(value: float, unit: Unit) -> str:
    """A number with as many digits as say something."""
    if unit == "share":
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"  # noqa: PLR2004  # thousands need no decimals


def interval_text(measure: Figured) -> str:
    """The 95 % interval of a figure; what is open says so, and nothing where nothing is known."""
    low = None if measure.low is None else number(measure.low, measure.unit)
    high = None if measure.high is None else number(measure.high, measure.unit)
    if low is None:
        return "" if high is None else f"to {high}"
    return f"from {low}" if high is None else f"{low} to {high}"


def money(value: float | None) -> str:
    """Dollars, or that nobody knows the price."""
    if value is None:
        return "unknown"
    return f"${value:.6f}".rstrip("0").rstrip(".") if value else "$0"


def plural(count: int, word: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"
