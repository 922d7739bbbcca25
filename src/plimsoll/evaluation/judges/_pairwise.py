"""A judge that is shown two answers, in both orders."""

import math
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from plimsoll.datasets import Row

from .._observation import Observation
from ..scorers import Better, Score, Told, Unit
from ._asking import Answered, Task, ask, schema
from ._fence import Part
from ._sampling import Sampled, sample
from ._types import JudgeModel, version_of

Disagreement = Literal["tie", "not measured"]
Against = Literal["reference", "baseline"]
BASELINE: Final = "baseline"
"""The name of the field of a row in which the answer stands that a pair judge compares with."""


class Preferred(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model says."""

    reason: str
    better: Literal["A", "B", "tie"]


_FORM: Final = schema(
    "preference", {"reason": {"type": "string"}, "better": {"type": "string", "enum": ["A", "B", "tie"]}}
)
_EXAMPLE: Final = '{"reason": "why, in a few words", "better": "A", "B" or "tie"}'
PAIR_TASK: Final = (
    "Which of two answers, A and B, does better what the person asked for? What they asked for comes first: an answer "
    "that does something else is worse, however well it is written. Length, tone and the order in which the answers "
    "are shown do not count. Say tie only where neither is better."
)


@dataclass(frozen=True, slots=True)
class Compared:
    """What a judge says of two answers, asked in both orders."""

    value: float | None
    """1 where the second is better, 0 where the first is, .5 for a tie; None where it was not measured."""
    why: str
    consistent: bool | None
    """Whether both orders got the same verdict; None where one of them got none."""
    orders: tuple[tuple[float, ...], tuple[float, ...]]
    """The verdicts on (first, second), then on (second, first), each as `value` is."""
    cost_usd: float | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PairJudge:
    """Compares an answer with another one: the row's reference, or its field `baseline`.

    Both orders are always asked. Where they disagree the judge preferred a position, not an answer: that is a tie, or
    not measured where `on_disagreement` says so.
    """

    name: str
    model: JudgeModel
    task: str = PAIR_TASK
    against: Against = "reference"
    on_disagreement: Disagreement = "tie"
    samples: int = 1
    unit: Unit = "share"
    better: Better = "more"

    @property
    def labels(self) -> tuple[str, ...]:
        """What it can say of an answer beside another."""
        return ("worse", "tie", "better")

    @property
    def version(self) -> str:
        """Of the prompt, the number of samples, what a disagreement counts and the model."""
        ways = [self.against, self.on_disagreement, self.samples]
        return version_of(["pair", self._task().facts(), ways, self.model.facts()])

    def applies(self, row: Row) -> bool:
        """Whether the row has an answer to compare with."""
        return bool(self._other(row))

    async def score(self, row: Row, seen: Observation) -> Told:
        """1 where the answer is better than the other one, .5 for a tie, 0 where it is worse."""
        other = self._other(row)
        if not other or seen.answered is False or not seen.answer.strip():
            return None
        found = await self.compare(row.question, other, seen.answer)
        kept = {"orders": [list(one) for one in found.orders], "reasons": list(found.reasons)}
        parts = kept if found.consistent is None else {**kept, "consistent": found.consistent}
        return Score(found.value, found.why, parts, found.cost_usd)

    async def compare(self, question: str, first: str, second: str) -> Compared:
        """Both orders of two answers."""
        straight = await self._ordered(question, first, second)
        turned = await self._ordered(question, second, first)
        cost = None if straight.cost_usd is None or turned.cost_usd is None else straight.cost_usd + turned.cost_usd
        orders = (_values(straight), tuple(1.0 - one for one in _values(turned)))
        reasons = tuple(one.reason[:500] for one in (*straight.verdicts, *turned.verdicts))
        why = straight.why_not or turned.why_not
        if why:
            return Compared(None, why, None, orders, cost, reasons)
        one, other = (math.fsum(order) / len(order) for order in orders)
        if _side(one) == _side(other):
            return Compared(
                (one + other) / 2, reasons[0], consistent=True, orders=orders, cost_usd=cost, reasons=reasons
            )
        said = "the judge preferred another answer when the two changed places"
        value = 0.5 if self.on_disagreement == "tie" else None
        return Compared(value, said, consistent=False, orders=orders, cost_usd=cost, reasons=reasons)

    async def _ordered(self, question: str, first: str, second: str) -> Sampled[Preferred]:
        parts = (Part("What the person asked", question), Part("Answer A", first), Part("Answer B", second))

        async def one(number: int) -> Answered[Preferred]:
            return await ask(self.model, self._task(), parts, sample=number)

        return await sample(self.samples, one)

    def _other(self, row: Row) -> str:
        if self.against == "reference":
            return row.answers[0] if row.answers else ""
        value = row.fields.get(BASELINE)
        return value if isinstance(value, str) else ""

    def _task(self) -> Task[Preferred]:
        return Task(self.task, _EXAMPLE, _FORM, Preferred)


def _values(found: Sampled[Preferred]) -> tuple[float, ...]:
    return tuple({"A": 0.0, "B": 1.0, "tie": 0.5}[one.better] for one in found.verdicts)


def _side(value: float) -> int:
    """Which answer is preferred: -1 the first, 1 the second, 0 neither."""
    return (value > 0.5) - (value < 0.5)  # noqa: PLR2004  # the middle
