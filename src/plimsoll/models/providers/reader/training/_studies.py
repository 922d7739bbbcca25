"""Fits yes, no or maybe on questions with the passages of an abstract (rows as PubMedQA has them)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from .._evidence import Embed
from ..linear import Linear
from ..verdicts import VERDICTS, verdict_features
from ._linear import fit_softmax

_PENALTY: Final = 100.0
_VECTOR_EMPHASIS: Final = 0.35
"""Of word vectors: there are more of them than of cues, and each says less."""


def fit_verdicts(rows: Sequence[Mapping[str, Any]], embed: Embed) -> Linear:
    """The probability of each verdict, from the question and its passages alone."""
    table = np.stack([verdict_features(row["question"], row["contexts"], embed) for row in rows])
    classes = np.array([VERDICTS.index(row["answer"]) for row in rows])
    vectors = 2 * embed([""]).shape[1]
    emphasis = np.ones(table.shape[1])
    emphasis[-vectors:] = _VECTOR_EMPHASIS
    return fit_softmax(table, classes, len(VERDICTS), penalty=_PENALTY, emphasis=emphasis)
