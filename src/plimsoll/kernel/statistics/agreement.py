"""How far people and judges agree, and what a judge that is sometimes wrong says of a whole.

Labels are any values that can be compared for equality; where an order or a distance matters, they are numbers.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from ._distributions import normal_quantile
from ._shares import Interval, mid_p_interval

Label = Hashable
Distance = Callable[[Label, Label], float]
_RESAMPLES: Final = 2_000
_SEED: Final = 20_240_601


class Agreement(NamedTuple):
    """An estimate, its interval, and of how many rows it is; the estimate is None where it is not defined."""

    value: float | None
    interval: Interval | None
    rows: int


def nominal(one: Label, other: Label) -> float:
    """Labels are the same or not."""
    return float(one != other)


def squared(one: Label, other: Label) -> float:
    """Labels are numbers: how far they lie apart, squared. For rubrics, quadratic weights (Cohen 1968)."""
    return float((one - other) ** 2)  # type: ignore[operator]  # whoever chooses it has numbers


def cohen_kappa(
    one: Sequence[Label], other: Sequence[Label], *, distance: Distance = nominal, level: float = 0.95
) -> Agreement:
    """Agreement of two beyond chance, `1 - seen / expected disagreement` (Cohen 1960; weighted, Cohen 1968).

    Not defined where both always say the same one thing. The interval is that of the bootstrap over rows (percentiles).
    Raises ValueError for none, or for different numbers of labels.
    """
    pairs = list(zip(one, other, strict=True))
    if not pairs:
        msg = "no labels have no agreement"
        raise ValueError(msg)
    value = _kappa(Counter(pairs), distance)
    if value is None:
        return Agreement(None, None, len(pairs))
    return Agreement(value, _resampled(Counter(pairs), lambda cells: _kappa(cells, distance), level), len(pairs))


def _kappa(cells: Mapping[tuple[Label, ...], int], distance: Distance) -> float | None:
    count = sum(cells.values())
    rows: Counter[Label] = Counter()
    columns: Counter[Label] = Counter()
    for (one, other), times in cells.items():
        rows[one] += times
        columns[other] += times
    seen = sum(distance(one, other) * times for (one, other), times in cells.items()) / count
    expected = sum(distance(one, other) * rows[one] * columns[other] for one in rows for other in columns) / count**2
    return None if expected == 0 else 1.0 - seen / expected


def balanced_accuracy(truth: Sequence[Label], said: Sequence[Label], *, level: float = 0.95) -> Agreement:
    """The mean of how often each true label was recognised; not defined where only one label is true.

    The interval joins those of the labels (mid-P), as independent estimates are joined (Newcombe 1998, method 10).
    Raises ValueError for different numbers of labels.
    """
    totals: Counter[Label] = Counter(truth)
    right: Counter[Label] = Counter(one for one, other in zip(truth, said, strict=True) if one == other)
    if len(totals) < 2:  # noqa: PLR2004  # with one label nothing can be told apart
        return Agreement(None, None, len(truth))
    shares = {label: right[label] / total for label, total in totals.items()}
    value = sum(shares.values()) / len(shares)
    ends = {label: mid_p_interval(right[label], total, level) for label, total in totals.items()}
    below = math.sqrt(sum((shares[label] - ends[label].low) ** 2 for label in ends)) / len(ends)
    above = math.sqrt(sum((ends[label].high - shares[label]) ** 2 for label in ends)) / len(ends)
    return Agreement(value, Interval(max(0.0, value - below), min(1.0, value + above)), len(truth))


def krippendorff_alpha(rows: Iterable[Sequence[Label]], *, distance: Distance = nominal) -> Agreement:
    """Agreement of any number of annotators, `1 - seen / expected disagreement` (Krippendorff 2011).

    A row holds the labels that it was given, by whomever; rows with fewer than two say nothing. Not defined where only
    one label was ever given. The interval is that of the bootstrap over rows (percentiles).
    """
    told = [tuple(row) for row in rows if len(row) > 1]
    value = _alpha(Counter(told), distance)
    if value is None:
        return Agreement(None, None, len(told))
    return Agreement(value, _resampled(Counter(told), lambda cells: _alpha(cells, distance), 0.95), len(told))


def _alpha(rows: Mapping[tuple[Label, ...], int], distance: Distance) -> float | None:
    totals: Counter[Label] = Counter()
    seen = 0.0
    for row, times in rows.items():
        within = sum(distance(one, other) for one in row for other in row)
        seen += times * within / (len(row) - 1)
        for label in row:
            totals[label] += times
    count = sum(totals.values())
    expected = sum(distance(one, other) * totals[one] * totals[other] for one in totals for other in totals)
    return None if expected == 0 else 1.0 - (seen / count) / (expected / (count * (count - 1)))


def _resampled(
    cells: Mapping[tuple[Label, ...], int],
    estimate: Callable[[Mapping[tuple[Label, ...], int]], float | None],
    level: float,
) -> Interval:
    """Percentiles of an estimate over tables drawn again, always the same for the same table."""
    import numpy as np

    keys = sorted(cells, key=repr)
    counts = np.array([cells[key] for key in keys])
    drawn = np.random.default_rng(_SEED).multinomial(counts.sum(), counts / counts.sum(), _RESAMPLES)
    found = [estimate({key: int(times) for key, times in zip(keys, row, strict=True) if times}) for row in drawn]
    told = [one for one in found if one is not None]
    low, high = np.quantile(told, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


class Powered(NamedTuple):
    """A mean over many rows that a judge read, mended by those few that people read too."""

    value: float
    interval: Interval
    weight: float
    """How much the judge was believed: 0 not at all, 1 as if it were as good as people."""


def powered_mean(
    people: Sequence[float], judged: Sequence[float], judged_alone: Sequence[float], *, level: float = 0.95
) -> Powered:
    """The prediction-powered mean (PPI++; Angelopoulos, Duchi and Zrnic 2023).

    `people` and `judged` are of the same rows, drawn at random from the same traffic as those of `judged_alone`.
    `value = w * mean(judged_alone) + mean(people - w * judged)`, with the `w` that has the smallest variance.
    Raises ValueError for fewer than 2 rows on either side.
    """
    few, many = len(people), len(judged_alone)
    if few < 2 or many < 2:  # noqa: PLR2004  # one row has no variance
        msg = "two rows are needed on either side"
        raise ValueError(msg)
    spread = _variance([*judged, *judged_alone])
    together = _covariance(people, judged)
    weight = 0.0 if spread == 0 else min(1.0, max(0.0, together / ((1 + few / many) * spread)))
    mended = [one - weight * other for one, other in zip(people, judged, strict=True)]
    value = weight * math.fsum(judged_alone) / many + math.fsum(mended) / few
    error = math.sqrt(weight**2 * _variance(judged_alone) / many + _variance(mended) / few)
    margin = normal_quantile((1 + level) / 2) * error
    return Powered(value, Interval(value - margin, value + margin), weight)


def _variance(values: Sequence[float]) -> float:
    return _covariance(values, values)


def _covariance(one: Sequence[float], other: Sequence[float]) -> float:
    mean_one, mean_other = math.fsum(one) / len(one), math.fsum(other) / len(other)
    products = ((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    return math.fsum(products) / (len(one) - 1)
