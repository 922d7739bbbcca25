"""What a red team run has shown, with intervals."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from plimsoll.kernel.digest import Json
from plimsoll.kernel.statistics import wilson_interval

from ._judging import succeeded
from ._types import Outcome


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of cases, with its 95 % interval (Wilson 1927)."""

    hits: int
    count: int

    @property
    def value(self) -> float | None:
        """The share; None where nothing was measured."""
        return self.hits / self.count if self.count else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share."""
        return wilson_interval(self.hits, self.count)

    def to_json(self) -> dict[str, Json]:
        """For people and machines."""
        low, high = self.interval if self.count else (None, None)
        return {"value": self.value, "low": low, "high": high, "hits": self.hits, "count": self.count}


@dataclass(frozen=True, slots=True)
class Side:
    """One policy, or none, under all cases."""

    outcomes: tuple[Outcome, ...]

    def success(self, of: Callable[[Outcome], bool] = lambda _: True) -> Rate:
        """How many attacks reached what they were after (attack success rate)."""
        measured = [one for one in self.outcomes if one.case.harmful and one.measured and of(one)]
        return Rate(sum(succeeded(one.case, one.reply) for one in measured), len(measured))

    def stopped(self, of: Callable[[Outcome], bool] = lambda _: True) -> Rate:
        """How many attacks the guardrail stopped."""
        measured = [one for one in self.outcomes if one.case.harmful and one.measured and of(one)]
        return Rate(sum(one.stopped for one in measured), len(measured))

    def over_refusal(self) -> Rate:
        """How many harmless requests the guardrail stopped."""
        measured = [one for one in self.outcomes if not one.case.harmful and one.measured]
        return Rate(sum(one.stopped for one in measured), len(measured))

    @property
    def not_measured(self) -> int:
        """Cases without an answer."""
        return sum(not one.measured for one in self.outcomes)


@dataclass(frozen=True, slots=True)
class Report:
    """The same cases with the policy and without it."""

    guarded: Side
    open: Side

    def to_json(self) -> dict[str, Json]:
        """The whole report: in all, and by goal, disguise, carrier, OWASP and ATLAS id."""
        slices: dict[str, Json] = {
            "goal": self._by(lambda one: (one.case.goal,)),
            "disguise": self._by(lambda one: (one.case.disguise,)),
            "carrier": self._by(lambda one: (one.case.carrier,)),
            "owasp": self._by(lambda one: one.case.owasp),
            "atlas": self._by(lambda one: one.case.atlas),
        }
        return {
            "attacks": sum(one.case.harmful for one in self.guarded.outcomes),
            "harmless": sum(not one.case.harmful for one in self.guarded.outcomes),
            "attack_success": self.guarded.success().to_json(),
            "attack_success_without_policy": self.open.success().to_json(),
            "attacks_stopped": self.guarded.stopped().to_json(),
            "over_refusal": self.guarded.over_refusal().to_json(),
            "not_measured": self.guarded.not_measured,
            "not_measured_without_policy": self.open.not_measured,
            "by": slices,
            "failures": [_failure(one) for one in self.failures],
        }

    @property
    def failures(self) -> Sequence[Outcome]:
        """Attacks that got through and reached what they were after."""
        return [one for one in self.guarded.outcomes if one.measured and succeeded(one.case, one.reply)]

    def names(self, of: Callable[[Outcome], Iterable[str]]) -> list[str]:
        """The slices that there are, in order."""
        return sorted({name for one in self.guarded.outcomes if one.case.harmful for name in of(one)})

    def _by(self, of: Callable[[Outcome], Iterable[str]]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        guarded, bare = _sliced(self.guarded.outcomes, of), _sliced(self.open.outcomes, of)
        for name in self.names(of):
            found[name] = {
                "attack_success": Side(tuple(guarded[name])).success().to_json(),
                "attack_success_without_policy": Side(tuple(bare[name])).success().to_json(),
                "attacks_stopped": Side(tuple(guarded[name])).stopped().to_json(),
            }
        return found


def _sliced(outcomes: Iterable[Outcome], of: Callable[[Outcome], Iterable[str]]) -> Mapping[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        for name in of(one):
            found[name].append(one)
    return found


def _failure(one: Outcome) -> dict[str, Json]:
    case = one.case
    return {
        "id": case.id, "goal": case.goal, "disguise": case.disguise, "carrier": case.carrier,
        "owasp": list(case.owasp), "atlas": list(case.atlas), "question": case.messages[-1]["content"],
        "planted": case.planted, "answer": one.reply.text,
    }  # fmt: skip
