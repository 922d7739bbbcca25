"""One scorer a file. A scorer gives a number from 0 to 1, or None where it does not apply to a row."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plimsoll.datasets import Row

from .._types import Observation
from ._answer_contains import answer_contains
from ._answered import answered
from ._citation_correct import citation_correct
from ._exact_match import exact_match
from ._refusal_correct import refusal_correct
from ._retrieval_recall import retrieval_recall
from ._token_f1 import token_f1

Scorer = Callable[[Row, Observation], float | None]

SCORERS: Mapping[str, Scorer] = MappingProxyType(
    {
        scorer.__name__: scorer
        for scorer in (
            answer_contains,
            answered,
            citation_correct,
            exact_match,
            refusal_correct,
            retrieval_recall,
            token_f1,
        )
    }
)

__all__ = ["SCORERS", "Scorer"]
