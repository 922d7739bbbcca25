"""Does it mean what the accepted answer means?

The cosine of the vectors of answer and accepted answer by an embedder that runs here (`model`), 0 where it is below; of
several accepted answers the nearest one counts. Semantic similarity in the sense of Reimers and Gurevych 2019. It tells
texts about one thing from texts about others; it does not tell `yes` from `no`, nor 60 days from 90.
"""

from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._types import SlowScorer
from ..options import Options
from ._normal import given_answer
from ._vectors import MODEL, nearness, version_of


def _similar(model: str, row: Row, seen: Observation) -> float:
    given = given_answer(seen)
    return nearness(model, given, row.answers) if given.strip() else 0.0


def _applies(row: Row) -> bool:
    return row.answerable and bool(row.answers)


def _make(name: str, options: Options) -> SlowScorer:
    model = options["model"]
    return SlowScorer(name, partial(_similar, model), partial(version_of, model), _applies)


SIMILARITY: Final = ScorerEntry(
    "semantic_similarity",
    "The cosine of the meanings of the answer and of the nearest accepted answer, by an embedder that runs here.",
    _make,
    (MODEL,),
)
"""It applies to answerable rows."""
