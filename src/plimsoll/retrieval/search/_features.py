"""What the ranker knows of each candidate: the signals of the room beside, and some that need the whole pool."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._types import Found, Numbers
from ..signals import SIGNALS, Signals, WordCounts, signals
from ._pool import Pool, share_of_best
from ._soft import WordLikeness

POOL_SIGNALS: Final = ("text_rank", "vector_rank", "soft", "feedback", "neighbours")
"""Beside those of `plimsoll.retrieval.signals`.

text_rank    one divided by the rank in the full text search
vector_rank  the same of the search by vectors
soft         how much of the question the text says in like words; 0 without vectors of words
feedback     cosine to the question moved towards the best candidates (Rocchio 1971), as a share of the best
neighbours   mean full text score of the chunks right before and after it, where they are candidates
"""

FEATURES: Final = (*SIGNALS, *POOL_SIGNALS)

_FEEDBACK_HITS = 5
_FEEDBACK_SHARE = 0.4


def features(
    question: str,
    counts: WordCounts,
    pool: Pool,
    found: Sequence[Found],
    *,
    vectors: NDArray[np.float32] | None,
    likeness: WordLikeness | None,
) -> Signals:
    """The features of each candidate of a pool, in its order; `found` and `vectors` are of its rows.

    `counts` is of the words by which was searched. Without vectors, what they would say is 0.
    """
    known = signals(question, found, counts, text_scores=pool.text, vector_scores=pool.vector)
    texts = [one.text for one in found]
    columns = (
        _one_by_rank(pool.own.text_ranks),
        _one_by_rank(pool.own.vector_ranks),
        likeness.coverage(question, texts) if likeness is not None else np.zeros(len(found)),
        _feedback(pool, vectors) if vectors is not None else np.zeros(len(found)),
        _neighbours(found, pool.text),
    )
    return Signals((*known.names, *POOL_SIGNALS), np.column_stack((known.values, *columns)))


def _one_by_rank(ranks: NDArray[np.int64]) -> Numbers:
    return np.where(ranks > 0, 1.0 / np.maximum(ranks, 1), 0.0)


def _feedback(pool: Pool, vectors: NDArray[np.float32]) -> Numbers:
    """Moves cosines as moving the vector of the question would, which may be another one for each variant."""
    scores = pool.text + pool.vector
    best = np.argsort(-scores, kind="stable")[:_FEEDBACK_HITS]
    middle = scores[best] @ vectors[best]
    length = float(np.linalg.norm(middle))
    if length <= 0:
        return np.zeros(len(scores))
    near = np.asarray(vectors @ (middle / length), np.float64)
    return share_of_best((1 - _FEEDBACK_SHARE) * pool.vector + _FEEDBACK_SHARE * share_of_best(near))


def _neighbours(found: Sequence[Found], text: Numbers) -> Numbers:
    by_place = {(one.document, one.ordinal): score for one, score in zip(found, text, strict=True)}
    return np.array(
        [sum(by_place.get((one.document, one.ordinal + step), 0.0) for step in (-1, 1)) / 2 for one in found],
        np.float64,
    )
