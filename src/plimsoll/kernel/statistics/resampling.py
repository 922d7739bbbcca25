"""The bootstrap: intervals of what is no mean of rows, such as a percentile or a cost per success."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from ._means import Groups
from ._shares import Interval

_SEED: Final = 20_240_601
_FEWEST: Final = 0.9
"""So large a share of the samples must have a value, or there is no interval."""


class Drawn(NamedTuple):
    """What a figure would have been of rows drawn again, in rising order; empty where that was too often nothing."""

    values: tuple[float, ...]

    def interval(self, level: float = 0.95) -> Interval:
        """Between percentiles (Efron 1981); endless where there are none."""
        return Interval(self.bound((1 + level) / 2), -self._turned.bound((1 + level) / 2))

    def bound(self, level: float = 0.95) -> float:
        """What the true value is not below, wrong in about `1 - level` of all cases."""
        if not self.values:
            return -math.inf
        # One of the values, and never one between two: with few of them the lower one.
        return self.values[max(0, math.floor((1 - level) * (len(self.values) + 1)) - 1)]

    @property
    def p_value(self) -> float:
        """How often a difference as far from 0 would be seen by chance, about; 1 where there are none."""
        count = len(self.values)
        below = sum(one <= 0 for one in self.values)
        above = sum(one >= 0 for one in self.values)
        return min(1.0, 2.0 * (min(below, above) + 1) / (count + 1))

    @property
    def _turned(self) -> "Drawn":
        return Drawn(tuple(-one for one in reversed(self.values)))


def draw_again(
    count: int, of: Callable[[Sequence[int]], float | None], *, groups: Groups | None = None, times: int = 2_000
) -> Drawn:
    """What a figure is of samples with as many rows, or groups of rows, always the same for the same rows.

    `of` is given the places of rows, from 0 on. Raises ValueError for no rows.
    """
    import numpy as np

    if count < 1:
        msg = "no rows can be drawn again"
        raise ValueError(msg)
    units = _units(count, groups)
    drawn = np.random.default_rng(_SEED).integers(0, len(units), (times, len(units))).tolist()
    found = [of([place for unit in sample for place in units[unit]]) for sample in drawn]
    values = sorted(one for one in found if one is not None)
    return Drawn(tuple(values) if len(values) >= _FEWEST * times else ())


def _units(count: int, groups: Groups | None) -> Sequence[Sequence[int]]:
    if groups is None:
        return [(place,) for place in range(count)]
    places: dict[object, list[int]] = defaultdict(list)
    for place, group in zip(range(count), groups, strict=True):
        places[group].append(place)
    return list(places.values())
