"""Intervals and bounds of means: of scores from 0 to 1, of which a share is the simplest, and of any numbers.

A mean of scores is treated as a share of an *effective* number of rows (Kish 1965; Korn and Graubard 1998): as many
rows of only 0 and 1 as would say equally much. Scores of only 0 and 1 give the usual interval of a share; scores that
lie close together count for more rows, and rows that belong together (of one document, one conversation) for fewer.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Final

from ._distributions import normal_quantile, student_quantile
from ._nearest import FEWEST, MOST, nearest_interval
from ._shares import Interval, exact_lower_bound, mid_p_interval

PRIOR: Final = 0.2
"""How much is believed that scores spread as 0 and 1 do, in rows at one half: scores that are alike by chance are not
believed. Chosen by simulation, see `benchmarks/evaluation.py`."""

_SMALLEST: Final = 1e-12
"""What a score of right and wrong may be off, having been added up in another order."""

Groups = Sequence[Hashable]


def mean_interval(scores: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> Interval:
    """The interval of the mean of scores from 0 to 1; `groups` says which rows belong together.

    Of 10 to 200 independent rows of only 0 and 1 it holds the truth as nearly as often as said as any interval can.
    Raises ValueError for no scores, and for one that is not from 0 to 1.
    """
    if groups is None and FEWEST <= len(scores) <= MOST and all(abs(min(one, 1.0 - one)) < _SMALLEST for one in scores):
        return nearest_interval(round(math.fsum(scores)), len(scores), level)
    mean, count = effective(scores, level, groups)
    return mid_p_interval(mean * count, count, level)


def lower_bound(scores: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> float:
    """What the true mean of scores from 0 to 1 is not below, wrong in at most about `1 - level` of all cases.

    For scores of only 0 and 1 "at most" holds exactly. Raises ValueError as `mean_interval` does.
    """
    mean, count = effective(scores, level, groups)
    return exact_lower_bound(mean * count, count, level)


def upper_bound(scores: Sequence[float], level: float = 0.95, groups: Groups | None = None) -> float:
    """What the true mean of scores from 0 to 1 is not above; see `lower_bound`."""
    return 1.0 - lower_bound([1.0 - score for score in scores], level, groups)


def number_interval(values: Sequence[float], level: float = 0.95) -> Interval:
    """Student's interval of the mean of any numbers; endless where there is only one.

    Raises ValueError for no values.
    """
    if not values:
        msg = "no values have no mean"
        raise ValueError(msg)
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return Interval(-math.inf, math.inf)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1) / count)
    margin = student_quantile((1 + level) / 2, count - 1) * spread
    return Interval(mean - margin, mean + margin)


def effective(scores: Sequence[float], level: float, groups: Groups | None) -> tuple[float, float]:
    """The mean of scores from 0 to 1, and the effective number of rows behind it."""
    if not scores:
        msg = "no scores have no mean"
        raise ValueError(msg)
    if not all(0.0 <= score <= 1.0 for score in scores):
        msg = "a score is not from 0 to 1"
        raise ValueError(msg)
    count = len(scores)
    mean = min(1.0, math.fsum(scores) / count)
    sums = [score - mean for score in scores] if groups is None else _sums(scores, mean, groups)
    binary = mean * (1 - mean)
    # How much more the mean varies than one of as many independent rows of 0 and 1 would.
    seen = math.fsum(one * one for one in sums) / count / binary if binary > 0 else 1.0
    weight = count * binary
    ratio = (seen * weight + PRIOR) / (weight + PRIOR)
    if len(sums) > 1 and groups is not None:
        ratio *= len(sums) / (len(sums) - 1)
    return mean, count / ratio * for_estimating(ratio, len(sums), level)


def for_estimating(ratio: float, units: int, level: float) -> float:
    """Less than 1 as far as the spread had to be estimated; rows of only 0 and 1 have theirs from the mean."""
    if units < 2:  # noqa: PLR2004  # one unit says nothing about how much units differ
        return 1.0
    side = (1 + level) / 2
    loss = (normal_quantile(side) / student_quantile(side, units - 1)) ** 2
    known = min(1.0, ratio) if ratio <= 1 else 1 / ratio
    return known + (1 - known) * loss


def _sums(scores: Sequence[float], mean: float, groups: Groups) -> list[float]:
    sums: dict[Hashable, float] = defaultdict(float)
    for score, group in zip(scores, groups, strict=True):
        sums[group] += score - mean
    return list(sums.values())
