"""One row of a dataset that was asked, as a test sees it."""

import math
from dataclasses import dataclass

import pytest

from plimsoll.datasets import Row
from plimsoll.evaluation import Observation, ScoredRow
from plimsoll.evaluation.scorers import Scorer


class NotMeasuredError(AssertionError):
    """There is no figure to assert anything of: a row without an answer, or a scorer that could not say.

    It fails a test as any assertion does, and its text begins with `not measured`.
    """


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A row, what was answered, and what each scorer said of it."""

    row: Row
    scored: tuple[ScoredRow, ...]
    """Once for each time that it was asked."""
    scorers: tuple[Scorer, ...]

    @property
    def id(self) -> str:
        """The id of the row."""
        return self.row.id

    @property
    def question(self) -> str:
        """What was asked."""
        return self.row.question

    @property
    def expected(self) -> tuple[str, ...]:
        """Texts of which each would be right."""
        return self.row.answers

    @property
    def seen(self) -> Observation:
        """What the endpoint did, the first time that it was asked."""
        return self.scored[0].observation

    @property
    def answer(self) -> str:
        """The answer, the first time that it was asked."""
        return self.seen.answer

    @property
    def scores(self) -> dict[str, float]:
        """The scores that were measured: the mean where it was asked several times."""
        names = dict.fromkeys(name for one in self.scored for name in one.scores)
        return {name: self._mean(name) for name in names}

    def score(self, name: str) -> float:
        """What a scorer of the suite said. A scorer that does not apply to this row skips the test.

        Raises NotMeasuredError where it could not say, and LookupError where the suite has no such scorer.
        """
        scorer = next((one for one in self.scorers if one.name == name), None)
        if scorer is None:
            known = ", ".join(one.name for one in self.scorers)
            msg = f"the suite has no scorer {name}; it has {known}"
            raise LookupError(msg)
        missing = [one.told[name].why for one in self.scored if name in one.told and one.told[name].value is None]
        if missing:
            msg = f"not measured: {name} of {self.id}: {missing[0]}"
            raise NotMeasuredError(msg)
        if name not in self.scores:
            pytest.skip(f"{name} does not apply to {self.id}")
        return self.scores[name]

    def _mean(self, name: str) -> float:
        values = [one.scores[name] for one in self.scored if name in one.scores]
        return math.fsum(values) / len(values)
