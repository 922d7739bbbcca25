"""A verdict with its reasons."""

from typing import TYPE_CHECKING, Any

from .._text import Column, line, table
from .policies import MOST_SHOWN, say_more

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.guard.measure import Explanation


def explained(screen: "Console", found: "Explanation") -> None:
    """The verdict in one sentence, then every check of the policy, then what each found."""
    style = "bold red" if found.review.reason else "bold green"
    line(screen, f"{found.guardrail} on {found.stage}: {found.because}", style=style)
    if found.looked_at is not None and found.looked_at != found.stage:
        line(screen, f"the policy does not name {found.stage}: its checks on {found.looked_at} look at it")
    rows = [
        (
            str(one.number),
            one.check,
            one.action,
            f"{one.at_least:g}",
            one.on_error,
            _answer(one.why_not, len(one.fates), failed=one.failed),
        )
        for one in found.rules
    ]
    table(screen, "checks", ["", "check", "action", ("from score", "right"), "without an answer", "what it said"], rows)
    fates = [
        (
            str(rule.number),
            f"{rule.check}.{fate.kind}",
            f"{fate.start} to {fate.end}",
            f"{fate.score:.2f}",
            "yes" if fate.counts else "no",
            fate.became,
            fate.reason,
        )
        for rule in found.rules
        for fate in rule.fates
    ]
    columns: list[Column] = ["", "found", "characters", ("score", "right"), "counts", "what came of it", "why"]
    table(screen, "findings", columns, fates[:MOST_SHOWN])
    say_more(screen, len(fates))
    if found.review.text:
        line(screen, found.review.text)


def explained_json(found: "Explanation") -> dict[str, Any]:
    """For programs."""
    return {
        "guardrail": found.guardrail,
        "stage": found.stage,
        "looked_at": found.looked_at,
        "action": found.review.action,
        "because": found.because,
        "reason": found.review.reason,
        "failed": found.review.failed,
        "text": found.review.text,
        "checks": found.rules,
    }


def _answer(why_not: str, found: int, *, failed: bool) -> str:
    if why_not:
        return f"not asked: {why_not}"
    if failed:
        return "gave no answer"
    return f"found {found}" if found else "found nothing"
