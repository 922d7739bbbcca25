"""Quantiles and their intervals."""

import math
from collections.abc import Callable, Sequence

from ._distributions import binomial_at_least
from ._shares import Interval


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, linear between neighbours (Hyndman & Fan, type 7).

    Raises ValueError for no values.
    """
    if not values:
        msg = "no values have no percentile"
        raise ValueError(msg)
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def quantile_interval(values: Sequence[float], share: float, level: float = 0.95) -> Interval:
    """The interval of a quantile between two of the ordered values, right in at least `level` of all cases.

    Whatever the distribution is: how many values lie below a quantile is binomial (Hahn and Meeker 1991, 5.2). With few
    values an end can be infinite: of 20 values none need lie above the 95th percentile.
    Raises ValueError for no values.
    """
    if not values:
        msg = "no values have no percentile"
        raise ValueError(msg)
    ordered = sorted(values)
    count = len(ordered)
    tail = (1 - level) / 2
    # The low end is the greatest of the ordered values that lies above the quantile in at most `tail` of all cases.
    below = _most(count, lambda place: binomial_at_least(place, count, share) >= 1 - tail)
    above = _most(count, lambda place: binomial_at_least(place, count, 1 - share) >= 1 - tail)
    low = ordered[below - 1] if below else -math.inf
    high = ordered[count - above] if above else math.inf
    return Interval(low, high)


def _most(count: int, holds: Callable[[int], bool]) -> int:
    """The greatest number from 0 to `count` for which a rule holds that holds for 0 and then up to some number."""
    low, high = 0, count
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
