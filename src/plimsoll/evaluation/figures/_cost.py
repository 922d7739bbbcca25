"""What answers cost."""

from collections.abc import Sequence
from typing import Final

from plimsoll.kernel.statistics import number_interval

from ._types import Asked, Figure, Found


def _mean(rows: Sequence[Asked]) -> Found:
    costs = tuple(row.seen.cost_usd for row in rows if row.seen.cost_usd is not None)
    # A mean over only those calls whose price is known would be too low, so one unknown price means not measured.
    if len(costs) < len(rows):
        return Found(None, why=f"the price of {len(rows) - len(costs)} of {len(rows)} answers is not known")
    return Found(sum(costs) / len(costs), number_interval(costs), values=costs)


def _bound(values: Sequence[float], confidence: float, is_lower: bool) -> float:  # noqa: FBT001  # a column of a table
    low, high = number_interval(values, 2 * confidence - 1)
    return low if is_lower else high


COST_MEAN: Final = Figure("cost_usd_mean", _mean, bound=_bound)
