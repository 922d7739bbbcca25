"""The difference of what is no mean of rows: percentiles of latency, cost per success."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from plimsoll.datasets import Row
from plimsoll.kernel.statistics import Interval
from plimsoll.kernel.statistics.resampling import draw_again

from .._types import ScoredRow
from ..figures import Asked, Figure, Found
from ._pairs import Pair, together
from ._types import Difference

_MOST_DRAWN: Final = 2_000
_FEWEST_DRAWN: Final = 400
_WORK: Final = 1_000_000
"""Rows that are read again in all: with very many of them fewer samples are drawn."""


def figure_difference(figure: Figure, pairs: Sequence[Pair], level: float = 0.95) -> Difference:
    """How a figure of the rows that both runs answered differs; its interval is that of the bootstrap over rows."""
    both = [pair for pair in pairs if not _error(pair)]
    missing = len(pairs) - len(both)
    missed = next((f"row {pair.row.id}: {_error(pair)}" for pair in pairs if _error(pair)), "")
    bare = Difference(figure.name, unit=figure.unit, better=figure.better, rows=len(both), missing=missing, why=missed)
    if not both:
        return replace(bare, why=missed or "there are no rows of both runs")
    old = figure.of([one for pair in both for one in _asked(pair.row, pair.old)])
    new = figure.of([one for pair in both for one in _asked(pair.row, pair.new)])
    if old.value is None or new.value is None:
        return replace(bare, why=new.why or old.why)
    groups = together(both)
    sign = 1.0 if figure.better == "more" else -1.0
    times = max(_FEWEST_DRAWN, min(_MOST_DRAWN, _WORK // len(both)))
    drawn = draw_again(len(both), _gain(figure, both, sign), groups=groups, times=times)
    is_bounded = all(_bounded(found) for found in (old, new))
    low, high = drawn.interval(level) if is_bounded else Interval(-math.inf, math.inf)
    ends = (low, high) if sign > 0 else (-high, -low)
    return replace(
        bare,
        old=old.value,
        new=new.value,
        difference=new.value - old.value,
        low=_end(ends[0]),
        high=_end(ends[1]),
        p_value=drawn.p_value if is_bounded else None,
        why=missed if is_bounded else f"{len(both)} rows say nothing of how far off it may be",
        groups=groups,
        drawn=drawn.values if is_bounded else (),
    )


def _error(pair: Pair) -> str:
    return next((row.observation.error for row in (*pair.new, *pair.old) if row.observation.error), "")


def _asked(row: Row, times: Sequence[ScoredRow]) -> list[Asked]:
    """One row every time that it was asked; what is expected of it is known for both runs."""
    return [Asked(row, one.observation, one.scores, _missed(one)) for one in times]


def _missed(row: ScoredRow) -> tuple[str, ...]:
    return tuple(name for name, score in row.told.items() if score.value is None)


def _bounded(found: Found) -> bool:
    """A percentile of so few rows that nothing bounds it has no difference that the bootstrap could know."""
    return found.interval is None or all(map(math.isfinite, found.interval))


def _gain(figure: Figure, both: Sequence[Pair], sign: float) -> Callable[[Sequence[int]], float | None]:
    """What the gain is of a sample, which is given by the places of pairs."""
    before = figure.of_samples([_asked(pair.row, pair.old) for pair in both])
    after = figure.of_samples([_asked(pair.row, pair.new) for pair in both])

    def gain(places: Sequence[int]) -> float | None:
        old, new = before(places), after(places)
        return None if old is None or new is None else sign * (new - old)

    return gain


def _end(value: float) -> float | None:
    return value if math.isfinite(value) else None
