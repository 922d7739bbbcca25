"""Is the answer about what was asked?

The cosine of the vectors of question and answer by an embedder that runs here (`model`), 0 where it is below, and for a
refusal. It is no substitute for Ragas' answer relevancy (Es et al. 2023: a model writes questions to the answer, and
these are compared): no model is asked. It says whether both are about one thing, from 0 to 1 but seldom near 1, so it
is good for comparing one release with another. It does not say whether an answer is right or whole; an answer that only
repeats the question has 1.
"""

from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._types import SlowScorer
from ..options import Options
from ._vectors import MODEL, nearness, version_of


def _relevancy(model: str, row: Row, seen: Observation) -> float:
    if seen.answered is False or not seen.answer.strip():
        return 0.0
    return nearness(model, seen.answer, (row.question,))


def _applies(row: Row) -> bool:
    return row.answerable and bool(row.question.strip())


def _make(name: str, options: Options) -> SlowScorer:
    model = options["model"]
    return SlowScorer(name, partial(_relevancy, model), partial(version_of, model), _applies)


ANSWER_RELEVANCY: Final = ScorerEntry(
    "answer_relevancy",
    "How near the answer is to the question in meaning, by an embedder that runs here; not whether it is right.",
    _make,
    (MODEL,),
)
"""It applies to answerable rows."""
