"""A search from the question to the hits.

Here: the `Retriever`, which puts the stages in a row: other ways to ask (a thesaurus, variants by a model), full text
and vectors, joining, the trained ranker, an external reranker, maximum marginal relevance, parents and neighbours, and
the probability with which something relevant was found.
Not here: the index that is searched (`plimsoll.retrieval`), what speaks for a single candidate
(`plimsoll.retrieval.signals`), and rerankers (`plimsoll.models.rerankers`).
"""

from ._errors import RankerFormatError
from ._features import FEATURES
from ._find import Scope
from ._ranker import BUILTIN_RANKER, CALIBRATION, Ranker, builtin_ranker, read_ranker
from ._retriever import Aids, Retriever
from ._soft import WordLikeness
from ._types import Paraphraser, Retrieval, RetrieverSettings
from ._variants import ModelParaphraser

__all__ = [
    "BUILTIN_RANKER",
    "CALIBRATION",
    "FEATURES",
    "Aids",
    "ModelParaphraser",
    "Paraphraser",
    "Ranker",
    "RankerFormatError",
    "Retrieval",
    "Retriever",
    "RetrieverSettings",
    "Scope",
    "WordLikeness",
    "builtin_ranker",
    "read_ranker",
]
