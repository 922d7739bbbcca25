"""What a figure of a run is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from plimsoll.datasets import Row
from plimsoll.kernel.statistics import Interval

from .._observation import Observation
from ..scorers import Better, Unit


class Asked(NamedTuple):
    """A row that was answered, and the numbers of its scorers."""

    row: Row
    seen: Observation
    scores: Mapping[str, float]


class Found(NamedTuple):
    """A figure and its interval at 95 %; the value is None where it is not defined, and `why` says why."""

    value: float | None
    interval: Interval | None = None
    why: str = ""
    values: tuple[float, ...] = ()
    """The value of each row, where the figure is a mean or a percentile of rows."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a whole run, or of a slice of it.

    `of` is asked with at least one row, each of which was answered. It must say the same in any order of rows.
    """

    name: str
    of: Callable[[Sequence[Asked]], Found]
    unit: Unit = "number"
    better: Better = "less"
    version: str = "1"
    bound: Callable[[Sequence[float], float, bool], float | None] | None = None
    """What the true value is not beyond, given the values of rows, how sure one must be, and whether the lower bound is
    asked for; without one a threshold compares with the interval of the figure."""
