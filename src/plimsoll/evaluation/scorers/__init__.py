"""How good one answer is, as a number, or None where that does not apply to a row; one scorer a file.

Here: what a scorer is, what is known of one before it is made (`ScorerEntry`, with its `Option`s), those that come with
Plimsoll (`SCORERS`), those of packages, and making one by its name. In rooms of their own: how an answer is worded
(`wording`), its form (`forms`), what was found for it (`ranking`), what it rests on (`grounds`) and how it behaves
(`conduct`). Further doors: `options` (for authors of scorers) and `choices` (how suites name scorers). Figures of a
whole run (a percentile of latency, BLEU of a corpus) are in `plimsoll.evaluation.figures`.
"""

from ._catalogue import SCORERS, make_scorer, scorer_entry, scorer_names
from ._entries import ScorerEntry, rule_entry
from ._errors import ScorerOptionsError, ScorerPlugInError
from ._types import Better, RuleScorer, Score, Scorer, SlowScorer, Told, Unit

__all__ = [
    "SCORERS",
    "Better",
    "RuleScorer",
    "Score",
    "Scorer",
    "ScorerEntry",
    "ScorerOptionsError",
    "ScorerPlugInError",
    "SlowScorer",
    "Told",
    "Unit",
    "make_scorer",
    "rule_entry",
    "scorer_entry",
    "scorer_names",
]
