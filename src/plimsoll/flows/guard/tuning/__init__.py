"""Proposing thresholds of a guardrail under a stated budget of false positives.

What comes out is a candidate: a file with other thresholds that has passed its own tests. Nothing is applied; builds,
gates and approvals are for it what they are for any other change.
"""

from ._bounds import lower_bound, rows_needed, upper_bound
from ._candidate import CandidateUnwrittenError, difference, with_thresholds
from ._evidence import Evidence
from ._thresholds import Budget, Proposed, Told, propose_threshold
from ._tune import Together, Tuned, TuneWish, tune_guardrail

__all__ = [
    "Budget",
    "CandidateUnwrittenError",
    "Evidence",
    "Proposed",
    "Together",
    "Told",
    "TuneWish",
    "Tuned",
    "difference",
    "lower_bound",
    "propose_threshold",
    "rows_needed",
    "tune_guardrail",
    "upper_bound",
    "with_thresholds",
]
