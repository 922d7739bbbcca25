"""The difference of what a scorer says of each row."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from plimsoll.kernel.statistics import paired_number_test, paired_test
from plimsoll.kernel.statistics.power import detectable_loss, rows_for_loss

from ._pairs import Pair, together
from ._side import Kind
from ._types import Difference

_POINT: Final = 0.01
_FINE: Final = 0.05
"""Of a number, so large a part of what it was is a loss that somebody may want to see."""


def score_difference(name: str, kind: Kind, pairs: Iterable[Pair], level: float = 0.95) -> Difference:
    """How the rows that both runs measured differ."""
    told = [(pair, scores) for pair in pairs if (scores := pair.scores(name)) is not None]
    both = [(pair, scores) for pair, scores in told if isinstance(scores, tuple)]
    missed = next((f"row {pair.row.id}: {scores}" for pair, scores in told if isinstance(scores, str)), "")
    missing = len(told) - len(both)
    if not both:
        why = missed or "no row of both runs measures it"
        return Difference(name, unit=kind.unit, better=kind.better, missing=missing, why=why)
    groups = together(pair for pair, _ in both)
    sign = 1.0 if kind.better == "more" else -1.0
    gains = tuple(sign * (new - old) for _, (old, new) in both)
    found = (paired_test if kind.unit == "share" else paired_number_test)(gains, level, groups)
    low, high = found.interval if sign > 0 else (-found.interval.high, -found.interval.low)
    old = math.fsum(before for _, (before, _) in both) / len(both)
    finer = _POINT if kind.unit == "share" else _FINE * abs(old)
    made = Difference(
        measure=name,
        unit=kind.unit,
        better=kind.better,
        rows=len(both),
        missing=missing,
        old=old,
        new=math.fsum(after for _, (_, after) in both) / len(both),
        difference=sign * found.difference,
        low=_end(low),
        high=_end(high),
        p_value=found.p_value,
        rows_better=found.better,
        rows_worse=found.worse,
        rows_same=found.same,
        why=missed,
        gains=gains,
        groups=groups,
    )
    return _with_detectable(made, finer, level)


def _with_detectable(made: Difference, finer: float, level: float) -> Difference:
    """With what so many rows could have shown, and what a finer look needs."""
    gains, groups = made.gains, made.groups
    if len(gains) < 2 or (made.unit == "number" and not any(gains)):  # noqa: PLR2004  # one row shows no difference
        return made
    seen = detectable_loss(gains, groups, level)
    if finer <= 0 or seen <= finer:
        return replace(made, detectable=seen)
    return replace(made, detectable=seen, finer=finer, rows_for_finer=rows_for_loss(gains, finer, groups, level))


def _end(value: float) -> float | None:
    return value if math.isfinite(value) else None
