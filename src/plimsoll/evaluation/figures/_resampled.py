"""Figures that are functions of sums over rows, with intervals by a bootstrap over rows.

The Bayesian bootstrap (Rubin 1981): 2,000 times every row is given a weight at random (exponential), and the figure is
found of the weighted sums. Rows that belong together (`Row.group`) have one weight. To what was seen comes one row that
was not, the lowest that there can be for the lower end and the highest for the upper: of a share this is exactly the
interval of Clopper and Pearson, of other means of bounded numbers Gaffke's (2005; Learned-Miller and Thomas 2019), so
20 rows that are all right do not make a figure certain. Printed intervals give that row half of the weight, as mid-P
and Jeffreys do; bounds of gates all of it. The weights follow from the names of the rows, not from their order.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from plimsoll.kernel.statistics import Interval

from ..scorers import Better, Unit
from ._types import Asked, Figure, Found, OfPlaces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

RESAMPLES: Final = 2_000
_AT_ONCE: Final = 4_000_000
_LEVEL: Final = 0.95
_ALL: Final = 1.0
_HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Summed:
    """A figure that is a function of sums over rows."""

    sums: Mapping[str, Sequence[Sequence[float]]]
    """What each row adds, by its id: one line for each time that it was asked; rows count once, with the mean."""
    of: "Callable[[Numbers], Numbers]"
    """The figure of sums, shape (many, parts) to (many,); NaN where it is not defined."""
    lowest: Sequence[float]
    """What a row would add that makes the figure as low as one can."""
    highest: Sequence[float]
    why: str
    """Why it is not defined, where it is not."""


Build = Callable[[Sequence[Asked]], Summed]


def summed_figure(name: str, build: Build, *, unit: Unit, better: Better) -> Figure:
    """The figure that `build` makes of rows."""
    return Figure(name, lambda rows: resampled(rows, build(rows)), unit, better, sample=partial(_samples, build))


def _samples(build: Build, rows: Sequence[Sequence[Asked]]) -> OfPlaces:
    import numpy as np

    summed = build([one for times in rows for one in times])
    if not summed.sums:
        return lambda _: None
    known = {at: _mean(summed.sums[times[0].row.id]) for at, times in enumerate(rows) if times[0].row.id in summed.sums}
    table = np.stack([known.get(at, np.zeros(len(summed.lowest))) for at in range(len(rows))])

    def value(places: Sequence[int]) -> float | None:
        found = float(summed.of(table[np.asarray(places, int)].sum(axis=0, keepdims=True))[0])
        return found if np.isfinite(found) else None

    return value


def _mean(lines: Sequence[Sequence[float]]) -> "Numbers":
    import numpy as np

    # Sorted, since the same numbers in another order can have another sum.
    return np.asarray(np.mean(np.array(sorted(map(tuple, lines)), np.float64), axis=0))


def sums_of(rows: Sequence[Asked], add: Callable[[Asked], Sequence[float] | None]) -> dict[str, list[Sequence[float]]]:
    """What each row adds, by its id; those that add None are left out."""
    found: dict[str, list[Sequence[float]]] = defaultdict(list)
    for one in rows:
        added = add(one)
        if added is not None:
            found[one.row.id].append(added)
    return dict(found)


def resampled(rows: Sequence[Asked], summed: Summed) -> Found:
    """The figure with its interval and bounds."""
    import numpy as np

    if not summed.sums:
        return Found(None, why=summed.why)
    table, names = _table(rows, summed)
    value = float(summed.of(table.sum(axis=0, keepdims=True))[0])
    if not np.isfinite(value):
        return Found(None, why=summed.why)
    drawn = _Drawn(table, names, summed, len(summed.sums) / len(names))
    tail = (1 - _LEVEL) / 2
    low, high = drawn.end(tail, _HALF, is_lower=True), drawn.end(tail, _HALF, is_lower=False)

    def bound(confidence: float, is_lower: bool) -> float | None:  # noqa: FBT001  # a column of a table
        return drawn.end(1 - confidence, _ALL, is_lower=is_lower)

    return Found(value, Interval(min(low, value), max(high, value)), bound=bound)


def _table(rows: Sequence[Asked], summed: Summed) -> "tuple[Numbers, list[str]]":
    """What each group of rows adds, in the order of their names."""
    import numpy as np

    group_of = {one.row.id: one.row.group or one.row.id for one in rows}
    by_group: dict[str, list[Any]] = defaultdict(list)
    for name in sorted(summed.sums):
        by_group[group_of[name]].append(_mean(summed.sums[name]))
    names = sorted(by_group)
    return np.stack([np.sum(by_group[name], axis=0) for name in names]), names


class _Drawn:
    """The figure of weighted rows, drawn again whenever it is asked for: always the same for the same rows."""

    def __init__(self, table: "Numbers", names: Sequence[str], summed: Summed, size: float) -> None:
        self._table, self._names, self._summed, self._size = table, names, summed, size

    def end(self, tail: float, unseen: float, *, is_lower: bool) -> float:
        """Below, or above, which only a share `tail` of the draws lies."""
        import numpy as np

        row = self._summed.lowest if is_lower else self._summed.highest
        found = self._draws(np.array(row, np.float64) * self._size, unseen)
        found = found[np.isfinite(found)]
        if not len(found):
            return float("-inf") if is_lower else float("inf")
        return float(np.quantile(found, tail if is_lower else 1 - tail))

    def _draws(self, row: "Numbers", unseen: float) -> "Numbers":
        import numpy as np

        seed = hashlib.sha256("\0".join(self._names).encode("utf-8", "replace")).digest()
        generator = np.random.default_rng(np.frombuffer(seed, np.uint32))
        count = len(self._names)
        extra = generator.standard_gamma(unseen, RESAMPLES)
        lines = max(1, _AT_ONCE // count)
        parts = []
        for start in range(0, RESAMPLES, lines):
            weights = generator.standard_exponential((min(lines, RESAMPLES - start), count))
            parts.append(weights @ self._table)
        return self._summed.of(np.concatenate(parts) + extra[:, None] * row)
