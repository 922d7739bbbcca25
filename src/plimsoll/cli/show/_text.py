"""Small pieces of text that several views need."""

from datetime import datetime
from typing import TYPE_CHECKING

from plimsoll.kernel.digest import Digest, hex_part

from .._output import Column, readable, table

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Column", "brief", "cost", "heading", "line", "milliseconds", "price", "share", "short", "table", "when"]

_BRIEF = 76
_DIGITS = 12


def line(screen: "Console", text: str, *, style: str = "") -> None:
    """Print text as it is, without colours of our own making inside it."""
    screen.print(readable(screen, text), style=style, markup=False, highlight=False, soft_wrap=True)


def heading(screen: "Console", text: str) -> None:
    """Print a heading with a line of space before it."""
    screen.print()
    line(screen, text, style="bold")


def brief(text: str, length: int = _BRIEF) -> str:
    """One line of text, cut with an ellipsis."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def short(digest: Digest) -> str:
    """The first digits of a digest."""
    return hex_part(digest)[:_DIGITS]


def when(moment: datetime | None) -> str:
    """A moment, to the second, in UTC."""
    return "" if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def milliseconds(value: float | None) -> str:
    """A duration."""
    return "" if value is None else f"{value:,.0f} ms"


def cost(value: float | None) -> str:
    """Money, or that nobody knows the price."""
    return "unknown" if value is None else f"${value:.6f}".rstrip("0").rstrip(".")


def price(value: float | None, used: int) -> str:
    """What a request cost; empty where nothing was used that could cost something."""
    return cost(value) if value is not None else "unknown price" if used else ""


def share(part: float) -> str:
    """Whole per cents, cut and not rounded: 99.9 % is not all of it."""
    return f"{int(part * 100)} %"
