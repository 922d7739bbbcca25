"""How good a guardrail is on labelled rows, and why a text gets the verdict that it gets.

Here: reading rows, asking each check by itself, figures with intervals, explanations. Not here: proposing other
thresholds (`plimsoll.flows.guard.tuning`), and what happened in requests (`plimsoll.flows.guard`).
"""

from ._evaluate import Evaluation, Latency, Measured, MeasureWish, SpanFigures, evaluate
from ._explain import Explanation, Said, explain
from ._figures import Figures, Interval
from ._probe import Probe, probes
from ._rows import GuardRow, read_guard_rows

__all__ = [
    "Evaluation",
    "Explanation",
    "Figures",
    "GuardRow",
    "Interval",
    "Latency",
    "MeasureWish",
    "Measured",
    "Probe",
    "Said",
    "SpanFigures",
    "evaluate",
    "explain",
    "probes",
    "read_guard_rows",
]
