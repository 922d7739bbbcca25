"""How good is the order, where some are worth more than others?

nDCG@k (Järvelin and Kekäläinen 2002): `DCG / IDCG`, `DCG = sum over ranks i <= k of gain_i / log2(i + 1)`, with IDCG
that of the best order of all that is worth finding, found or not. The gain is the grade (`gain: linear`) or
`2^grade - 1` (`gain: exponential`, Burges et al. 2005); without `grades` each that a row names has grade 1, and both
are the same. `grades` names the field of a row that has grades above 0 by document.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._errors import ScorerOptionsError
from .._types import RuleScorer, Score
from ..options import Options, choice, text
from ._ranking import LEVEL, PASSAGES, K, Ranking, of_documents, of_passages, worth_of

_MOST_GRADE: Final = 64.0


def ndcg(ranking: Ranking, k: int | None) -> float:
    """From 0 to 1."""
    return min(1.0, _dcg(ranking.gains[:k]) / _dcg(ranking.ideal[:k]))


def _dcg(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _of_row(options: Options, row: Row, seen: Observation) -> Score:
    rank = of_documents if options["level"] == "documents" else of_passages
    ranking = rank(worth_of(options, row), seen)
    if options["gain"] == "exponential":
        ranking = replace(ranking, gains=_exponential(ranking.gains), ideal=_exponential(ranking.ideal))
    return Score(ndcg(ranking, options["k"]), parts={"found": ranking.hits(options["k"]), "of": len(ranking.ideal)})


def _exponential(gains: Sequence[float]) -> tuple[float, ...]:
    # Beyond 64 a grade is no grade any more, and would make a number that nobody can divide by.
    return tuple(2.0 ** min(gain, _MOST_GRADE) - 1 for gain in gains)


def _make(name: str, options: Options) -> RuleScorer:
    if options["grades"] and options["level"] == "passages":
        raise ScorerOptionsError(name, "`grades` are those of documents", "take `level: passages` away")
    return RuleScorer(name, partial(_of_row, options), when=lambda row: bool(worth_of(options, row)))


NDCG_AT_K: Final = ScorerEntry(
    "ndcg_at_k",
    "nDCG of the first k: how good their order is beside the best one; the gain is linear unless said otherwise.",
    _make,
    (K, choice("gain", ("linear", "exponential"), "linear"), text("grades", "relevance"), LEVEL, PASSAGES),
)
