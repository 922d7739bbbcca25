"""Differences between two runs over the same rows."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from ._distributions import binomial_at_least, normal_cdf, normal_quantile
from ._means import Groups
from ._shares import Interval

_PSEUDO: Final = 2
"""Rows that are thought of beside those that were seen: one better and one worse."""
_WHOLE: Final = frozenset({-1.0, 0.0, 1.0})


class Paired(NamedTuple):
    """How the rows of one run compare with those of another."""

    difference: float
    """The mean of new minus old."""
    interval: Interval
    p_value: float
    """How often a difference as large would be seen by chance where there is none."""
    better: int
    worse: int
    same: int


def paired_test(differences: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> Paired:
    """All of a paired comparison, of the differences new minus old.

    Differences of rows that are only right or wrong are tested exactly, as McNemar's test does with mid-P (Fagerland,
    Lydersen and Laake 2013), all others by what the interval says: below .05 where the 95 % interval leaves 0 out.
    Raises ValueError for no differences.
    """
    interval = paired_interval(differences, level, groups)
    better = sum(one > 0 for one in differences)
    worse = sum(one < 0 for one in differences)
    mean = math.fsum(differences) / len(differences)
    if groups is None and _WHOLE.issuperset(differences):
        chance = _mcnemar(better, worse)
    else:
        chance = _by_interval(differences, groups)
    return Paired(mean, interval, chance, better, worse, len(differences) - better - worse)


def paired_interval(differences: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> Interval:
    """The interval of the mean difference (Bonett and Price 2012, for any numbers).

    Two rows are thought of beside those that were seen, one better and one worse by the largest difference seen (by 1
    where there is none), so that rows which happen to agree are not taken for certainty.
    Raises ValueError for no differences.
    """
    return _interval(differences, normal_quantile((1 + level) / 2), groups)


def paired_lower_bound(differences: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> float:
    """What the true mean difference is not below, wrong in about `1 - level` of all cases.

    Raises ValueError for no differences.
    """
    return _interval(differences, normal_quantile(level), groups).low


def _interval(differences: Sequence[float], z: float, groups: Groups | None) -> Interval:
    mean, error = _estimate(differences, groups)
    return Interval(mean - z * error, mean + z * error)


def _estimate(differences: Sequence[float], groups: Groups | None) -> tuple[float, float]:
    """The mean with the two rows, and its standard error."""
    if not differences:
        msg = "no differences have no mean"
        raise ValueError(msg)
    units = _units(differences, groups)
    largest = max(map(abs, units)) or 1.0
    count = len(units) + _PSEUDO
    mean = math.fsum(units) / count
    variance = (math.fsum(one * one for one in units) + _PSEUDO * largest * largest) / count - mean * mean
    return mean, math.sqrt(variance / count)


def _units(differences: Sequence[float], groups: Groups | None) -> Sequence[float]:
    """What is independent: the rows, or for each group what its rows add to the mean, so that units have its mean."""
    if groups is None:
        return differences
    sums: dict[object, float] = defaultdict(float)
    for one, group in zip(differences, groups, strict=True):
        sums[group] += one
    scale = len(sums) / len(differences)
    return [one * scale for one in sums.values()]


def _mcnemar(better: int, worse: int) -> float:
    """Exact, with the half of what was seen itself (mid-P)."""
    count = better + worse
    fewer = min(better, worse)
    so_few_or_fewer = 1.0 - binomial_at_least(fewer + 1, count, 0.5)
    itself = binomial_at_least(fewer, count, 0.5) + so_few_or_fewer - 1.0
    return min(1.0, max(0.0, 2.0 * so_few_or_fewer - itself))


def _by_interval(differences: Sequence[float], groups: Groups | None) -> float:
    mean, error = _estimate(differences, groups)
    # Differences too small to be squared are none.
    return 2.0 * (1.0 - normal_cdf(abs(mean) / error)) if error else 1.0
