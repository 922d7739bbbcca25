"""Asking several times, and what the answers say together."""

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from ._asking import Answered

Verdict = TypeVar("Verdict", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Sampled(Generic[Verdict]):
    """All verdicts that came back, why others did not, and what all of them cost."""

    verdicts: tuple[Verdict, ...]
    missed: tuple[str, ...]
    cost_usd: float | None

    @property
    def why_not(self) -> str:
        """Why these samples say nothing: at least half of them are no verdict. Empty where they do."""
        if len(self.verdicts) > len(self.missed):
            return ""
        count = len(self.verdicts) + len(self.missed)
        return self.missed[0] if count == 1 else f"{len(self.missed)} of {count} samples: {self.missed[0]}"

    def parts(self, values: Sequence[float]) -> dict[str, Any]:
        """What is kept beside a score."""
        kept: dict[str, Any] = {"samples": list(values), "reasons": [_reason(one) for one in self.verdicts]}
        if len(values) > 1:
            kept["spread"] = spread(values)
        if self.missed:
            kept["missed"] = list(self.missed)
        return kept


async def sample(times: int, one: Callable[[int], Awaitable[Answered[Verdict]]]) -> Sampled[Verdict]:
    """Ask so many times, one after another: the run decides how much is asked at once."""
    verdicts: list[Verdict] = []
    missed: list[str] = []
    cost: float | None = 0.0
    for number in range(times):
        answered = await one(number)
        cost = None if cost is None or answered.cost_usd is None else cost + answered.cost_usd
        if answered.verdict is None:
            missed.append(answered.why)
        else:
            verdicts.append(answered.verdict)
    return Sampled(tuple(verdicts), tuple(missed), cost)


def majority(values: Sequence[float]) -> float | None:
    """What was said most often; None where two things were."""
    counted = Counter(values).most_common(2)
    return None if len(counted) > 1 and counted[0][1] == counted[1][1] else counted[0][0]


def spread(values: Sequence[float]) -> float:
    """The standard deviation of samples."""
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((one - mean) ** 2 for one in values) / (len(values) - 1))


def _reason(verdict: msgspec.Struct) -> str:
    return str(getattr(verdict, "reason", ""))[:500]
