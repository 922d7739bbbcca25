"""Differences between two runs over the same rows.

A difference of rows that are right or wrong is 1, 0 or -1, and its interval is that of Tango (1998), which asks for
each difference how well it fits what was seen. Differences of scores are taken as such counts, and as those of an
*effective* number of rows, as `_means` takes scores as shares. Differences of any numbers have Student's interval.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from ._distributions import (
    beta_cdf,
    binomial_at_least,
    normal_cdf,
    normal_quantile,
    rising_root,
    student_quantile,
)
from ._means import PRIOR, Groups, for_estimating, number_interval
from ._shares import Interval

_WHOLE: Final = frozenset({-1.0, 0.0, 1.0})
_TINY: Final = 1e-18
_CORRECTION: Final = 0.25
_LEAST: Final = 0.5
_TESTED: Final = 0.95
"""The level of the interval whose end lies at 0 where a p-value is .05."""


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


class _Counts(NamedTuple):
    """As many rows that became better and worse as say what was seen; they need not be whole."""

    better: float
    worse: float
    rows: float
    largest: float
    """What one such row adds."""


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
        chance = _by_interval(_counts(differences, _TESTED, groups))
    return Paired(mean, interval, chance, better, worse, len(differences) - better - worse)


def paired_interval(differences: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> Interval:
    """The interval of the mean difference; `groups` says which rows belong together.

    Rows which happen to agree are not taken for certainty: of scores from 0 to 1 any row could have differed by 1.
    Raises ValueError for no differences.
    """
    found = _counts(differences, level, groups)
    z = normal_quantile((1 + level) / 2)
    swapped = found._replace(better=found.worse, worse=found.better)
    return Interval(_low(found, z), -_low(swapped, z))


def paired_lower_bound(differences: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> float:
    """What the true mean difference is not below, wrong in at most about `1 - level` of all cases.

    A quarter of a row lower than the end of the interval: counted out over 414 settings of 20 to 1,000 rows of right
    and wrong, what lies just below it is let through in at most 5.04 % of all cases, and without it in up to 6.9 %.
    Raises ValueError for no differences.
    """
    found = _counts(differences, 2.0 * level - 1.0, groups)
    low = _low(found, normal_quantile(level)) - _CORRECTION * found.largest / found.rows
    return max(-found.largest, low)


def paired_number_test(differences: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> Paired:
    """All of a paired comparison of any numbers: Student's test of the differences new minus old.

    Endless where there is only one. Raises ValueError for no differences.
    """
    units = _units(differences, groups)
    interval = number_interval(units, level)
    mean = math.fsum(differences) / len(differences)
    better, worse = sum(one > 0 for one in differences), sum(one < 0 for one in differences)
    low, high = number_interval(units, _TESTED)
    margin = (high - low) / 2
    if not math.isfinite(margin):
        chance = 1.0
    elif margin == 0:
        chance = 1.0 if mean == 0 else 0.0
    else:
        degrees = len(units) - 1
        steps = mean / margin * student_quantile((1 + _TESTED) / 2, degrees)
        chance = beta_cdf(degrees / (degrees + steps * steps), degrees / 2, 0.5)
    return Paired(mean, interval, chance, better, worse, len(differences) - better - worse)


def paired_number_bound(differences: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> float:
    """What the true mean difference of any numbers is not below; see `paired_number_test`."""
    return number_interval(_units(differences, groups), 2.0 * level - 1.0).low


def _units(differences: Sequence[float], groups: Groups | None) -> Sequence[float]:
    """What is independent: the rows, or for each group what its rows add to the mean, so that units have its mean."""
    if groups is None:
        return differences
    sums: dict[object, float] = defaultdict(float)
    for one, group in zip(differences, groups, strict=True):
        sums[group] += one
    scale = len(sums) / len(differences)
    return [one * scale for one in sums.values()]


class Changes(NamedTuple):
    """How much rows change, in rows that change by `largest` or not at all."""

    share: float
    """Of rows that change; a little is believed of rows that do, as in the interval, so that it is never 0."""
    mean: float
    """What all of them gain together, of `largest`."""
    rows: float
    """As many independent rows say as much as one of those that were seen."""
    largest: float


def paired_changes(differences: Sequence[float], groups: Groups | None = None) -> Changes:
    """What planning needs of differences; see `power`. Raises ValueError for none."""
    found = _counts(differences, _TESTED, groups)
    share = (found.better + found.worse) / found.rows + PRIOR / len(differences)
    mean = (found.better - found.worse) / found.rows
    return Changes(min(1.0, share), mean, found.rows / len(differences), found.largest)


def _counts(differences: Sequence[float], level: float, groups: Groups | None) -> _Counts:
    if not differences:
        msg = "no differences have no mean"
        raise ValueError(msg)
    count = len(differences)
    largest = max(1.0, *map(abs, differences))
    better = math.fsum(one for one in differences if one > 0) / largest
    worse = -math.fsum(one for one in differences if one < 0) / largest
    mean = (better - worse) / count
    sums = _around(differences, mean * largest, groups)
    # How much more the mean varies than one of as many independent rows of 1, 0 and -1 would.
    seen = math.fsum(one * one for one in sums) / largest / largest
    ratio = (seen + PRIOR) / (max(0.0, better + worse - count * mean * mean) + PRIOR)
    if groups is not None and len(sums) > 1:
        ratio *= len(sums) / (len(sums) - 1)
    scale = for_estimating(ratio, len(sums), max(level, _LEAST)) / ratio
    return _Counts(better * scale, worse * scale, count * scale, largest)


def _around(differences: Sequence[float], mean: float, groups: Groups | None) -> Sequence[float]:
    if groups is None:
        return [one - mean for one in differences]
    sums: dict[object, float] = defaultdict(float)
    for one, group in zip(differences, groups, strict=True):
        sums[group] += one - mean
    return list(sums.values())


def _low(counts: _Counts, z: float) -> float:
    """Where Tango's statistic is `z`: the lower end."""

    def over(place: float) -> float:
        return z - _fit(counts, 2.0 * place - 1.0)

    return (2.0 * rising_root(over) - 1.0) * counts.largest


def _fit(counts: _Counts, difference: float) -> float:
    """Tango's statistic: how far what was seen lies above a true difference, in standard errors under it."""
    better, worse, rows, _ = counts
    a = 2.0 * rows
    b = (a - better + worse) * difference - better - worse
    c = -worse * difference * (1.0 - difference)
    share = (math.sqrt(max(0.0, b * b - 4.0 * a * c)) - b) / (2.0 * a)
    varies = rows * (2.0 * share + difference * (1.0 - difference))
    above = better - worse - rows * difference
    return above / math.sqrt(max(varies, _TINY))


def _mcnemar(better: int, worse: int) -> float:
    """Exact, with the half of what was seen itself (mid-P)."""
    count = better + worse
    fewer = min(better, worse)
    so_few_or_fewer = 1.0 - binomial_at_least(fewer + 1, count, 0.5)
    itself = binomial_at_least(fewer, count, 0.5) + so_few_or_fewer - 1.0
    return min(1.0, max(0.0, 2.0 * so_few_or_fewer - itself))


def _by_interval(counts: _Counts) -> float:
    return 2.0 * (1.0 - normal_cdf(abs(_fit(counts, 0.0))))
