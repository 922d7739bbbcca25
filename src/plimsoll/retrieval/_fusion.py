"""Making one order out of two: the candidates of full text and of vector search."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._types import Fusion

Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]

_RRF_K = 60


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rows that one of the searches found, ascending, and what each search says about them; all of one length."""

    rows: Rows
    text_scores: Numbers
    """BM25; 0 where full text did not find the row."""
    text_ranks: Rows
    """From 1; 0 where full text did not find the row."""
    vector_scores: Numbers
    """Cosine; exact for every row when vectors were searched, else 0."""
    vector_ranks: Rows
    """From 1; 0 where the row is not among the vector search's candidates."""


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
