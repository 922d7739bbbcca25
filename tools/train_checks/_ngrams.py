"""The features of `plimsoll.checks.ngrams` as sparse rows, exactly as the model sees them; and from a fit to a model.

    rows = features(texts, BITS)                                  # scipy.sparse, float32, shape (texts, 2 ** BITS)
    fit = LogisticRegression(...).fit(rows, labels)               # or SGD, a ridge, one a head
    model = model_of(("toxicity",), fit.coef_, fit.intercept_)    # int8, one scale a head
    PATH.write_bytes(to_bytes(model))

`rows @ coefficients + intercept` is the score that the model gives, but for the rounding of its weights.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from plimsoll.checks.ngrams import CHARACTERS, WORDS, NgramModel, blocks
from plimsoll.checks.patterns import normalise

_LARGEST = 127


def features(texts: Iterable[str], bits: int) -> sparse.csr_matrix:
    """One row a text: how often each bucket, over the root of how many n-grams of its family there are."""
    rows = [_row(text, bits) for text in texts]
    ends = np.cumsum([0] + [len(buckets) for buckets, _ in rows])
    table = sparse.csr_matrix(
        (
            np.concatenate([values for _, values in rows] or [np.zeros(0, np.float32)]),
            np.concatenate([buckets for buckets, _ in rows] or [np.zeros(0, np.int64)]),
            ends,
        ),
        shape=(len(rows), 2**bits),
    )
    table.sum_duplicates()
    return table


def _row(text: str, bits: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    found = list(blocks(normalise(text).text, bits))
    words = np.concatenate([block.words.ravel() for block in found] or [np.zeros(0, np.int64)])
    characters = np.concatenate([block.characters.ravel() for block in found] or [np.zeros(0, np.int64)])
    buckets, counts = np.unique(words, return_counts=True)
    others, other_counts = np.unique(characters, return_counts=True)
    values = np.concatenate([counts / np.sqrt(max(1, len(words))), other_counts / np.sqrt(max(1, len(characters)))])
    return np.concatenate([buckets, others]), values.astype(np.float32)


def model_of(
    heads: Sequence[str],
    coefficients: NDArray[np.float64],
    intercepts: NDArray[np.float64],
    notes: Mapping[str, str] | None = None,
) -> NgramModel:
    """The model of coefficients of shape (heads, buckets), rounded to 8 bits with one scale a head.

    The scale takes the 99.99th percentile of the weights that are not 0 to the largest number; larger ones are cut.
    """
    table = np.atleast_2d(coefficients)
    scale = np.array([_scale(row) for row in table], np.float32)
    weights = np.clip(np.rint(table / scale[:, None]), -_LARGEST, _LARGEST).astype(np.int8).T
    return NgramModel(
        tuple(heads), np.ascontiguousarray(weights), scale, np.asarray(intercepts, np.float32), "", dict(notes or {})
    )


def _scale(row: NDArray[np.float64]) -> float:
    used = np.abs(row[row != 0])
    return float(np.quantile(used, 0.9999)) / _LARGEST if len(used) else 1.0


__all__ = ["CHARACTERS", "WORDS", "features", "model_of"]
