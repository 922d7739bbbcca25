"""What rows were made from."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from plimsoll.flows.dataset.documents import DocumentReport
from plimsoll.flows.dataset.traces import TraceReport

from ..._output import table

if TYPE_CHECKING:
    from rich.console import Console


def made_from_traces(screen: "Console", found: TraceReport, path: Path) -> None:
    """Strata, what was left out, what was replaced."""
    lines = [
        (stratum.endpoint, stratum.guardrails, stratum.outcome, stratum.feedback, str(there), str(taken))
        for stratum, (there, taken) in found.strata.items()
    ]
    columns = ("endpoint", "guardrails", "outcome", "feedback", ("requests", "right"), ("rows", "right"))
    table(screen, "", columns, lines)
    screen.print(f"{found.requests} requests, of which {found.looked_at} were looked at", highlight=False)
    _counts(screen, "left out", found.dropped)
    _counts(screen, "replaced", found.redacted)
    unlabelled = sum(not row.labelled for row in found.rows)
    if unlabelled:
        screen.print(
            f"of {unlabelled} rows nobody knows the answer: add `answers`, or `answerable: false`", highlight=False
        )
    written(screen, len(found.rows), path)


def made_from_documents(screen: "Console", found: DocumentReport, path: Path) -> None:
    """Kinds of questions, and why others were dropped."""
    screen.print(f"{found.sentences} sentences, {found.asked} questions", highlight=False)
    table(screen, "", ("kind", ("rows", "right")), [(kind, str(n)) for kind, n in found.kinds.most_common()])
    _counts(screen, "dropped", dict(found.dropped.most_common()))
    if found.stopped:
        screen.print(f"stopped early: {found.stopped}", markup=False, highlight=False)
    written(screen, len(found.rows), path)


def written(screen: "Console", rows: int, path: Path) -> None:
    """Where the rows are."""
    screen.print(f"{rows} rows in {path}", markup=False, highlight=False, soft_wrap=True)


def _counts(screen: "Console", title: str, counts: Mapping[str, int]) -> None:
    table(screen, "", (title, ("count", "right")), [(why, str(count)) for why, count in counts.items()])
