"""How large a rate may be that was counted on some rows: exact bounds of a proportion.

Clopper and Pearson (1934): the largest rate under which so few, or the smallest under which so many, would be counted
with a probability of at least `1 - confidence`. It never promises too much, however few the rows are.
"""

import math
from collections.abc import Callable
from typing import Final

_STEPS: Final = 60
"""Halvings of the interval from 0 to 1: more digits than a float has."""


def upper_bound(count: int, of: int, confidence: float = 0.95) -> float:
    """The rate that is not exceeded with this confidence (one-sided), where `count` of `of` rows were counted.

    1 where there are no rows.
    """
    _check(count, of, confidence)
    if count >= of:
        return 1.0
    return _solved(lambda rate: _at_most(count, of, rate) > 1 - confidence)


def lower_bound(count: int, of: int, confidence: float = 0.95) -> float:
    """The rate that is reached at least with this confidence (one-sided); 0 where there are no rows."""
    return 1 - upper_bound(of - count, of, confidence) if of else 0.0


def rows_needed(rate: float, confidence: float = 0.95) -> int:
    """How many rows without a single count it takes to say that a rate is not exceeded."""
    if not 0 < rate < 1:
        msg = "a rate lies between 0 and 1"
        raise ValueError(msg)
    return math.ceil(math.log(1 - confidence) / math.log1p(-rate))


def _check(count: int, of: int, confidence: float) -> None:
    if not 0 <= count <= of or not 0 < confidence < 1:
        msg = "a part cannot be more than the whole, and a confidence lies between 0 and 1"
        raise ValueError(msg)


def _solved(is_below: Callable[[float], bool]) -> float:
    """The place at which a question that is true at first becomes false."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high


def _at_most(count: int, of: int, rate: float) -> float:
    """The probability of at most `count` among `of`, each with this rate (binomial, summed from the largest term)."""
    if rate <= 0:
        return 1.0
    if rate >= 1:
        return 0.0
    odds = math.log(rate) - math.log1p(-rate)
    term = of * math.log1p(-rate)
    terms = [term]
    for k in range(count):
        term += math.log(of - k) - math.log(k + 1) + odds
        terms.append(term)
    largest = max(terms)
    return min(1.0, math.exp(largest) * math.fsum(math.exp(one - largest) for one in terms))
