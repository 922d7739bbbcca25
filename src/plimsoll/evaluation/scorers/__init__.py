"""One scorer a file: how good one answer is, as a number, or None where it does not apply to a row.

Here: what a scorer is, those that come with Plimsoll, and making one by its name with the options of a suite. Figures
of a whole run (a percentile of latency, BLEU of a corpus) are in `plimsoll.evaluation.figures`.
"""

from ._catalogue import SCORERS, make_scorer
from ._types import Better, Rule, RuleScorer, Score, Scorer, ScorerOptionsError, Told, Unit

__all__ = [
    "SCORERS",
    "Better",
    "Rule",
    "RuleScorer",
    "Score",
    "Scorer",
    "ScorerOptionsError",
    "Told",
    "Unit",
    "make_scorer",
]
