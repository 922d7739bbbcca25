"""Rows of a run, in an order of their own: a row that was asked several times counts once."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from plimsoll.kernel.statistics import lower_bound, mean_interval, upper_bound

from ..scorers import Better
from ._types import Asked, Figure, Found, OfPlaces

Value = Callable[[Asked], float | None]


Why = Callable[[Sequence[Asked]], str]
"""Why rows are not enough; empty where they are."""


def share_figure(name: str, of: Value, why: Why, *, better: Better) -> Figure:
    """The mean of numbers from 0 to 1, of those rows that have one."""
    return Figure(name, partial(_found, of, why), "share", better, sample=partial(_samples, of))


def without_scores(of: str, rows: Sequence[Asked]) -> str:
    """Why there is no figure of a scorer's scores; empty where every row that should have one has one."""
    missed = sum(of in one.missed for one in rows)
    if missed:
        return f"{'1 row was' if missed == 1 else f'{missed} rows were'} not measured by `{of}`"
    return "" if any(of in one.scores for one in rows) else f"no row has a score of `{of}`: name it in `scorers`"


def _samples(of: Value, rows: Sequence[Sequence[Asked]]) -> OfPlaces:
    each = [[told for one in times if (told := of(one)) is not None] for times in rows]
    means = [math.fsum(values) / len(values) if values else None for values in each]

    def value(places: Sequence[int]) -> float | None:
        found = [mean for place in places if (mean := means[place]) is not None]
        return math.fsum(found) / len(found) if found else None

    return value


def _found(of: Value, why: Why, rows: Sequence[Asked]) -> Found:
    missing = why(rows)
    if missing:
        return Found(None, why=missing)
    by_row: dict[str, list[float]] = defaultdict(list)
    groups: dict[str, str] = {}
    for one in rows:
        value = of(one)
        if value is not None:
            by_row[one.row.id].append(value)
            groups[one.row.id] = one.row.group or one.row.id
    names = sorted(by_row)
    values = tuple(math.fsum(by_row[name]) / len(by_row[name]) for name in names)
    together = [groups[name] for name in names]

    def bound(confidence: float, is_lower: bool) -> float:  # noqa: FBT001  # a column of a table
        return (lower_bound if is_lower else upper_bound)(values, confidence, together)

    interval = mean_interval(values, groups=together)
    return Found(math.fsum(values) / len(values), interval, values=values, bound=bound)
