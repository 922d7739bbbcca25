"""What is known of a sentence: of the chunk that it stands in, and of itself beside the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..._types import Numbers
from ..._words import query_words, words
from ...signals import Signals
from .._features import FEATURES

CHUNK_FACTS: Final = ("behind", "share", "score", "lead", "spread", "log_rank", *FEATURES)
"""Of a chunk, beside the features by which the ranker ordered it.

behind     its score less the best one's
share      its part of all candidates' `exp(score)`
lead       the best score less the second; spread: less the mean of the best five
log_rank   ln(rank)
"""

SENTENCE_FACTS: Final = (
    *("words", "words_behind_chunk", "near", "near_behind_chunk", "near_above_chunk"),
    *("words_before", "words_after", "near_before", "near_after"),
    *("words_of_chunk", "sentences", "log_length", "first", "last", "words_behind", "near_behind"),
)
"""Of a sentence.

words            share of the question's words that it says, weighted by their idf among all sentences
near             cosine of its vector to that of the question
*_behind_chunk   less the highest in its chunk; *_behind: less the highest of all; near_above_chunk: less the mean
*_before/_after  of the sentences beside it in the chunk, 0 at the ends
words_of_chunk   share of the question's words that its whole chunk says
sentences        how many its chunk has; log_length: ln(characters); first, last: whether it is that of its chunk
"""

FACTS: Final = (*CHUNK_FACTS, *SENTENCE_FACTS)

_BEST = 5


def chunk_facts(features: Signals, scores: Numbers) -> Numbers:
    """What `CHUNK_FACTS` names, shape (candidates, names), of all candidates of a question."""
    if not len(scores):
        return np.zeros((0, len(CHUNK_FACTS)))
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    share = np.exp(scores - ordered[0])
    column = {name: features.values[:, place] for place, name in enumerate(features.names)}
    return np.column_stack(
        (
            scores - ordered[0],
            share / share.sum(),
            scores,
            np.full(len(scores), ordered[0] - ordered[1] if len(scores) > 1 else 0.0),
            np.full(len(scores), ordered[0] - ordered[:_BEST].mean()),
            np.log(ranks),
            *(column[name] for name in FEATURES),
        )
    )


@dataclass(frozen=True, slots=True)
class Parted:
    """The sentences of some chunks, one chunk after the other."""

    chunks: NDArray[np.int64]
    """The number of the chunk of each sentence."""
    texts: Sequence[str]
    known: Numbers
    """Of each chunk, what `CHUNK_FACTS` names."""


def facts(question: str, parted: Parted, cosines: Numbers) -> Numbers:
    """What `FACTS` names, shape (sentences, names). `cosines` are those of each sentence to the question."""
    chunks = parted.chunks
    said = _words_said(question, parted.texts)
    of_chunk = np.array([said[chunks == number].any(axis=0) for number in range(len(parted.known))])
    weights = _idf(said)
    shares, shares_of_chunk = said @ weights, of_chunk @ weights
    sizes = np.bincount(chunks, minlength=len(parted.known))
    begins, ends = _edges(chunks)
    own = (
        shares,
        shares - _of_chunks(np.maximum, shares, begins)[chunks],
        cosines,
        cosines - _of_chunks(np.maximum, cosines, begins)[chunks],
        cosines - _of_chunks(np.add, cosines, begins)[chunks] / sizes[chunks],
        *(_beside(shares, ~begins, 1), _beside(shares, ~ends, -1)),
        *(_beside(cosines, ~begins, 1), _beside(cosines, ~ends, -1)),
        shares_of_chunk[chunks],
        sizes[chunks],
        np.log([max(1, len(text)) for text in parted.texts]),
        begins,
        ends,
        shares - shares.max(),
        cosines - cosines.max(),
    )
    return np.column_stack((parted.known[chunks], *own)).astype(np.float64)


def _words_said(question: str, texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which words of the question each sentence says, shape (sentences, words)."""
    asked = list(dict.fromkeys(query_words(question)))
    said = [set(words(text)) for text in texts]
    return np.array([[word in own for word in asked] for own in said], np.bool_).reshape(len(texts), len(asked))


def _idf(said: NDArray[np.bool_]) -> Numbers:
    """The weights of the question's words, which sum to 1: ln(1 + (N - df + 0.5) / (df + 0.5))."""
    often = said.sum(axis=0)
    weights = np.log(1 + (len(said) - often + 0.5) / (often + 0.5))
    total = float(weights.sum())
    return np.asarray(weights / total if total > 0 else weights, np.float64)


def _edges(chunks: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each sentence is the first of its chunk, and whether it is the last."""
    changes = chunks[1:] != chunks[:-1]
    return np.concatenate([[True], changes]), np.concatenate([changes, [True]])


def _of_chunks(function: np.ufunc, values: Numbers, begins: NDArray[np.bool_]) -> Numbers:
    """One number for each chunk that has sentences; all have."""
    return np.asarray(function.reduceat(values, np.flatnonzero(begins)), np.float64)


def _beside(values: Numbers, there: NDArray[np.bool_], step: int) -> Numbers:
    return np.where(there, np.roll(values, step), 0.0)
