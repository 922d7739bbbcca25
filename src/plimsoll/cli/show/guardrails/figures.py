"""How good a guardrail is on labelled rows."""

from typing import TYPE_CHECKING, Any

from .._text import line, table
from ._shares import NOTHING, figure, figure_json, per_cent, share_json

if TYPE_CHECKING:
    from rich.console import Console

    from plimsoll.flows.guard.measure import Evaluation, Measured, SpanFigures

_F1, _F2 = 1.0, 2.0


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
            figure(one.figures.f1),
            figure(one.figures.f2),
            str(one.figures.failed or ""),
        )
        for one in found.measured
    ]
    numbers = ["rows", "to find", "precision %", "recall %", "false positives %", "F1", "F2", "no answer"]
    table(screen, "as it decides", ["check", "slice", *((name, "right") for name in numbers)], decided)
    at_recall = found.measured[0].figures.at_recall if found.measured else 0.0
    told = [
        (
            *_of(one),
            figure(one.figures.auroc),
            figure(one.figures.average_precision),
            figure(one.figures.fpr_at_recall),
            NOTHING if one.latency is None else f"{one.latency.p50_ms:.2f}",
            NOTHING if one.latency is None else f"{one.latency.p95_ms:.2f}",
        )
        for one in found.measured
    ]
    by_score = ["AUROC", "AP", f"FPR at recall {at_recall:g}", "ms (half)", "ms (95 %)"]
    table(screen, "by score, and time", ["check", "slice", *((name, "right") for name in by_score)], told)
    spans = [
        (*_of(one), per_cent(one.spans.precision), per_cent(one.spans.recall), _f(one.spans, _F1), _f(one.spans, _F2))
        for one in found.measured
        if one.spans is not None
    ]
    columns = [(name, "right") for name in ("precision %", "recall %", "F1", "F2")]
    table(screen, "stretches found", ["check", "slice", *columns], spans)
    for check in found.not_asked:
        line(screen, f"{check} looks at the stage of no row: nothing is known of it", style="yellow")


def evaluated_json(found: "Evaluation") -> dict[str, Any]:
    """For programs."""
    return {
        "guardrail": found.guardrail,
        "rows": found.rows,
        "not_asked": found.not_asked,
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
    return one.what or "(policy)", one.slice or "(all)"


def _f(spans: "SpanFigures", beta: float) -> str:
    value = spans.f_measure(beta)
    return NOTHING if value is None else f"{value:.3f}"
