"""What several searches found, laid out over all rows that one of them found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._types import Candidates, Fusion, Numbers, Rows

_RRF_K = 60


@dataclass(frozen=True, slots=True)
class Pool:
    """Candidates of a question and of its variants; all of one length, in ascending order of rows."""

    rows: Rows
    text: Numbers
    """Full text scores as shares of each search's best, averaged over the searches; 0 where it was not found."""
    vector: Numbers
    """The same of cosines."""
    reciprocal: Numbers
    """Share of the best possible reciprocal rank; see `reciprocal_ranks`."""
    own: Candidates
    """What the question itself found, laid out over `rows`: zeros where only a variant found a row."""


def pooled(found: Sequence[Candidates], cosines: NDArray[np.float64] | None, *, vector_weight: float) -> Pool:
    """One pool of what the question (first) and its variants found.

    The question weighs as much as all its variants together. `cosines`, shape (rows, searches), are the exact ones of
    every row to every variant, where more than one was searched by vectors; None takes those of the searches.
    """
    rows = union(found)
    spread = [spread_out(one, rows) for one in found]
    weights = _weights(len(found))
    vectors = [one.vector_scores for one in spread] if cosines is None else list(cosines.T)
    return Pool(
        rows=rows,
        text=_mean([share_of_best(one.text_scores) for one in spread], weights),
        vector=_mean([share_of_best(column) for column in vectors], weights),
        reciprocal=_mean([reciprocal_ranks(one, vector_weight) for one in spread], weights),
        own=spread[0],
    )


def fused(pool: Pool, fusion: Fusion, *, vector_weight: float) -> Numbers:
    """One score for each row, higher is better."""
    if fusion == "rrf":
        return pool.reciprocal
    return (1 - vector_weight) * pool.text + vector_weight * pool.vector


def union(found: Sequence[Candidates]) -> Rows:
    """All rows that one of the searches found, ascending."""
    return np.unique(np.concatenate([one.rows for one in found]))


def widened(first: Candidates, more: Candidates) -> Candidates:
    """What the same question found in all documents and in some of them, as if it were one search."""
    rows = union([first, more])
    one, other = spread_out(first, rows), spread_out(more, rows)
    return Candidates(
        rows=rows,
        text_scores=np.maximum(one.text_scores, other.text_scores),
        text_ranks=one.text_ranks,
        vector_scores=np.maximum(one.vector_scores, other.vector_scores),
        vector_ranks=one.vector_ranks,
    )


def spread_out(found: Candidates, rows: Rows) -> Candidates:
    """The same over more rows; what was not found has zeros."""
    places = np.searchsorted(rows, found.rows)

    def numbers(values: Numbers) -> Numbers:
        out = np.zeros(len(rows))
        out[places] = values
        return out

    def ranks(values: Rows) -> Rows:
        out = np.zeros(len(rows), np.int64)
        out[places] = values
        return out

    return Candidates(
        rows,
        numbers(found.text_scores),
        ranks(found.text_ranks),
        numbers(found.vector_scores),
        ranks(found.vector_ranks),
    )


def share_of_best(scores: Numbers) -> Numbers:
    """Scores as shares of the best one; what is not above 0 is 0.

    Bruch, Gai, Ingber: An Analysis of Fusion Functions for Hybrid Retrieval (2023), theoretical min-max.
    """
    positive = np.maximum(scores, 0.0)
    best = positive.max(initial=0.0)
    return positive / best if best > 0 else positive


def reciprocal_ranks(found: Candidates, vector_weight: float) -> Numbers:
    """Reciprocal rank fusion, `1 / (60 + rank)` (Cormack, Clarke, Buettcher 2009), times 61, so that 1 is the most."""
    text, vector = _reciprocal(found.text_ranks), _reciprocal(found.vector_ranks)
    return (_RRF_K + 1) * ((1 - vector_weight) * text + vector_weight * vector)


def _reciprocal(ranks: Rows) -> Numbers:
    return np.where(ranks > 0, 1.0 / (_RRF_K + np.maximum(ranks, 1)), 0.0)


def _weights(count: int) -> list[float]:
    return [1.0] if count == 1 else [0.5, *[0.5 / (count - 1)] * (count - 1)]


def _mean(columns: Sequence[Numbers], weights: Sequence[float]) -> Numbers:
    return np.asarray(sum(weight * column for weight, column in zip(weights, columns, strict=True)), np.float64)
