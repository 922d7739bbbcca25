"""What answers cost: each, and each that was good."""

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from plimsoll.kernel.statistics import number_interval

from ..scorers.options import Options, number, text
from ._resampled import Summed, summed_figure, sums_of
from ._rows import without_scores
from ._types import Asked, Figure, FigureEntry, Found

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _mean(rows: Sequence[Asked]) -> Found:
    unknown = _unknown(rows)
    if unknown:
        return Found(None, why=unknown)
    costs = tuple(row.seen.cost_usd or 0.0 for row in rows)
    return Found(math.fsum(costs) / len(costs), number_interval(costs), values=costs)


def _unknown(rows: Sequence[Asked]) -> str:
    """A mean over only those calls whose price is known would be too low, so one unknown price means not measured."""
    count = sum(row.seen.cost_usd is None for row in rows)
    return f"the price of {count} of {len(rows)} answers is not known" if count else ""


def _bound(values: Sequence[float], confidence: float, is_lower: bool) -> float:  # noqa: FBT001  # a column of a table
    low, high = number_interval(values, 2 * confidence - 1)
    return low if is_lower else high


COST_MEAN: Final = Figure("cost_usd_mean", _mean, bound=_bound)


def _per_success(of: str, at_least: float, rows: Sequence[Asked]) -> Summed:
    """What all answers cost over how many were successful.

    Rows of which the scorer says nothing cost too, and are no success: a suite that has such rows is told more than it
    pays, never less.
    """
    why = _unknown(rows) or without_scores(of, rows)
    if why:
        return Summed({}, _ratio, (), (), why)
    costs = [row.seen.cost_usd or 0.0 for row in rows]
    sums = sums_of(rows, lambda row: (row.seen.cost_usd or 0.0, float(row.scores.get(of, -math.inf) >= at_least)))
    none = f"no answer has `{of}` of at least {at_least:g}"
    return Summed(sums, _ratio, lowest=(min(costs), 1.0), highest=(max(costs), 0.0), why=none)


def _ratio(sums: "NDArray[np.float64]") -> "NDArray[np.float64]":
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[:, 0] / sums[:, 1])


def _make(name: str, options: Options) -> Figure:
    build = partial(_per_success, options["of"], options["at_least"])
    return summed_figure(name, build, unit="number", better="less")


COST_PER_SUCCESS: Final = FigureEntry(
    "cost_per_success",
    "What all answers cost, over how many have a score of at least so much; USD.",
    _make,
    (text("of", "answer_contains", required=True), number("at_least", 1.0, least=-1e9, most=1e9)),
)
