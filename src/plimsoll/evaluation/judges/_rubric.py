"""A judge with a rubric: a number from 1 to 5, as a share."""

import math
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from plimsoll.datasets import Row

from .._observation import Observation
from ..scorers import Better, Score, Told, Unit
from ._asking import Task, ask, schema
from ._material import applies, parts_of
from ._rubrics import Rubric
from ._sampling import sample
from ._types import JudgeModel, share_of, version_of


class Rated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model says."""

    reason: str
    score: Annotated[int, msgspec.Meta(ge=1, le=5)]


_FORM: Final = schema(
    "rating", {"reason": {"type": "string"}, "score": {"type": "integer", "minimum": 1, "maximum": 5}}
)
_EXAMPLE: Final = '{"reason": "why, in a few words", "score": a whole number from 1 to 5}'


@dataclass(frozen=True, slots=True)
class RubricJudge:
    """Asks for a number from 1 to 5; 1 counts 0 and 5 counts 1. Of several samples the mean counts."""

    name: str
    rubric: Rubric
    model: JudgeModel
    samples: int = 1
    unit: Unit = "share"
    better: Better = "more"

    @property
    def labels(self) -> tuple[str, ...]:
        """The numbers, as people say them."""
        return tuple(str(number) for number in range(1, len(self.rubric.anchors) + 1))

    @property
    def version(self) -> str:
        """Of the prompt, the scale, the number of samples and the model."""
        material = list(self.rubric.material)
        return version_of(["rubric", self._task().facts(), material, self.samples, self.model.facts()])

    def applies(self, row: Row) -> bool:
        """Whether the row has what the rubric needs."""
        return applies(row, self.rubric.material)

    async def score(self, row: Row, seen: Observation) -> Told:
        """The mean of the samples, as a share; not measured where at least half of them are no verdict."""
        parts = parts_of(row, seen, self.rubric.material)
        if parts is None:
            return None
        found = await sample(self.samples, lambda number: ask(self.model, self._task(), parts, sample=number))
        values = [share_of(one.score - 1, self.labels) for one in found.verdicts]
        why_not = found.why_not
        value = None if why_not else math.fsum(values) / len(values)
        why = why_not or found.verdicts[0].reason[:500]
        return Score(value, why, found.parts(values), found.cost_usd)

    def _task(self) -> Task[Rated]:
        return Task(self.rubric.text(), _EXAMPLE, _FORM, Rated)
