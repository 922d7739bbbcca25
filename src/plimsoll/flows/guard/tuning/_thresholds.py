"""Choosing a threshold under a budget of false positives, with a stated confidence.

Thresholds are tried from the strictest down, and the last one is taken before the first that may exceed the budget:
the upper bound of its rate (Clopper and Pearson, 1934) is held against it. Testing in an order that was fixed before,
and stopping at the first failure, keeps the confidence although many thresholds are tried (fixed sequence testing, as
in Angelopoulos et al., "Learn then Test", 2021).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .._rates import Share
from ..measure import Probe
from ._bounds import rows_needed, upper_bound
from ._evidence import Evidence

STEPS: Final = 100
"""Thresholds are tried in steps of 0.01."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How often a check may act on what is harmless."""

    rate: float
    """Of the harmless texts, such as 0.01."""
    confidence: float = 0.95

    @property
    def rows_needed(self) -> int:
        """How many harmless texts it takes at least to keep it, even where none is acted on."""
        return rows_needed(self.rate, self.confidence)


@dataclass(frozen=True, slots=True)
class Told:
    """What one source says of a threshold."""

    source: str
    """`rows` or `marks`."""
    acting: Share
    """Of the harmless texts, those on which the rule acts."""
    at_most: float
    """The rate that is not exceeded, with the confidence of the budget."""
    finding: Share
    """Of the texts with something, those on which it acts."""
    unmarked: int
    """Of the harmless ones, those that only count so because nobody marked them."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What is proposed for one rule."""

    number: int
    """Of the rule, from 1."""
    check: str
    label: str
    stages: tuple[str, ...]
    before: float
    after: float
    """The same as `before` where nothing is proposed."""
    why: str
    """In one sentence without a full stop."""
    enough: bool
    """False where there are too few texts to say anything."""
    told_before: tuple[Told, ...]
    told: tuple[Told, ...]

    @property
    def changes(self) -> bool:
        """Whether another threshold is proposed."""
        return self.after != self.before


def propose_threshold(probe: Probe, evidence: Sequence[Evidence], budget: Budget) -> Proposed:
    """The lowest threshold under which a rule keeps the budget, by every source that can say something of it."""
    able = [one for one in evidence if len(one.harmless) >= budget.rows_needed]
    before = probe.rule.at_least
    if not able:
        have = max((len(one.harmless) for one in evidence), default=0)
        why = f"too few: {have:,} harmless texts, and it takes {budget.rows_needed:,} to keep {budget.rate:.2%}"
        return _proposed(probe, evidence, budget, (before, why), enough=False)
    after = _lowest(able, budget)
    if after is None:
        why = "even the strictest threshold may act on more than that; look at the rows on which it acts"
        return _proposed(probe, evidence, budget, (before, why))
    if _finds_nothing(able, before, after):
        why = f"only from {after:g} on it keeps the budget, and then it finds nothing: it needs another check"
        return _proposed(probe, evidence, budget, (before, why))
    if _is_same(able, before, after):
        return _proposed(probe, evidence, budget, (before, "the threshold as it is keeps the budget"))
    why = "stricter, to keep the budget" if after > before else "lower, and the budget is kept: more is found"
    return _proposed(probe, evidence, budget, (_between(able, after), why))


def _lowest(evidence: Sequence[Evidence], budget: Budget) -> float | None:
    """The last threshold before the first that may exceed the budget; None where the strictest may."""
    floor = max(one.floor for one in evidence)
    found: float | None = None
    for at_least in _thresholds():
        if at_least < floor or any(_at_most(one, at_least, budget) > budget.rate for one in evidence):
            break
        found = at_least
    return found


def _thresholds() -> Iterator[float]:
    return (step / STEPS for step in range(STEPS, -1, -1))


def _at_most(one: Evidence, at_least: float, budget: Budget) -> float:
    return upper_bound(one.acting(at_least), len(one.harmless), budget.confidence)


def _between(evidence: Sequence[Evidence], lowest: float) -> float:
    """The middle of the thresholds that decide on everything that is known as the lowest does.

    So what scores a little more or less than what was seen falls on the right side. A stricter threshold keeps every
    budget that a lower one keeps.
    """
    steps = range(round(lowest * STEPS), STEPS + 1)
    same = [step for step in steps if _is_same(evidence, lowest, step / STEPS)]
    return (same[0] + same[-1] + 1) // 2 / STEPS


def _finds_nothing(evidence: Sequence[Evidence], before: float, after: float) -> bool:
    """Whether a threshold would be kept only by a check that is as good as none."""
    return any(one.finding(before) for one in evidence) and not any(one.finding(after) for one in evidence)


def _is_same(evidence: Sequence[Evidence], one: float, other: float) -> bool:
    """Whether two thresholds decide alike on everything that is known."""
    return all((each.acting(one), each.finding(one)) == (each.acting(other), each.finding(other)) for each in evidence)


def _proposed(
    probe: Probe, evidence: Sequence[Evidence], budget: Budget, after: tuple[float, str], *, enough: bool = True
) -> Proposed:
    rule = probe.rule
    return Proposed(
        probe.number,
        rule.check.name,
        probe.label,
        rule.stages,
        rule.at_least,
        after[0],
        after[1],
        enough,
        tuple(_told(one, rule.at_least, budget) for one in evidence),
        tuple(_told(one, after[0], budget) for one in evidence),
    )


def _told(one: Evidence, at_least: float, budget: Budget) -> Told:
    acting, harmless = one.acting(at_least), len(one.harmless)
    return Told(
        one.source,
        Share(acting, harmless),
        _at_most(one, at_least, budget),
        Share(one.finding(at_least), len(one.due)),
        one.unmarked,
    )
