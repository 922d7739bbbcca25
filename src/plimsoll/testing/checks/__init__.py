"""The conformance suite for checks, for authors of plug-ins. It needs pytest, and no network.

Here: `CheckConformance`, what every check keeps to whatever the text; `Sample`, a text in which a check finds
something; `work_of`, which counts steps. Not here: the checks (`plimsoll.checks`), and what a policy makes of their
findings (`plimsoll.guardrails`).
"""

from . import _rewrite  # noqa: F401 before the suite: then pytest shows what an assertion compared
from ._suite import CheckConformance, Sample
from ._texts import HOSTILE, LARGE, SHAPES
from ._work import work_of

__all__ = ["HOSTILE", "LARGE", "SHAPES", "CheckConformance", "Sample", "work_of"]
