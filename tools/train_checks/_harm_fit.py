"""Fits the heads of the harm model: logistic regressions over two sets of features of length 1.

First heads are fitted on our own texts and on the sets that know them well. What they say is then one feature more,
in small measure, for the heads that are fitted on few rows: so these begin from what the others know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it brings no types

from plimsoll.checks.harm import BITS, RARITY_UNIT, ROWS, Vocabulary, seen
from plimsoll.checks.harm import grams as grams_of

from ._harm_rows import MADE, Row

GRAMS = 1 << BITS
TAG_SHARE = 0.7
"""The length of the features of classes, beside 1 of those of n-grams."""
PRIOR = 0.05
"""The length of what an earlier head says, where it is one standard deviation."""
SPREAD = 1000
"""Texts of openai_moderation and surge_toxicity say how rare features are; unseen ones count as this rare at most."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Linear:
    """Weights of both sets of features, and a bias."""

    weights: Floats
    bias: float

    def of(self, table: csr_matrix) -> Floats:
        """ln(p / (1 - p)) of each row."""
        return np.asarray(table @ self.weights + self.bias, np.float64)


@dataclass(frozen=True)
class Table:
    """Rows as the model sees them."""

    rows: Sequence[Row]
    values: csr_matrix
    """Shape (rows, GRAMS + ROWS), scaled."""
    gram_rarity: Floats
    tag_rarity: Floats


def table(rows: Sequence[Row], vocabulary: Vocabulary, coarse: NDArray[np.int64]) -> Table:
    """Reads all texts."""
    known = [seen(row.text, vocabulary, coarse) for row in rows]
    grams = _counts([_grams(one.words) for one in known], GRAMS)
    tags = _counts([one.rows for one in known], ROWS)
    real = np.array([row.source in ("openai_moderation", "surge_toxicity") for row in rows])
    gram_rarity, tag_rarity = _rarity(grams[real]), _rarity(tags[real])
    values = hstack([_scaled(grams, gram_rarity), TAG_SHARE * _scaled(tags, tag_rarity)]).tocsr()
    return Table(rows, values, gram_rarity, tag_rarity)


def _grams(words: Sequence[str]) -> NDArray[np.int64]:
    parts = [one.characters[one.there] for one in grams_of(words)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _counts(found: Sequence[NDArray[np.int64]], width: int) -> csr_matrix:
    starts = np.concatenate(([0], np.cumsum([len(one) for one in found])))
    counts = csr_matrix((np.ones(starts[-1]), np.concatenate(found), starts), shape=(len(found), width))
    counts.sum_duplicates()
    return counts


def _rarity(counts: csr_matrix) -> Floats:
    """As the file of the model can say it."""
    often = np.asarray((counts > 0).sum(axis=0)).ravel()
    rarity = np.log((1 + counts.shape[0]) / (1 + often)) + 1
    return np.asarray(np.minimum(np.rint(rarity * RARITY_UNIT), 255) / RARITY_UNIT, np.float64)


def _scaled(counts: csr_matrix, rarity: Floats) -> csr_matrix:
    lengths = np.sqrt(np.asarray(counts @ rarity**2).ravel())
    scaled: csr_matrix = diags(1 / np.maximum(lengths, 1e-9)) @ counts @ diags(rarity)
    return scaled


def fit(values: csr_matrix, labels: Floats, weights: Floats, strength: float) -> Linear:
    """A logistic regression with a square penalty of 1 / strength."""
    found = LogisticRegression(C=strength, solver="liblinear", random_state=0).fit(
        values, labels, sample_weight=weights
    )
    return Linear(np.asarray(found.coef_[0]), float(found.intercept_[0]))


def labels_of(rows: Sequence[Row], head: str) -> Floats:
    """1 or 0, and -1 where it is not known."""
    return np.array([row.labels.get(head, -1) for row in rows], np.float64)


def chosen(rows: Sequence[Row], head: str, weights: Mapping[str, float], among: NDArray[np.bool_]) -> Floats:
    """How much each row counts for a head: by its source, 0 where the label is not known."""
    by_source = np.array([weights.get(row.source, 0.0) for row in rows])
    return np.where((labels_of(rows, head) >= 0) & among, by_source, 0.0)


def with_priors(
    values: csr_matrix, priors: Sequence[Linear], among: NDArray[np.bool_]
) -> tuple[csr_matrix, Floats, Floats]:
    """The features and what earlier heads say of each row, with its mean and deviation over `among`."""
    said = np.stack([one.of(values[:, : GRAMS + ROWS]) for one in priors], axis=1)
    mean, deviation = said[among].mean(axis=0), said[among].std(axis=0)
    return hstack([values, csr_matrix((said - mean) / deviation * PRIOR)]).tocsr(), mean, deviation


def folded(found: Linear, priors: Sequence[Linear], mean: Floats, deviation: Floats) -> Linear:
    """A head over features and earlier heads, as one over features alone."""
    weights, own = found.weights[: GRAMS + ROWS].copy(), found.weights[GRAMS + ROWS :]
    bias = found.bias
    for share, prior, middle, spread in zip(own, priors, mean, deviation, strict=True):
        weights += share * PRIOR / spread * prior.weights
        bias += share * PRIOR / spread * (prior.bias - middle)
    return Linear(weights, bias)


__all__ = ["MADE", "Linear", "Table", "chosen", "fit", "folded", "labels_of", "table", "with_priors"]
