"""What a scorer is, and what it says."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from plimsoll.datasets import Row

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
        """Whether it may say something of a row once that is answered, so that a row without an answer can be missed.

        Where it is false, `score` is None whatever was answered.
        """

    def score(self, row: Row, seen: Observation) -> Told | Awaitable[Told]:
        """What it says of a row that was answered; a coroutine where it asks somebody else, or takes long."""


Rule = Callable[[Row, Observation], float | Score | None]
When = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class RuleScorer:
    """A scorer that is a plain function of a row and what was observed."""

    name: str
    rule: Rule
    version: str = "1"
    unit: Unit = "share"
    better: Better = "more"
    when: When | None = None
    """To which rows it applies; without it to those of which the function says something when the answer is empty."""

    def applies(self, row: Row) -> bool:
        """Whether the function may say something of the row."""
        return self.rule(row, Observation()) is not None if self.when is None else self.when(row)

    def score(self, row: Row, seen: Observation) -> Told:
        """What the function says."""
        return _told(self.rule, self.when, row, seen)


@dataclass(frozen=True, slots=True)
class SlowScorer:
    """A function that takes long for one row: it works in a thread, so that answers are timed as if it were not there.

    Its version may need files that are large, so it is asked for only when it is wanted.
    """

    name: str
    rule: Rule
    version_of: Callable[[], str]
    when: When
    unit: Unit = "share"
    better: Better = "more"

    @property
    def version(self) -> str:
        """Of the function and all that it reads."""
        return self.version_of()

    def applies(self, row: Row) -> bool:
        """Whether the function may say something of the row."""
        return self.when(row)

    def score(self, row: Row, seen: Observation) -> Awaitable[Told]:
        """What the function says."""
        return asyncio.to_thread(_told, self.rule, self.when, row, seen)


def _told(rule: Rule, when: When | None, row: Row, seen: Observation) -> Told:
    if when is not None and not when(row):
        return None
    said = rule(row, seen)
    return Score(said) if isinstance(said, int | float) else said
