"""BM25 among the candidates of one question, where idf says how well a word tells these candidates apart.

    score = sum over words of  idf * n / (n + k1 (1 - b + b * length / mean length))
    idf   = ln(1 + (N - df + 0.5) / (df + 0.5))

(Robertson and Zaragoza 2009, with the idf of Lucene), where n is how often the word stands in the candidate, N the
number of candidates and df the number of those that hold the word. Divided by the sum of all idf, so from 0 to 1. A
word that stands in every candidate, such as the name of the company whose report was searched, hardly counts here.
"""

import numpy as np

from ._types import Numbers, Places, WordCounts

_K1 = 1.2
_B = 0.75


def word_weights(counts: WordCounts) -> Numbers:
    """The idf of each word among the candidates; shape (words,)."""
    total = len(counts.text)
    holding = ((counts.text > 0) | (counts.head > 0)).sum(axis=0)
    weights: Numbers = np.log1p((total - holding + 0.5) / (holding + 0.5))
    return weights


def bm25(counts: Numbers, lengths: Numbers, weights: Numbers) -> Numbers:
    """Scores from 0 to 1 of what was counted, shape (candidates, words), whose lengths are in words."""
    mean = max(float(lengths.mean()), 1e-9) if len(lengths) else 1.0
    norms = _K1 * (1 - _B + _B * lengths / mean)
    total = float(weights.sum())
    return (counts / (counts + norms[:, None])) @ weights / total if total > 0 else np.zeros(len(counts))


def by_document(counts: Numbers, lengths: Numbers, weights: Numbers, documents: Places) -> Numbers:
    """For each candidate the score of all candidates of its document together, as if they were one text.

    `documents` numbers the document of each candidate, from 0 without gaps.
    """
    number = int(documents.max()) + 1 if len(documents) else 0
    counted = np.zeros((number, counts.shape[1]))
    np.add.at(counted, documents, counts)
    together = np.bincount(documents, weights=lengths, minlength=number).astype(np.float64)
    return bm25(counted, together, weights)[documents]
