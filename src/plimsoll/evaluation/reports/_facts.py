"""What the reports say in common: a run with what was expected of it, its worst rows, and its conclusion."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from plimsoll.datasets import Row
from plimsoll.kernel.clock import from_text

from .._types import Run
from ._seen import SeenComparison, SeenRow, SeenRun, seen_run

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier run of the same suite that answers are compared with."""

    name: str
    """What a person calls it: `r-3f9c2a`."""
    run: SeenRun
    sentences: tuple[str, ...] = ()
    """What a comparison concluded of the two, where one was made."""
    comparison: SeenComparison | None = None
    """Its figures."""


@dataclass(frozen=True)
class Facts:
    """A run, and what the rows of its dataset expected. Made of a run of now, or of one that was kept."""

    run: SeenRun
    expected: Mapping[str, Row] = field(default_factory=dict)
    """The rows of the dataset by their ids; empty where they are not known any more."""
    kept: int = 0
    """How many answers are of earlier runs, so that nobody was asked again."""
    unchanged: bool = False
    """Whether nothing was run now: this is what an earlier run said of the very same inputs."""
    baseline: Baseline | None = None

    @classmethod
    def of(cls, run: Run, baseline: Baseline | None = None) -> "Facts":
        """Of a run that was just made."""
        kept = sum(row.kept for row in run.rows)
        return cls(seen_run(run.to_json()), {row.id: row for row in run.suite.rows}, kept, baseline=baseline)

    @classmethod
    def of_kept(cls, run: SeenRun, rows: Iterable[Row], *, unchanged: bool = True) -> "Facts":
        """Of a run that was kept, with the rows of its dataset."""
        return cls(run, {row.id: row for row in rows}, len(run.rows), unchanged=unchanged)

    @cached_property
    def worst(self) -> tuple[SeenRow, ...]:
        """Rows that were not measured, then those that lost points, those that lost most first."""
        losing = [(self.lost(row), place) for place, row in enumerate(self.run.rows)]
        found = sorted((-loss, place) for loss, place in losing if loss > 0)
        return tuple(self.run.rows[place] for _, place in found)

    def lost(self, row: SeenRow) -> float:
        """How much a row lost over all scorers of shares; more than any such loss where it was not measured."""
        if row.error or row.not_measured:
            return len(self._better) + (2.0 if row.error else 1.0)
        return sum(self.losses(row).values())

    def losses(self, row: SeenRow) -> dict[str, float]:
        """By scorer, how far a row is from what is best; numbers without a best, such as of words, lose none."""
        losses = {
            name: 1.0 - score if self._better[name] == "more" else score
            for name, score in row.scores.items()
            if name in self._better
        }
        return {name: loss for name, loss in losses.items() if loss > _ROUNDING}

    @cached_property
    def _better(self) -> dict[str, str]:
        """Which way is better, of measures that are shares of rows."""
        return {one.name: one.better for one in self.run.measures if not one.slice and one.unit == "share"}

    @cached_property
    def earlier(self) -> dict[tuple[str, int], SeenRow]:
        """The rows of the baseline."""
        return {} if self.baseline is None else {(row.row, row.repeat): row for row in self.baseline.run.rows}

    @cached_property
    def differing(self) -> tuple[tuple[SeenRow, SeenRow], ...]:
        """Rows that answer otherwise than in the baseline, with the row of then; those that lost most by it first.

        A row without an answer, now or then, is none of them.
        """
        pairs = [(self.earlier.get((row.row, row.repeat)), row) for row in self.run.rows]
        changed = [
            (then, now)
            for then, now in pairs
            if then is not None and not (then.error or now.error) and then.answer != now.answer
        ]
        return tuple(sorted(changed, key=lambda pair: self.lost(pair[0]) - self.lost(pair[1])))

    @property
    def compared(self) -> SeenComparison | None:
        """The figures beside a baseline's: of the one that was named, else of the one that the gate looked at."""
        named = None if self.baseline is None else self.baseline.comparison
        return named or self.run.comparison

    @property
    def day(self) -> str:
        """When the run began, to the second, in UTC."""
        return from_text(self.run.started_at).strftime("%Y-%m-%d %H:%M:%S")


def conclusion(facts: Facts) -> str:
    """What the gate says, as one plain sentence without names of rows or texts of others."""
    run = facts.run
    since = f"Nothing changed since {facts.day} UTC. " if facts.unchanged else ""
    if run.why:
        return f"{since}The gate was not measured: {run.why}."
    count = len(run.conditions)
    failed = sum(one.outcome == "fail" for one in run.conditions)
    undecided = sum(one.outcome == "not measured" for one in run.conditions)
    if run.verdict == "pass":
        held = "Its one condition holds" if count == 1 else f"All {count} conditions hold"
        return f"{since}The gate passes. {held}."
    what = [f"{failed} of {count} failed"] if failed else []
    what += [f"{undecided} of {count} {'was' if undecided == 1 else 'were'} not measured"] if undecided else []
    word = "fails" if failed else "was not measured"
    return f"{since}The gate {word}. Of its conditions {', '.join(what)}."
