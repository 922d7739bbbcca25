"""What a scorer is, and what it says."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from plimsoll.datasets import Row
from plimsoll.kernel.errors import InvalidError

from .._observation import Observation

Unit = Literal["share", "number"]
"""A `share` is from 0 to 1, so that a mean of it has the interval of a share; a `number` is anything finite."""

Better = Literal["more", "less"]


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says of one row."""

    value: float | None
    """None where it applies and could not be measured; then `why` says why not."""
    why: str = ""
    parts: Mapping[str, Any] = field(default_factory=dict)
    """What it rests on: claims, verdicts of a judge, the nearest answer."""
    cost_usd: float | None = 0.0
    """What scoring cost, which is part of what a run costs; None where the price is not known."""


Told = Score | None
"""None where a scorer does not apply to a row: such rows are not part of its mean."""


class Scorer(Protocol):
    """Says how good one answer is. Pure, or asking a model; the same for the same row whatever stands beside it.

    An exception of `score` makes the row not measured, with what it says as the reason; it ends nothing.
    """

    @property
    def name(self) -> str:
        """Under which thresholds name it: `token_f1`, or what a suite calls it."""

    @property
    def version(self) -> str:
        """Changes whenever the same answer may get another score; of a judge also with its prompt and model."""

    @property
    def unit(self) -> Unit:
        """What its numbers are."""

    @property
    def better(self) -> Better:
        """Whether more is better, or less."""

    def applies(self, row: Row) -> bool:
        """Whether it says something of a row once that is answered, so that a row without an answer can be missed."""

    def score(self, row: Row, seen: Observation) -> Told | Awaitable[Told]:
        """What it says of a row that was answered; a coroutine where it asks somebody else."""


Rule = Callable[[Row, Observation], float | None]


@dataclass(frozen=True, slots=True)
class RuleScorer:
    """A scorer that is a plain function of a row and what was observed."""

    name: str
    rule: Rule
    version: str = "1"
    unit: Unit = "share"
    better: Better = "more"

    def applies(self, row: Row) -> bool:
        """Whether the function says something of an empty answer."""
        return self.rule(row, Observation()) is not None

    def score(self, row: Row, seen: Observation) -> Told:
        """What the function says."""
        value = self.rule(row, seen)
        return None if value is None else Score(value)


class ScorerOptionsError(InvalidError):
    """A suite gives a scorer options that it cannot be made with."""

    code = "scorer_options"

    def __init__(self, scorer: str, what: str, hint: str) -> None:
        super().__init__(f"scorer {scorer}: {what}", hint=hint)
