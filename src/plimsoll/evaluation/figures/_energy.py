"""How much energy answers take."""

import math
from collections.abc import Sequence
from typing import Final

from plimsoll.kernel.statistics import number_interval

from ._types import Asked, Figure, FigureEntry, Found


def _mean(rows: Sequence[Asked]) -> Found:
    values = tuple(row.seen.energy_wh for row in rows if row.seen.energy_wh is not None)
    if len(values) < len(rows):
        return Found(None, why=f"the energy of {len(rows) - len(values)} of {len(rows)} answers is not known")
    return Found(math.fsum(values) / len(values), number_interval(values), values=values)


def _bound(values: Sequence[float], confidence: float, is_lower: bool) -> float:  # noqa: FBT001  # a column of a table
    low, high = number_interval(values, 2 * confidence - 1)
    return low if is_lower else high


ENERGY: Final = FigureEntry(
    "energy_wh_mean",
    "The energy of an answer, Wh, as whoever answered told it; not measured where one did not.",
    lambda name, _: Figure(name, _mean, bound=_bound),
)
