"""How far a judge agrees with people: pure functions of what both said."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.kernel.statistics import holm, mean_interval, paired_test
from plimsoll.kernel.statistics.agreement import (
    Agreement,
    balanced_accuracy,
    cohen_kappa,
    krippendorff_alpha,
    nominal,
    squared,
)

from ._anchors import choose_anchors
from ._types import Bias, Calibration, JudgedRow, Value, label_set_of

_BINARY: Final = 2
_FEWEST: Final = 10
"""Slices of fewer rows have no bias of their own."""
_MOST_SLICES: Final = 50
OWN_ANSWERS: Final = "self_preference"


def calibrate(
    rows: Sequence[JudgedRow],
    *,
    judge: str,
    version: str,
    labels: Sequence[str],
    model: str = "",
    anchors: int = 50,
) -> Calibration:
    """Everything that is known of a judge from rows that people labelled.

    With two labels kappa is Cohen's; with more it has quadratic weights, so that a 4 for a 5 counts less than a 1.
    `model` is the judge's own name: where it also gave answers, it is looked whether it prefers them.
    Raises ValueError for rows with the same id.
    """
    if len({row.row for row in rows}) < len(rows):
        msg = "two rows have the same id"
        raise ValueError(msg)
    settled = [row for row in rows if row.truth is not None]
    told = [row for row in settled if row.said is not None]
    missed = [row for row in settled if row.said is None]
    costs = [row.cost_usd for row in rows]
    return Calibration(
        judge=judge,
        version=version,
        labels=tuple(labels),
        label_set=label_set_of(rows),
        rows=len(told),
        disputed=len(rows) - len(settled),
        missing=len(missed),
        values=dict(_values(rows, told, labels, model)),
        biases=biases(told),
        confusion=confusion(told, labels),
        anchors=choose_anchors(told, anchors),
        made_at=to_text(utc_now()),
        why=f"row {missed[0].row}: {missed[0].why}" if missed else "",
        cost_usd=None if None in costs else math.fsum(cost for cost in costs if cost is not None),
    )


def _values(
    rows: Sequence[JudgedRow], told: Sequence[JudgedRow], labels: Sequence[str], model: str
) -> Iterator[tuple[str, Value]]:
    distance = nominal if len(labels) == _BINARY else squared
    if told:
        truth, said = _truths(told), [nearest_label(_said(row), labels) for row in told]
        yield "kappa", _value(cohen_kappa(truth, said, distance=distance))
        yield "balanced_accuracy", _value(balanced_accuracy(truth, said))
        yield "accuracy", _share([float(one == other) for one, other in zip(truth, said, strict=True)], told)
        yield "mean_people", _share(truth, told)
        yield "mean_judge", _share([_said(row) for row in told], told)
    several = [row.people for row in rows if len(row.people) > 1]
    if several:
        yield "people_alpha", _value(krippendorff_alpha(several, distance=distance))
    orders = [row for row in told if row.consistent is not None]
    if orders:
        yield "swap_consistency", _share([float(row.consistent is True) for row in orders], orders)
    again = [row for row in told if len(row.judged) > 1]
    if again:
        yield "retest_agreement", _share([_same(row.judged) for row in again], again)
        yield "retest_noise", Value(_noise(again), None, None, len(again))
    own = self_preference(told, model)
    if own is not None:
        yield OWN_ANSWERS, own


def _value(found: Agreement) -> Value:
    low, high = found.interval or (None, None)
    return Value(found.value, low, high, found.rows)


def _share(values: Sequence[float], rows: Sequence[JudgedRow]) -> Value:
    interval = mean_interval(values, groups=_groups(rows))
    return Value(math.fsum(values) / len(values), interval.low, interval.high, len(values))


def _groups(rows: Sequence[JudgedRow]) -> tuple[str, ...] | None:
    groups = tuple(row.group or row.row for row in rows)
    return groups if len(set(groups)) < len(groups) else None


def _said(row: JudgedRow) -> float:
    return 0.0 if row.said is None else row.said


def _truths(rows: Sequence[JudgedRow]) -> list[float]:
    return [0.0 if row.truth is None else row.truth for row in rows]


def nearest_label(value: float, labels: Sequence[str]) -> float:
    """The share of the label that is nearest to a value: a mean of samples need not be one; halves go up."""
    steps = len(labels) - 1
    return math.floor(value * steps + 0.5) / steps


def _same(values: Sequence[float]) -> float:
    """The share of all pairs of repeats that are the same."""
    pairs = [(one, other) for place, one in enumerate(values) for other in values[place + 1 :]]
    return sum(one == other for one, other in pairs) / len(pairs)


def _noise(rows: Sequence[JudgedRow]) -> float:
    """The standard deviation of the same row judged again, pooled over rows."""
    squares = math.fsum((one - math.fsum(row.judged) / len(row.judged)) ** 2 for row in rows for one in row.judged)
    return math.sqrt(squares / sum(len(row.judged) - 1 for row in rows))


def confusion(rows: Sequence[JudgedRow], labels: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """How often the judge said what, by what people said."""
    table = {label: dict.fromkeys(labels, 0) for label in labels}
    for row, truth in zip(rows, _truths(rows), strict=True):
        table[_label(truth, labels)][_label(_said(row), labels)] += 1
    return table


def _label(value: float, labels: Sequence[str]) -> str:
    return labels[round(nearest_label(value, labels) * (len(labels) - 1))]


def biases(rows: Sequence[JudgedRow]) -> tuple[Bias, ...]:
    """Of all rows, then of each slice with at least 10, those with the smallest p-value first.

    The p-values of slices are adjusted for how many slices are looked at (Holm); that of all rows is not.
    """
    if not rows:
        return ()
    by_slice: dict[str, list[JudgedRow]] = defaultdict(list)
    for row in rows:
        for name in dict.fromkeys(row.slices):
            by_slice[name].append(row)
    usable = {name: of for name, of in by_slice.items() if len(of) >= _FEWEST}
    most = sorted(usable, key=lambda name: (-len(usable[name]), name))[:_MOST_SLICES]
    found = [_bias(name, usable[name]) for name in most]
    adjusted = holm([bias.p_value for bias in found])
    told = [replace(bias, p_value=p_value) for bias, p_value in zip(found, adjusted, strict=True)]
    return (_bias("", rows), *sorted(told, key=lambda bias: (bias.p_value, bias.slice)))


def _bias(name: str, rows: Sequence[JudgedRow]) -> Bias:
    differences = [_said(row) - truth for row, truth in zip(rows, _truths(rows), strict=True)]
    found = paired_test(differences, groups=_groups(rows))
    return Bias(name, found.difference, found.interval.low, found.interval.high, found.p_value, len(rows))


def self_preference(rows: Sequence[JudgedRow], model: str) -> Value | None:
    """How much more a judge overrates its own model's answers than those of others; None where there are too few.

    The difference of the two biases, with the interval that joins theirs as independent ones (Zou and Donner 2008).
    """
    own = [row for row in rows if model and row.author == model]
    others = [row for row in rows if row.author and row.author != model]
    if len(own) < _FEWEST or len(others) < _FEWEST:
        return None
    one, other = _bias("", own), _bias("", others)
    difference = one.difference - other.difference
    below = math.hypot(one.difference - one.low, other.high - other.difference)
    above = math.hypot(one.high - one.difference, other.difference - other.low)
    return Value(difference, difference - below, difference + above, len(own) + len(others))
