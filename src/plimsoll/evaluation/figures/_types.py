"""What a figure of a run is."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from plimsoll.datasets import Row
from plimsoll.kernel.digest import Json
from plimsoll.kernel.statistics import Interval

from .._observation import Observation
from ..scorers import Better, Unit
from ..scorers.options import Option, Options, read_options


class Asked(NamedTuple):
    """A row that was answered, and the numbers of its scorers."""

    row: Row
    seen: Observation
    scores: Mapping[str, float]
    missed: Collection[str] = ()
    """Scorers that apply and could not be measured: a figure of their scores is not measured either."""


Bound = Callable[[float, bool], float | None]
"""What the true value is not beyond, given how sure one must be, and whether the lower bound is asked for."""


class Found(NamedTuple):
    """A figure and its interval at 95 %; the value is None where it is not defined, and `why` says why."""

    value: float | None
    interval: Interval | None = None
    why: str = ""
    values: tuple[float, ...] = ()
    """The value of each row, where the figure is a mean or a percentile of rows."""
    bound: Bound | None = None
    """Bounds at any confidence, where the figure has them of more than the values of rows."""


OfPlaces = Callable[[Sequence[int]], float | None]
"""The figure of the rows at some places; None where it is not defined."""


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
    asked for; without one, and without a bound of what was found, a threshold compares with the interval."""
    sample: "Callable[[Sequence[Sequence[Asked]]], OfPlaces] | None" = None
    """A quicker way to find the figure of many samples of the same rows; see `of_samples`."""

    def of_samples(self, rows: Sequence[Sequence[Asked]]) -> OfPlaces:
        """Finds the figure of samples of rows, which are given by their places and may hold a row several times.

        Each of `rows` is one row, as often as it was asked. For the bootstrap of whoever compares two runs: a row that
        is drawn twice counts twice there, while one that was asked twice counts once.
        """
        if self.sample is not None:
            return self.sample(rows)
        return lambda places: self.of([one for place in places for one in rows[place]]).value


@dataclass(frozen=True, slots=True)
class FigureEntry:
    """A figure that a suite can choose."""

    name: str
    says: str
    """What it measures, in a sentence."""
    make: Callable[[str, Options], Figure]
    """Makes it of what a suite calls it and of its options, read."""
    options: tuple[Option, ...] = ()

    def __call__(self, name: str, options: Mapping[str, Json]) -> Figure:
        """The figure, called `name` in the suite. Raises ScorerOptionsError."""
        return self.make(name, read_options(name, self.options, options, "figure"))
