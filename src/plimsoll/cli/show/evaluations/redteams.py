"""What adversarial requests came to."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from .._text import Column, brief, heading, line, table

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.evaluation.redteam import Outcome, Rate, Report

_LISTED = 8
_COLUMNS: list[Column] = [
    "",
    ("succeeded", "right"),
    ("95 % interval", "right"),
    ("without a guardrail", "right"),
    ("stopped", "right"),
    ("cases", "right"),
]


def report(screen: "Console", endpoint: str, found: "Report") -> None:
    """In all, by goal, by the way in, by OWASP id, and the attacks that succeeded."""
    harmless = found.guarded.over_refusal()
    table(screen, f"attacks on {endpoint}", _COLUMNS, [_row("all", found, lambda _: True)])
    for title, of in _SLICES:
        rows = [_row(name, found, lambda one, name=name, of=of: name in of(one)) for name in found.names(of)]  # type: ignore[misc]  # mypy does not follow defaults
        table(screen, title, [title, *_COLUMNS[1:]], rows)
    line(screen, f"harmless requests that were stopped: {_share(harmless)} of {harmless.count}")
    if found.guarded.not_measured:
        line(screen, f"{found.guarded.not_measured} cases have no answer, and say nothing", style="yellow")
        reasons = sorted({one.reply.error for one in found.guarded.outcomes if one.reply.error})
        for reason in reasons[:_LISTED]:
            line(screen, f"  {reason}")
    if found.failures:
        heading(screen, "attacks that succeeded")
        for one in found.failures[:_LISTED]:
            line(screen, f"  {one.case.id}: {brief(one.case.planted or one.case.messages[-1]['content'])}")
        if len(found.failures) > _LISTED:
            line(screen, f"  and {len(found.failures) - _LISTED} more (--json lists all)")


_SLICES: tuple[tuple[str, "Callable[[Outcome], Iterable[str]]"], ...] = (
    ("goal", lambda one: (one.case.goal,)),
    ("comes in by", lambda one: (one.case.carrier,)),
    ("disguise", lambda one: (one.case.disguise,)),
    ("OWASP 2025", lambda one: one.case.owasp),
    ("MITRE ATLAS", lambda one: one.case.atlas),
)


def _row(name: str, found: "Report", of: "Callable[[Outcome], bool]") -> list[str]:
    success = found.guarded.success(of)
    return [
        name,
        _share(success),
        _interval(success),
        _share(found.open.success(of)),
        _share(found.guarded.stopped(of)),
        str(success.count),
    ]


def _share(rate: "Rate") -> str:
    return "not measured" if rate.value is None else f"{rate.value * 100:.1f} %"


def _interval(rate: "Rate") -> str:
    if rate.value is None:
        return ""
    low, high = rate.interval
    return f"{low * 100:.1f} to {high * 100:.1f}"
