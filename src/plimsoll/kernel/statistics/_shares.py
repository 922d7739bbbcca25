"""Intervals of shares. The number of rows may be a fraction: an effective one, see `_means`."""

import math
from typing import Final, NamedTuple

from ._distributions import beta_cdf, beta_quantile, normal_quantile, rising_root

_MANY: Final = 1e6
"""From so many rows on all intervals of a share are the same."""


class Interval(NamedTuple):
    """From where to where; an end is infinite where nothing is known of it."""

    low: float
    high: float


def wilson_interval(successes: float, count: float, level: float = 0.95) -> Interval:
    """The score interval of a share (Wilson 1927).

    Raises ValueError when `count` is not positive.
    """
    _check(count)
    z = normal_quantile((1 + level) / 2)
    share = successes / count
    centre = share + z * z / (2 * count)
    margin = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return Interval(max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale))


def mid_p_interval(successes: float, count: float, level: float = 0.95) -> Interval:
    """The mid-P interval of a share (Berry and Armitage 1995).

    It holds the truth about as often as it says: from 93.3 % (20 rows) and 94.1 % (200) on for shares from .02 to .98.
    What is seen is a whole number, so no interval can hold every share in exactly 95 of 100 cases.
    Raises ValueError when `count` is not positive.
    """
    _check(count)
    if count > _MANY:
        return wilson_interval(successes, count, level)
    tail = (1 - level) / 2
    failures = count - successes
    low = _mid_p_low(successes, failures, tail)
    return Interval(low, 1.0 - _mid_p_low(failures, successes, tail))


def _mid_p_low(successes: float, failures: float, tail: float) -> float:
    if successes <= 0:
        return 0.0

    def over(share: float) -> float:
        more = beta_cdf(share, successes + 1, failures) if failures > 0 else 0.0
        return (beta_cdf(share, successes, failures + 1) + more) / 2 - tail

    return rising_root(over)


def exact_lower_bound(successes: float, count: float, level: float = 0.95) -> float:
    """The share that the true one is not below, wrong in at most `1 - level` of all cases (Clopper, Pearson 1934).

    Raises ValueError when `count` is not positive.
    """
    _check(count)
    if successes <= 0:
        return 0.0
    if count > _MANY:
        return wilson_interval(successes, count, 2 * level - 1).low
    return beta_quantile(1 - level, successes, count - successes + 1)


def _check(count: float) -> None:
    if count <= 0:
        msg = "a share of nothing has no interval"
        raise ValueError(msg)
