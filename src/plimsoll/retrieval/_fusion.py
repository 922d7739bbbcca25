"""Making one order out of two: the candidates of full text and of vector search."""

import numpy as np

from ._types import Candidates, Fusion, Numbers, Rows

_RRF_K = 60


def fuse(candidates: Candidates, fusion: Fusion, *, vector_weight: float) -> Numbers:
    """One score for each row, higher is better."""
    if fusion == "rrf":
        text, vector = _reciprocal(candidates.text_ranks), _reciprocal(candidates.vector_ranks)
    else:
        text, vector = _relative(candidates.text_scores), _relative(candidates.vector_scores)
    return (1 - vector_weight) * text + vector_weight * vector


def _relative(scores: Numbers) -> Numbers:
    """Scores as shares of the best one; 0, the least that BM25 can be and a cosine without likeness, stays 0.

    Bruch, Gai, Ingber: An Analysis of Fusion Functions for Hybrid Retrieval (2023), theoretical min-max.
    """
    positive = np.maximum(scores, 0.0)
    best = positive.max(initial=0.0)
    return positive / best if best > 0 else positive


def _reciprocal(ranks: Rows) -> Numbers:
    """Reciprocal rank fusion, `1 / (60 + rank)` (Cormack, Clarke, Buettcher 2009)."""
    return np.where(ranks > 0, 1.0 / (_RRF_K + ranks), 0.0)
