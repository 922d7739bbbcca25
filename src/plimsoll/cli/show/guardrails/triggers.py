"""What guardrails found in requests, what people say of it, and how often."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from plimsoll.kernel.clock import to_text

from .._text import Column, line, table, when
from ._shares import NOTHING, share, share_json

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.guard import MarkedPage, Rates
    from plimsoll.reviews.marks import Mark

_TRACE = 12


def triggers(screen: "Console", found: "MarkedPage", *, narrowed: bool) -> None:
    """One line for each."""
    page = found.page
    if not page.triggers:
        line(screen, "nothing fits" if narrowed else "no guardrail found anything yet")
        return
    rows = [
        (
            when(one.at),
            one.trace[:_TRACE],
            one.endpoint,
            one.stage,
            f"{one.check}.{one.kind}" if one.answered else one.check,
            one.action if one.answered else f"gave no answer: {one.action}",
            f"{one.count:,}",
            f"{one.score:.2f}" if one.answered else NOTHING,
            one.version,
            found.said_of(one),
        )
        for one in page.triggers
    ]
    numbers: list[Column] = [("count", "right"), ("score", "right")]
    columns = ("time (UTC)", "request", "endpoint", "stage", "check", "action")
    table(screen, "", [*columns, *numbers, "version", "marked"], rows)
    if page.next:
        line(screen, f"older ones: --after {page.next}")


def triggers_json(found: "MarkedPage") -> dict[str, Any]:
    """For programs."""
    return {
        "triggers": [
            {
                "trace": one.trace,
                "at": to_text(one.at),
                "environment": one.environment,
                "endpoint": one.endpoint,
                "release": one.release,
                "stage": one.stage,
                "check": one.check,
                "kind": one.kind,
                "version": one.version,
                "action": one.action,
                "answered": one.answered,
                "count": one.count,
                "score": one.score if one.answered else None,
                "marked": found.said_of(one) or None,
            }
            for one in found.page.triggers
        ],
        "next": found.page.next,
    }


def marked(screen: "Console", marks: "Sequence[Mark]") -> None:
    """What was just said."""
    for mark in marks:
        about = mark.about
        what = ".".join(part for part in (about.check, about.kind) if part)
        line(screen, f"{what} on {about.stage} in {about.trace[:_TRACE]} is marked {mark.said}", style="green")


def marked_json(marks: "Sequence[Mark]") -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "entry": mark.sequence,
            "trace": mark.about.trace,
            "endpoint": mark.about.endpoint,
            "stage": mark.about.stage,
            "check": mark.about.check,
            "kind": mark.about.kind,
            "version": mark.about.version,
            "action": mark.about.action,
            "score": mark.about.score,
            "marked": mark.said,
            "by": mark.actor,
            "at": to_text(mark.at),
            "note": mark.note,
        }
        for mark in marks
    ]


def rates(screen: "Console", found: "Rates") -> None:
    """One line for each combination that there was."""
    window = found.window
    line(screen, f"{found.requests:,} requests from {when(window.since)} to {when(window.until)} UTC")
    rows = [
        (
            *(one.by[name] for name in found.by),
            f"{one.asked:,}" if one.asked else NOTHING,
            f"{one.triggered:,}",
            share(one.rate),
            share(one.precision),
            str(one.right or ""),
            str(one.wrong or ""),
            str(one.missed or ""),
            str(one.disputed or ""),
            str(one.failed or ""),
        )
        for one in found.rates
    ]
    numbers = ["asked in", "triggered in", "rate (95 %)", "precision (95 %)", "right", "wrong", "missed", "disputed"]
    table(screen, "", [*found.by, *((name, "right") for name in (*numbers, "no answer"))], rows)
    if not rows:
        line(screen, "no check was asked, and nothing was marked")
    if found.unread:
        line(screen, f"of {found.unread:,} requests the policy cannot be read any more: they are in no rate")
    if rows and not any(one.right or one.wrong for one in found.rates):
        line(screen, "nothing is marked yet, so no precision is known: plimsoll guardrail mark REQUEST CHECK right")


def rates_json(found: "Rates") -> dict[str, Any]:
    """For programs."""
    window = found.window
    return {
        "since": to_text(window.since),
        "until": to_text(window.until),
        "by": found.by,
        "requests": found.requests,
        "unread": found.unread,
        "rates": [
            {
                **one.by,
                "asked": one.asked,
                "triggered": one.triggered,
                "found": one.found,
                "no_answer": one.failed,
                "rate": share_json(one.rate),
                "precision": share_json(one.precision),
                "right": one.right,
                "wrong": one.wrong,
                "disputed": one.disputed,
                "missed": one.missed,
            }
            for one in found.rates
        ],
    }
