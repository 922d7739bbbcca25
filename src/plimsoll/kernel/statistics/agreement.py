"""How far people and judges agree, and what a judge that is sometimes wrong says of a whole.

Labels are any values that can be compared for equality; where an order or a distance matters, they are numbers.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from ._distributions import student_quantile
from ._shares import Interval, mid_p_interval

Label = Hashable
Distance = Callable[[Label, Label], float]
_PSEUDO: Final = 2
_NEAREST: Final = 1.0 - 1e-9


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

    Not defined where both always say the same one thing. The interval is that of the usual standard error (the delta
    method; Fleiss, Cohen and Everitt 1969) on Fisher's scale, with one more row that agrees as chance does, so that few
    rows that happen to agree are not taken for certainty.
    Raises ValueError for none, or for different numbers of labels.
    """
    pairs: Counter[tuple[Label, ...]] = Counter(zip(one, other, strict=True))
    if not pairs:
        msg = "no labels have no agreement"
        raise ValueError(msg)
    rows = pairs.total()
    value = _Kappa(dict(pairs), distance).value
    if value is None:
        return Agreement(None, None, rows)
    sides = [_shares(Counter({key[side]: 0 for key in pairs for side in (0, 1)}), pairs, side) for side in (0, 1)]
    chance: Cells = {(a, b): p * q for a, p in sides[0].items() for b, q in sides[1].items()}
    interval = _on_fishers_scale(value, _Kappa(_with(pairs, chance), distance), rows, level)
    return Agreement(value, interval, rows)


def _shares(labels: Counter[Label], pairs: Mapping[tuple[Label, ...], int], side: int) -> Mapping[Label, float]:
    """How often one says each label, with each thought of once more."""
    for key, times in pairs.items():
        labels[key[side]] += times
    total = labels.total() + len(labels)
    return {label: (times + 1) / total for label, times in labels.items()}


Cells = Mapping[tuple[Label, ...], float]


def _with(seen: Mapping[tuple[Label, ...], int], thought: Cells) -> Cells:
    return {key: seen.get(key, 0) + thought.get(key, 0.0) for key in sorted({*seen, *thought}, key=repr)}


class _Kappa:
    """Cohen's kappa of a table, and its standard error."""

    def __init__(self, cells: Cells, distance: Distance) -> None:
        self._cells, self._distance = cells, distance
        self._rows = math.fsum(cells.values())
        self._first, self._second = _totals(cells, 0), _totals(cells, 1)
        self._seen = math.fsum(distance(*key) * times for key, times in cells.items()) / self._rows
        self._to_second = {a: self._mean(self._second, a) for a in self._first}
        self._to_first = {b: self._mean(self._first, b) for b in self._second}
        self._expected = math.fsum(self._first[a] * one for a, one in self._to_second.items()) / self._rows

    def _mean(self, totals: Mapping[Label, float], label: Label) -> float:
        return math.fsum(self._distance(label, other) * times for other, times in totals.items()) / self._rows

    @property
    def value(self) -> float | None:
        """None where everybody always says the same."""
        return None if self._expected == 0 else 1.0 - self._seen / self._expected

    @property
    def error(self) -> float:
        """How much each cell moves it, squared and added up."""
        moves = (
            times * (self._distance(a, b) - self._seen - self._seen * self._pull(a, b)) ** 2
            for (a, b), times in self._cells.items()
        )
        return math.sqrt(math.fsum(moves)) / self._rows / self._expected

    def _pull(self, a: Label, b: Label) -> float:
        return (self._to_second[a] + self._to_first[b]) / self._expected - 2.0


def _totals(cells: Cells, side: int) -> Mapping[Label, float]:
    found: dict[Label, float] = defaultdict(float)
    for key, times in cells.items():
        found[key[side]] += times
    return found


def _on_fishers_scale(value: float, mended: "_Kappa | _Alpha", rows: int, level: float) -> Interval:
    """Around a mended estimate, and never without the one that is told."""
    middle = mended.value
    if middle is None or rows < 2:  # noqa: PLR2004  # one row says nothing of how much rows differ
        return Interval(-1.0, 1.0)
    middle = max(-_NEAREST, min(_NEAREST, middle))
    margin = student_quantile((1 + level) / 2, rows - 1) * mended.error / (1 - middle * middle)
    low, high = math.tanh(math.atanh(middle) - margin), math.tanh(math.atanh(middle) + margin)
    return Interval(min(low, value), max(high, value))


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


def krippendorff_alpha(
    rows: Iterable[Sequence[Label]], *, distance: Distance = nominal, level: float = 0.95
) -> Agreement:
    """Agreement of any number of annotators, `1 - seen / expected disagreement` (Krippendorff 2011).

    A row holds the labels that it was given, by whomever; rows with fewer than two say nothing. Not defined where only
    one label was ever given. The interval is made as that of `cohen_kappa`.
    """
    told = Counter(tuple(row) for row in rows if len(row) > 1)
    found = _Alpha(dict(told), distance) if told else None
    value = None if found is None else found.told
    if value is None:
        return Agreement(None, None, told.total())
    labels = Counter(label for row, times in told.items() for label in row for _ in range(times))
    total = labels.total() + len(labels)
    shares = {label: (times + 1) / total for label, times in labels.items()}
    chance: Cells = {(a, b): p * q for a, p in shares.items() for b, q in shares.items()}
    interval = _on_fishers_scale(value, _Alpha(_with(told, chance), distance), told.total(), level)
    return Agreement(value, interval, told.total())


class _Alpha:
    """Krippendorff's alpha of rows of labels, each with how often it was seen, and its standard error."""

    def __init__(self, cells: Cells, distance: Distance) -> None:
        self._cells = cells
        self._rows = math.fsum(cells.values())
        self._within = {row: _within(row, distance) for row in cells}
        self._labels: dict[Label, float] = defaultdict(float)
        for row, times in cells.items():
            for label in row:
                self._labels[label] += times
        self._count = math.fsum(self._labels.values())
        self._seen = math.fsum(self._within[row] * times for row, times in cells.items())
        self._apart = {
            one: math.fsum(distance(one, other) * times for other, times in self._labels.items())
            for one in self._labels
        }
        self._expected = math.fsum(self._labels[one] * apart for one, apart in self._apart.items())

    @property
    def told(self) -> float | None:
        """With the correction for few labels; None where only one was ever given."""
        return None if self._expected == 0 else 1.0 - self._seen * (self._count - 1) / self._expected

    @property
    def value(self) -> float | None:
        """Without the correction, so that rows may be fractions."""
        return None if self._expected == 0 else 1.0 - self._seen * self._count / self._expected

    @property
    def error(self) -> float:
        """How much each row moves it, squared and added up."""
        return math.sqrt(math.fsum(times * self._moves(row) ** 2 for row, times in self._cells.items()))

    def _moves(self, row: tuple[Label, ...]) -> float:
        apart = 2.0 * math.fsum(self._apart[label] for label in row)
        disagreement = self._seen * self._count / self._expected
        return (
            self._within[row] * self._count / self._expected
            + self._seen * len(row) / self._expected
            - disagreement * apart / self._expected
        )


def _within(row: Sequence[Label], distance: Distance) -> float:
    return sum(distance(one, other) for one in row for other in row) / (len(row) - 1)


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
    `value = w * mean(judged_alone) + mean(people - w * judged)`, with the `w` that has the smallest variance. Few rows
    that happen to be judged well are not taken for certainty: two are thought of beside them that are judged by chance,
    and Student's quantile stands in place of the normal one.
    Raises ValueError for fewer than 3 rows that people read, and for fewer than 2 others.
    """
    few, many = len(people), len(judged_alone)
    if few < 3 or many < 2:  # noqa: PLR2004  # fewer rows have no variance
        msg = "three rows that people read are needed, and two others"
        raise ValueError(msg)
    spread = _variance([*judged, *judged_alone])
    together = _covariance(people, judged)
    weight = 0.0 if spread == 0 else min(1.0, max(0.0, together / ((1 + few / many) * spread)))
    mended = [one - weight * other for one, other in zip(people, judged, strict=True)]
    value = weight * math.fsum(judged_alone) / many + math.fsum(mended) / few
    # Two numbers were estimated before the variance: the mean, and the weight.
    seen = (_variance(mended) * (few - 1) + _PSEUDO * max(_variance(people), spread)) / (few - 2)
    error = math.sqrt(weight**2 * _variance(judged_alone) / many + seen / few)
    margin = student_quantile((1 + level) / 2, few - 2) * error
    return Powered(value, Interval(value - margin, value + margin), weight)


def _variance(values: Sequence[float]) -> float:
    return _covariance(values, values)


def _covariance(one: Sequence[float], other: Sequence[float]) -> float:
    mean_one, mean_other = math.fsum(one) / len(one), math.fsum(other) / len(other)
    products = ((a - mean_one) * (b - mean_other) for a, b in zip(one, other, strict=True))
    return math.fsum(products) / (len(one) - 1)
