"""What a comparison says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from plimsoll.kernel.digest import Digest, Json

from ..scorers import Better, Unit

Says = Literal["better", "worse", "no difference seen", "not measured"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of the same rows in two runs, over all of them or over a slice.

    `better` and `worse` mean what a person means: where less is better, a smaller number is better. `difference`,
    `low` and `high` are new minus old.
    """

    measure: str
    slice: str = ""
    unit: Unit = "share"
    better: Better = "more"
    rows: int = 0
    """Rows that both runs measured."""
    missing: int = 0
    """Rows that it applies to and that one of the two did not measure; `why` says why, for the first of them."""
    old: float | None = None
    """Of those rows that both measured."""
    new: float | None = None
    difference: float | None = None
    low: float | None = None
    """Lower end of the interval; None where nothing bounds it."""
    high: float | None = None
    p_value: float | None = None
    """How often a difference as large would be seen by chance where there is none."""
    adjusted: float | None = None
    """The same, corrected for as many differences as were looked at (Holm)."""
    rows_better: int = 0
    rows_worse: int = 0
    rows_same: int = 0
    detectable: float | None = None
    """The smallest loss that so many rows show in 4 of 5 cases; None for what is no mean of rows."""
    finer: float | None = None
    """A smaller loss that a person may want to see, and in `rows_for_finer` how many rows that needs."""
    rows_for_finer: int | None = None
    is_primary: bool = False
    """Whether a threshold of the suite names it: what was asked beforehand is not corrected for what was not."""
    says: Says = "not measured"
    why: str = ""
    gains: tuple[float, ...] = field(default=(), repr=False)
    """How much better each row became, in the order of the dataset, where it is a mean of rows."""
    groups: tuple[str, ...] | None = field(default=None, repr=False)
    """Which rows belong together, where some do."""
    drawn: tuple[float, ...] = field(default=(), repr=False)
    """What the gain would have been of rows drawn again, in rising order, where it is no mean of rows."""

    @property
    def place(self) -> str:
        """The measure, and the slice where there is one: `token_f1 (long)`."""
        return f"{self.measure} ({self.slice})" if self.slice else self.measure

    @property
    def gain(self) -> float | None:
        """How much better the new run is, below 0 where it is worse."""
        if self.difference is None:
            return None
        return self.difference if self.better == "more" else -self.difference

    def to_json(self) -> Json:
        """For programs; what single rows gained stands with the cases."""
        left_out = ("gains", "groups", "drawn")
        return {name: getattr(self, name) for name in self.__slots__ if name not in left_out}


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A row whose scores differ, with both answers."""

    row: str
    question: str
    old_answer: str
    new_answer: str
    old: Mapping[str, float]
    """The scores that differ."""
    new: Mapping[str, float]
    better_in: tuple[str, ...]
    worse_in: tuple[str, ...]
    gain: float
    """The sum of what its scores from 0 to 1 gained."""

    def to_json(self) -> Json:
        """For programs."""
        return {
            "row": self.row,
            "question": self.question,
            "old_answer": self.old_answer,
            "new_answer": self.new_answer,
            "old": dict(self.old),
            "new": dict(self.new),
            "better_in": list(self.better_in),
            "worse_in": list(self.worse_in),
            "gain": self.gain,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything that comparing two runs found."""

    old: Digest
    """The draft or release that answered in the older run."""
    new: Digest
    level: float
    """Of the intervals; a difference is said to be one where it would be seen by chance in less than the rest."""
    rows: int
    """Rows that both runs have, and that ask the same."""
    differences: tuple[Difference, ...]
    cases: tuple[CaseChange, ...]
    """Every row whose scores differ, the greatest loss first."""
    only_old: tuple[str, ...] = ()
    """Rows that only the older run has."""
    only_new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Rows of one id that ask something else now: they are not compared."""
    same_dataset: bool = True
    """Whether both runs name the same version of the dataset."""
    old_run: Digest = ""
    """Under which the older run is kept."""

    @property
    def worse(self) -> tuple[CaseChange, ...]:
        """The rows that became worse in something, the greatest loss first."""
        return tuple(case for case in self.cases if case.worse_in)

    @property
    def better(self) -> tuple[CaseChange, ...]:
        """The rows that became better in something, the greatest gain first."""
        return tuple(case for case in reversed(self.cases) if case.better_in)

    def of(self, measure: str, slice_: str = "") -> Difference | None:
        """The difference of a measure, over all rows or a slice."""
        return next((one for one in self.differences if (one.measure, one.slice) == (measure, slice_)), None)

    def to_json(self) -> Json:
        """For the run's evidence, and for programs."""
        return {
            "old": self.old,
            "old_run": self.old_run,
            "new": self.new,
            "level": self.level,
            "rows": self.rows,
            "only_old": list(self.only_old),
            "only_new": list(self.only_new),
            "changed": list(self.changed),
            "same_dataset": self.same_dataset,
            "differences": [one.to_json() for one in self.differences],
            "cases": [case.to_json() for case in self.cases],
        }
