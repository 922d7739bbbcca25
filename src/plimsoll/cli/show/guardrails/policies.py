"""Guardrails, for people and for programs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._text import brief, line, table

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.guardrails import Covered, ExampleOutcome, Review, Stage

_STAGES: "tuple[Stage, ...]" = ("input", "retrieved", "tool_call", "tool_result", "output")
MOST_SHOWN = 50
"""Findings in one table: drawing 100,000 of them takes longer than finding them."""
_KINDS_SHOWN = 4


def tests(screen: "Console", outcomes: "Mapping[str, Sequence[ExampleOutcome]]") -> None:
    """Every test, and what became of it."""
    for name, found in outcomes.items():
        if not found:
            line(screen, f"{name} has no tests", style="yellow")
            continue
        rows = [
            (
                str(one.number),
                one.example.stage,
                brief(one.example.text, 60),
                one.example.expect,
                "pass" if one.passed else one.difference,
            )
            for one in found
        ]
        failed = sum(not one.passed for one in found)
        title = f"{name}: {len(found) - failed} of {len(found)} tests pass"
        table(screen, title, ["test", "stage", "text", "expected", "what came of it"], rows)
        for one in found:
            if not one.passed and one.example.becomes is not None:
                line(screen, f"test {one.number} should become: {one.example.becomes}")
                line(screen, f"it becomes:             {one.review.text or '(nothing: it is stopped)'}")


def tests_json(outcomes: "Mapping[str, Sequence[ExampleOutcome]]") -> dict[str, Any]:
    """For programs."""
    return {
        "passed": all(one.passed for found in outcomes.values() for one in found),
        "guardrails": {
            name: [
                {
                    "number": one.number,
                    "passed": one.passed,
                    "text": one.example.text,
                    "on": one.example.stage,
                    "expected": one.example.expect,
                    "action": one.review.action,
                    "becomes": one.review.text,
                    "difference": one.difference,
                }
                for one in found
            ]
            for name, found in outcomes.items()
        },
    }


def review(screen: "Console", found: "Review", stage: str) -> None:
    """The verdict on one text."""
    reason = f" ({found.reason})" if found.reason else ""
    failed = f", because the check {found.failed} gave no answer" if found.failed else ""
    style = "bold red" if found.reason else "bold green"
    line(screen, f"{found.action} on {stage}{reason}{failed}", style=style)
    rows = [
        (one.check, one.kind, one.action, f"{one.score:.2f}", f"{one.start} to {one.end}")
        for one in found.findings[:MOST_SHOWN]
    ]
    if rows:
        table(screen, "", ["check", "kind", "action", ("score", "right"), "characters"], rows)
    say_more(screen, len(found.findings))
    if found.text:
        line(screen, found.text)


def say_more(screen: "Console", findings: int) -> None:
    """That there are more findings than are shown, if so."""
    if findings > MOST_SHOWN:
        line(screen, f"and {findings - MOST_SHOWN:,} findings more: --json names all of them")


def review_json(found: "Review") -> dict[str, Any]:
    """For programs."""
    return {
        "action": found.action,
        "reason": found.reason,
        "failed": found.failed,
        "text": found.text,
        "findings": list(found.findings),
    }


def matrix(screen: "Console", found: "Mapping[str, Sequence[Covered]]", users: Mapping[str, Sequence[str]]) -> None:
    """Checks against stages; an empty cell is a stage at which the check does not look."""
    if not found:
        line(screen, "the project has no guardrail; write one, such as guardrails/standard.yaml")
    for name, rules in found.items():
        used = ", ".join(users[name]) or "nobody"
        rows = [
            (
                rule.check,
                _kinds(rule.kinds),
                *(rule.at.get(stage, "") for stage in _STAGES),
                f"{rule.at_least:g}" if rule.at_least else "",
                "yes" if rule.streams else "at the end",
            )
            for rule in rules
        ]
        table(screen, f"{name}, used by {used}", ["check", "kinds", *_STAGES, "from score", "streams"], rows)


def matrix_json(found: "Mapping[str, Sequence[Covered]]", users: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """For programs."""
    return {name: {"used_by": users[name], "checks": list(rules)} for name, rules in found.items()}


def _kinds(kinds: Sequence[str]) -> str:
    more = len(kinds) - _KINDS_SHOWN
    return ", ".join(kinds[:_KINDS_SHOWN]) + (f" and {more} more" if more > 0 else "")
