"""What a judge that is sometimes wrong says of many rows, corrected by the few that people labelled."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from plimsoll.kernel.statistics import Interval
from plimsoll.kernel.statistics.agreement import Powered, powered_mean

from ._types import JudgedRow

_Z95 = 1.959963984540054


def corrected_mean(rows: Sequence[JudgedRow], judged_alone: Sequence[float]) -> Powered:
    """The mean that people would have given to all rows: prediction-powered (PPI++), with its 95 % interval.

    The labelled rows must be drawn at random from the same traffic as those that the judge read alone.
    Raises ValueError for fewer than 2 rows on either side.
    """
    told = [(row.truth, row.said) for row in rows if row.truth is not None and row.said is not None]
    return powered_mean([truth for truth, _ in told], [said for _, said in told], judged_alone)


class Prevalence(NamedTuple):
    """The true share of what a judge says `pass` to."""

    value: float
    interval: Interval
    sensitivity: float
    """How often it passes what people pass."""
    specificity: float
    """How often it fails what people fail."""


def rogan_gladen(rows: Sequence[JudgedRow], judged_alone: Sequence[float]) -> Prevalence:
    """The true share of good answers, from the judge's share and its errors (Rogan and Gladen 1978).

    The labelled rows may be chosen by what people said of them (as many good ones as bad ones), which
    `corrected_mean` does not allow; but the judge must be wrong as often on these as on the others. The interval is
    that of Lang and Reiczigel (2014), 95 %, which knows that the errors are estimates.
    Raises ValueError without good or bad labelled rows, or where the judge is no better than chance.
    """
    good = [row.said for row in rows if row.truth == 1.0 and row.said is not None]
    bad = [row.said for row in rows if row.truth == 0.0 and row.said is not None]
    if not good or not bad or not judged_alone:
        msg = "good and bad labelled rows are needed, and rows that the judge read alone"
        raise ValueError(msg)
    hits, rejections = sum(_passed(good)), sum(_passed(bad, passes=False))
    passed, count = sum(_passed(judged_alone)), len(judged_alone)
    sensitivity, specificity = hits / len(good), rejections / len(bad)
    if sensitivity + specificity <= 1:
        msg = "the judge is no better than chance on the labelled rows, so its word says nothing of others"
        raise ValueError(msg)
    value = (passed / count + specificity - 1) / (sensitivity + specificity - 1)
    interval = _interval((passed, count), (hits, len(good)), (rejections, len(bad)))
    return Prevalence(min(1.0, max(0.0, value)), interval, sensitivity, specificity)


def _passed(said: Sequence[float], *, passes: bool = True) -> list[bool]:
    return [(one > 0.5) == passes for one in said]  # noqa: PLR2004  # the middle of fail and pass


def _interval(share: tuple[int, int], good: tuple[int, int], bad: tuple[int, int]) -> Interval:
    squared = _Z95 * _Z95
    count = share[1] + squared
    seen = (share[0] + squared / 2) / count
    sensitivity, of_good = (good[0] + 1) / (good[1] + 2), good[1] + 2
    specificity, of_bad = (bad[0] + 1) / (bad[1] + 2), bad[1] + 2
    better = sensitivity + specificity - 1
    if better <= 0:
        return Interval(0.0, 1.0)
    value = (seen + specificity - 1) / better
    of_sensitivity = sensitivity * (1 - sensitivity) / of_good
    of_specificity = specificity * (1 - specificity) / of_bad
    shift = 2 * squared * (value * of_sensitivity - (1 - value) * of_specificity)
    spread = seen * (1 - seen) / count + value * value * of_sensitivity + (1 - value) ** 2 * of_specificity
    margin = _Z95 * math.sqrt(spread) / better
    return Interval(max(0.0, value + shift - margin), min(1.0, value + shift + margin))
