"""A judge that says pass or fail."""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from plimsoll.datasets import Row

from .._observation import Observation
from ..scorers import Better, Score, Told, Unit
from ._asking import Task, ask, schema
from ._material import applies, parts_of
from ._rubrics import Material
from ._sampling import majority, sample
from ._types import JudgeModel, version_of


class Passed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model says."""

    reason: str
    verdict: Literal["pass", "fail"]


_FORM: Final = schema(
    "verdict", {"reason": {"type": "string"}, "verdict": {"type": "string", "enum": ["pass", "fail"]}}
)
_EXAMPLE: Final = '{"reason": "why, in a few words", "verdict": "pass" or "fail"}'


@dataclass(frozen=True, slots=True)
class PassJudge:
    """Asks whether an answer passes, by words of the suite; of several samples the majority counts."""

    name: str
    task: str
    """What is decided, and what passes: `The answer names the notice period. It passes when …`."""
    model: JudgeModel
    material: tuple[Material, ...] = ("question",)
    samples: int = 1
    unit: Unit = "share"
    better: Better = "more"

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can say."""
        return ("fail", "pass")

    @property
    def version(self) -> str:
        """Of the prompt, the number of samples and the model."""
        return version_of(["pass", self._task().facts(), list(self.material), self.samples, self.model.facts()])

    def applies(self, row: Row) -> bool:
        """Whether the row has what must be shown."""
        return applies(row, self.material)

    async def score(self, row: Row, seen: Observation) -> Told:
        """1 or 0; not measured where the samples are even, or at least half of them are no verdict."""
        parts = parts_of(row, seen, self.material)
        if parts is None:
            return None
        found = await sample(self.samples, lambda number: ask(self.model, self._task(), parts, sample=number))
        values = [float(one.verdict == "pass") for one in found.verdicts]
        why = found.why_not
        value = None if why else majority(values)
        if not why and value is None:
            why = f"{len(values)} samples are even: as many pass as fail"
        return Score(value, why or found.verdicts[0].reason[:500], found.parts(values), found.cost_usd)

    def _task(self) -> Task[Passed]:
        return Task(self.task, _EXAMPLE, _FORM, Passed)
