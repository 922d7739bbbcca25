"""How good a guardrail is on labelled rows."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .._text import brief, line, table
from ._shares import NOTHING, figure, figure_json, per_cent, share_json

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.guard.measure import Evaluation, Measured, SpanFigures

_F1, _F2 = 1.0, 2.0
_CHECK, _SLICE = 20, 28
"""Characters that are shown of names."""


def evaluated(screen: "Console", found: "Evaluation") -> None:
    """The policy first, then each check, each on all rows and slice by slice."""
    line(screen, f"{found.guardrail} on {found.rows:,} rows; 95 % intervals in brackets")
    decided = [
        (
            *_of(one),
            f"{one.figures.rows:,}",
            f"{one.figures.due:,}",
            per_cent(one.figures.precision),
            per_cent(one.figures.recall),
            per_cent(one.figures.false_positives),
            str(one.figures.failed or ""),
        )
        for one in found.measured
    ]
    _table(screen, ("rows", "to find", "precision %", "recall %", "false positives %", "no answer"), decided)
    at_recall = found.measured[0].figures.at_recall if found.measured else 0.0
    told = [
        (
            *_of(one),
            figure(one.figures.f1),
            figure(one.figures.f2),
            figure(one.figures.auroc),
            figure(one.figures.average_precision),
            figure(one.figures.fpr_at_recall),
        )
        for one in found.measured
        if one.figures.due
    ]
    _table(screen, ("F1", "F2", "AUROC", "AP", f"FPR at recall {at_recall:g}"), told)
    spans = [
        (*_of(one), per_cent(one.spans.precision), per_cent(one.spans.recall), _f(one.spans, _F1), _f(one.spans, _F2))
        for one in found.measured
        if one.spans is not None
    ]
    _table(screen, ("stretches: precision %", "recall %", "F1", "F2"), spans)
    _table(screen, ("ms (half)", "ms (95 %)", "characters a second"), [*_times(found)])
    for check in found.not_asked:
        line(screen, f"{check} looks at the stage of no row: nothing is known of it", style="yellow")
    for name in found.unknown:
        line(screen, f"rows say that {name} should find something, and the policy has no such check", style="yellow")


def _table(screen: "Console", numbers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table(screen, "", ["check", "slice", *((name, "right") for name in numbers)], rows)


def _times(found: "Evaluation") -> Iterator[tuple[str, ...]]:
    """The times of all rows together: those of slices say little more."""
    for one in found.measured:
        if one.latency is not None and not one.slice:
            latency = one.latency
            speed = f"{latency.characters_per_s:,.0f}"
            yield (*_of(one), f"{latency.p50_ms:.2f}", f"{latency.p95_ms:.2f}", speed)


def evaluated_json(found: "Evaluation") -> dict[str, Any]:
    """For programs."""
    return {
        "guardrail": found.guardrail,
        "rows": found.rows,
        "not_asked": found.not_asked,
        "unknown": found.unknown,
        "figures": [_json(one) for one in found.measured],
    }


def _json(one: "Measured") -> dict[str, Any]:
    figures = one.figures
    return {
        "check": one.what or None,
        "slice": one.slice or None,
        "rows": figures.rows,
        "to_find": figures.due,
        "no_answer": figures.failed,
        "precision": share_json(figures.precision),
        "recall": share_json(figures.recall),
        "false_positives": share_json(figures.false_positives),
        "f1": figure_json(figures.f1),
        "f2": figure_json(figures.f2),
        "auroc": figure_json(figures.auroc),
        "average_precision": figure_json(figures.average_precision),
        "at_recall": figures.at_recall,
        "fpr_at_recall": figure_json(figures.fpr_at_recall),
        "spans": None if one.spans is None else _spans_json(one.spans),
        "latency": one.latency,
    }


def _spans_json(spans: "SpanFigures") -> dict[str, Any]:
    return {
        "precision": share_json(spans.precision),
        "recall": share_json(spans.recall),
        "f1": spans.f_measure(_F1),
        "f2": spans.f_measure(_F2),
    }


def _of(one: "Measured") -> tuple[str, str]:
    return brief(one.what, _CHECK) or "(policy)", brief(one.slice, _SLICE) or "(all)"


def _f(spans: "SpanFigures", beta: float) -> str:
    value = spans.f_measure(beta)
    return NOTHING if value is None else f"{value:.3f}"
