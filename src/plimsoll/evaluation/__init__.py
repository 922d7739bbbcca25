"""Suites, scorers, runs and gates.

What is evaluated is what is served: the flow hands in the function that serves. A gate keeps its evidence, and what
was not measured has not passed. Further doors: `scorers`, `figures`, `cases`, `redteam`.
"""

from ._gate import judge
from ._observation import Observation, Retrieved
from ._run import Ask, RunLimits, RunParts, run_suite
from ._store import Runs
from ._types import Condition, Measure, Run, ScoredRow, Suite, Threshold, Verdict

__all__ = [
    "Ask",
    "Condition",
    "Measure",
    "Observation",
    "Retrieved",
    "Run",
    "RunLimits",
    "RunParts",
    "Runs",
    "ScoredRow",
    "Suite",
    "Threshold",
    "Verdict",
    "judge",
    "run_suite",
]
