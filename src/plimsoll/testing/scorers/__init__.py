"""The conformance suite for scorers, for authors of plug-ins. It needs pytest, and no network.

Here: `ScorerConformance`, what every scorer keeps to whatever the answer; `Sample`, a row with an answer that is as
good as one can be; `told`, what a scorer says of a row, awaited where that is needed. Not here: the scorers
(`plimsoll.evaluation.scorers`), and what a gate makes of them (`plimsoll.evaluation`).
"""

from . import _rewrite  # noqa: F401 before the suite: then pytest shows what an assertion compared
from ._answers import HOSTILE, LARGE
from ._suite import Sample, ScorerConformance, told

__all__ = ["HOSTILE", "LARGE", "Sample", "ScorerConformance", "told"]
