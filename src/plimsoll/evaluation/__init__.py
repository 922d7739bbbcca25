"""Suites, scorers, runs and gates.

What is evaluated is what is served: the flow hands in the function that serves. A gate keeps its evidence, and what
was not measured has not passed.
"""

from ._gate import judge
from ._run import MEASURES, Ask, measure_rows, run_suite
from ._store import Runs
from ._types import Condition, Measure, Observation, Run, ScoredRow, Suite, Threshold, Verdict
from .scorers import SCORERS

__all__ = [
    "MEASURES",
    "SCORERS",
    "Ask",
    "Condition",
    "Measure",
    "Observation",
    "Run",
    "Runs",
    "ScoredRow",
    "Suite",
    "Threshold",
    "Verdict",
    "judge",
    "measure_rows",
    "run_suite",
]
