"""From a build to a release: evaluate, judge, freeze. How it comes into an environment is in `promote`."""

from ._errors import EvaluationStoppedError, SuiteMissingError
from ._evaluate import EvaluateParts, OnRow, evaluate
from ._freeze import FreezeParts, Gated, freeze, freeze_evidence, same_release
from ._suites import documents_not_indexed, suites_of

__all__ = [
    "EvaluateParts",
    "EvaluationStoppedError",
    "FreezeParts",
    "Gated",
    "OnRow",
    "SuiteMissingError",
    "documents_not_indexed",
    "evaluate",
    "freeze",
    "freeze_evidence",
    "same_release",
    "suites_of",
]
