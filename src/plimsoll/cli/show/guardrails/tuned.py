"""Other thresholds, and what another policy would have said."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from plimsoll.kernel.clock import to_text

from .._text import heading, line, table, when
from ._shares import NOTHING, percent, share, share_json

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.guard.changes import PolicyDiff, Taken, Verdict
    from plimsoll.flows.guard.tuning import Proposed, Together, Told, Tuned

_TRACE = 12
_CHANGES_SHOWN = 50
_FOUND_SHOWN = 3


class Places(NamedTuple):
    """Where a candidate was written; empty where it was not."""

    out: str = ""
    file: str = ""
    """Of the project."""


def tuned(screen: "Console", found: "Tuned", places: Places) -> None:
    """What is proposed for each check, and what it rests on."""
    budget = found.budget
    sure = f"with {budget.confidence:.0%} confidence"
    line(screen, f"{found.guardrail}: each check may act on at most {percent(budget.rate)} of harmless texts, {sure}")
    rows = [row for one in found.proposed for row in _rows(one)]
    numbers = ["from score", "acts on harmless", "at most", "finds", "unmarked"]
    table(screen, "", ["check", "stages", "", "by", *((name, "right") for name in numbers)], rows)
    for one in found.proposed:
        line(screen, f"{one.label}: {one.why}", style="" if one.enough else "yellow")
    for name, together in (("as it is", found.before), ("as proposed", found.after)):
        if together is not None:
            line(screen, f"all checks together, {name}: {_together(together)}")
    _say_what_next(screen, found, places)


def _say_what_next(screen: "Console", found: "Tuned", places: Places) -> None:
    for failing in found.failing:
        line(screen, f"test {failing.number} of {found.file}: {failing.difference}", style="red")
    if found.failing:
        line(screen, "so this is no candidate: correct the tests, or keep the thresholds", style="bold red")
    elif found.diff and places.file:
        _say_written(screen, found.guardrail, places.file)
    elif found.diff and places.out:
        line(screen, f"written to {places.out}; nothing is changed before you take it over, build it and pass its gate")
        if not places.out.endswith((".diff", ".patch")):
            _say_steps(screen, f"plimsoll guardrail diff {found.guardrail} {places.out}")
            _say_steps(screen, f"plimsoll guardrail use {found.guardrail} {places.out}")
    elif found.diff:
        heading(screen, "candidate (its tests pass; nothing is changed)")
        line(screen, found.diff.rstrip("\n"))
        line(screen, "take it over with --write, or write it elsewhere with --out FILE")


def taken(screen: "Console", found: "Taken") -> None:
    """What became of a candidate."""
    for failing in found.failing:
        line(screen, f"test {failing.number}: {failing.difference}", style="red")
    if found.failing:
        what = f"{len(found.failing)} of {found.tests} tests of the candidate fail, so {found.file} is what it was"
        line(screen, what, style="bold red")
    elif not found.diff:
        line(screen, f"{found.file} says that already")
    else:
        line(screen, found.diff.rstrip("\n"))
        _say_written(screen, found.guardrail, found.file)


def taken_json(found: "Taken") -> dict[str, Any]:
    """For programs."""
    return {
        "guardrail": found.guardrail,
        "file": found.file,
        "written": found.is_written,
        "tests": found.tests,
        "failing_tests": [{"number": one.number, "difference": one.difference} for one in found.failing],
        "diff": found.diff,
    }


def _say_written(screen: "Console", name: str, file: str) -> None:
    line(screen, f"{file} is the candidate now (its tests pass). What is live is not changed:")
    _say_steps(screen, "plimsoll build             # makes it a version")
    _say_steps(screen, f"plimsoll eval redteam      # what it stops, and what it stops wrongly: {name}")
    _say_steps(screen, "plimsoll release           # brings it before its gate")


def _say_steps(screen: "Console", command: str) -> None:
    line(screen, f"  {command}")


def tuned_json(found: "Tuned") -> dict[str, Any]:
    """For programs."""
    return {
        "guardrail": found.guardrail,
        "false_positives": found.budget.rate,
        "confidence": found.budget.confidence,
        "rows_needed": found.budget.rows_needed,
        "is_candidate": found.is_candidate,
        "tests": found.tests,
        "failing_tests": [{"number": one.number, "difference": one.difference} for one in found.failing],
        "together": {"before": _together_json(found.before), "after": _together_json(found.after)},
        "checks": [
            {
                "number": one.number,
                "check": one.check,
                "stages": one.stages,
                "before": one.before,
                "after": one.after,
                "changes": one.changes,
                "enough": one.enough,
                "why": one.why,
                "told_before": [_told_json(told) for told in one.told_before],
                "told": [_told_json(told) for told in one.told],
            }
            for one in found.proposed
        ],
        "diff": found.diff,
    }


def diffed(screen: "Console", found: "PolicyDiff") -> None:
    """Which requests would get another verdict."""
    line(screen, f"{found.before} against {found.after} on {found.requests:,} past requests")
    line(screen, f"replayed {found.replayed:,} wholly and {found.partly:,} in part")
    for reason, count in sorted(found.not_replayed.items(), key=lambda one: -one[1]):
        line(screen, f"not replayed, or not wholly: {count:,} ({reason})", style="yellow")
    if found.beyond:
        line(screen, "there are more requests: raise --limit, or name a shorter time", style="yellow")
    stricter = sum(one.is_stricter for one in found.changes)
    line(screen, f"{stricter:,} would be judged more strictly, {len(found.changes) - stricter:,} more mildly")
    if found.other_findings:
        line(screen, f"of {found.other_findings:,} more the verdict stays, and something else is found")
    rows = [
        (
            when(one.at),
            one.trace[:_TRACE],
            one.endpoint,
            f"{one.before.action} → {one.after.action}",
            _found(one.before),
            _found(one.after),
        )
        for one in found.changes[:_CHANGES_SHOWN]
    ]
    table(screen, "", ["time (UTC)", "request", "endpoint", "verdict", "then", "now"], rows)
    if len(found.changes) > _CHANGES_SHOWN:
        line(screen, f"and {len(found.changes) - _CHANGES_SHOWN:,} more: --json names all of them")


def diffed_json(found: "PolicyDiff") -> dict[str, Any]:
    """For programs."""
    return {
        "before": found.before,
        "after": found.after,
        "requests": found.requests,
        "replayed": found.replayed,
        "partly": found.partly,
        "not_replayed": found.not_replayed,
        "beyond": found.beyond,
        "other_findings": found.other_findings,
        "changes": [
            {
                "trace": one.trace,
                "at": to_text(one.at),
                "endpoint": one.endpoint,
                "before": one.before,
                "after": one.after,
            }
            for one in found.changes
        ],
    }


def _found(verdict: "Verdict") -> str:
    more = len(verdict.found) - _FOUND_SHOWN
    return ", ".join(verdict.found[:_FOUND_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _rows(one: "Proposed") -> Iterator[tuple[str, ...]]:
    stages = ", ".join(one.stages)
    for told in one.told_before:
        yield one.label, stages, "now", *_told(told, one.before)
    if one.changes:
        for told in one.told:
            yield one.label, stages, "proposed", *_told(told, one.after)


def _told(told: "Told", at_least: float) -> tuple[str, ...]:
    return (
        told.source,
        f"{at_least:g}",
        share(told.acting),
        percent(told.at_most, 2),
        share(told.finding),
        f"{told.unmarked:,}" if told.unmarked else "",
    )


def _told_json(told: "Told") -> dict[str, Any]:
    return {
        "by": told.source,
        "acts_on_harmless": share_json(told.acting),
        "at_most": told.at_most,
        "finds": share_json(told.finding),
        "unmarked": told.unmarked,
    }


def _together(one: "Together") -> str:
    value = one.acting.value
    acting = NOTHING if value is None else percent(value, 2)
    return f"{acting} of {one.acting.of:,} harmless rows, at most {percent(one.at_most, 2)}"


def _together_json(one: "Together | None") -> dict[str, Any] | None:
    return None if one is None else {"acts_on_harmless": share_json(one.acting), "at_most": one.at_most}
