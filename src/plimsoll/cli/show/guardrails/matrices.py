"""Endpoint by stage by check, with every cell."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.digest import short_name

from .._text import Column, line, table

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.guard import PlaceMatrix

_KINDS_SHOWN = 4


def matrix(screen: "Console", found: "Sequence[PlaceMatrix]") -> None:
    """A table for each endpoint; a stage at which nothing looks is a hole, and is called so."""
    if not found:
        line(screen, "there is no endpoint, and no route that serves a name")
    for one in found:
        rows = list(_rows(one))
        # A column that is empty everywhere says nothing.
        places = [place for place in range(len(_COLUMNS)) if place < _ALWAYS or any(row[place] for row in rows)]
        table(
            screen,
            _title(one),
            [_COLUMNS[place] for place in places],
            [[row[place] for place in places] for row in rows],
        )
    holes = sum(len(one.holes) for one in found)
    if holes:
        line(screen, f"{holes} {'hole' if holes == 1 else 'holes'}: nothing looks there", style="yellow")


_COLUMNS: tuple[Column, ...] = (
    *("stage", "check", "what", "action", ("from score", "right"), "no answer", "reads"),
    "why",
)
_ALWAYS = 4
"""Columns that are shown even where they are empty."""


def _title(one: "PlaceMatrix") -> str:
    where = f" in {one.environment}, {short_name('r', one.release)}" if one.environment else ""
    return f"{one.endpoint}{where}: {one.guardrail or 'no guardrail'}"


def _rows(one: "PlaceMatrix") -> Iterator[tuple[str, ...]]:
    for stage in one.stages:
        if stage.hole:
            yield stage.stage, "HOLE", stage.hole, *[""] * (len(_COLUMNS) - 3)
        if stage.blocked:
            yield stage.stage, "BLOCKED", f"everything, because {stage.blocked}", *[""] * (len(_COLUMNS) - 3)
        shown = f"{stage.stage} (as {stage.instead})" if stage.instead else str(stage.stage)
        for cell in stage.cells:
            wait = "" if cell.timeout_s is None else f", or after {cell.timeout_s:g} s"
            yield (
                shown,
                cell.check,
                _kinds(cell.kinds),
                cell.action,
                f"{cell.at_least:g}" if cell.at_least else "",
                f"{cell.on_error}{wait}",
                cell.reads,
                "; ".join(cell.exceptions),
            )
            shown = ""


def matrix_json(found: "Sequence[PlaceMatrix]") -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "environment": one.environment,
            "release": one.release,
            "endpoint": one.endpoint,
            "guardrail": one.guardrail or None,
            "holes": one.holes,
            "stages": one.stages,
        }
        for one in found
    ]


def _kinds(kinds: Sequence[str]) -> str:
    more = len(kinds) - _KINDS_SHOWN
    return ", ".join(kinds[:_KINDS_SHOWN]) + (f" and {more} more" if more > 0 else "")
