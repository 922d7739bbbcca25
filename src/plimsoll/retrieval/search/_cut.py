"""How many hits are worth giving: all of them, or as many as the probabilities say."""

import numpy as np

from .._types import Numbers

_POWER = 1.5
"""Chosen on development rows: at the same recall, IoU is a fifth higher than with the probabilities as they are."""


def worthwhile(relevances: Numbers, lengths: Numbers, focus: float) -> int:
    """How many of the first hits to give, at least 1 where there is one; 0 gives all.

    With `g = p * length` the characters of a hit that are expected to answer, and `T` those of all hits, the first k
    are given for which this is highest (sums over the first k):

        recall + focus * IoU,   recall = sum g / T,   IoU = sum g / (sum length + T - sum g)

    A sure best hit is given alone, and where nothing is sure all are given. `p` is the relevance with its odds raised
    to the power of 1.5, because what is hardly probable is often many times the same.
    """
    if focus <= 0 or not len(relevances):
        return len(relevances)
    expected = _sharper(relevances) * lengths
    total = float(expected.sum())
    if total <= 0:
        return len(relevances)
    got = np.cumsum(expected)
    value = got / total + focus * got / (np.cumsum(lengths) + total - got)
    return int(np.argmax(value)) + 1


def _sharper(relevances: Numbers) -> Numbers:
    yes, no = relevances**_POWER, (1 - relevances) ** _POWER
    return yes / (yes + no)
