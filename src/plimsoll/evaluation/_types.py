"""Suites, observations, runs and verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from plimsoll.datasets import Row
from plimsoll.kernel.digest import Digest, Json

Outcome = Literal["pass", "fail", "not measured"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition on one measure, written down before the run. At least one of the two bounds is set."""

    measure: str
    at_least: float | None = None
    at_most: float | None = None

    def text(self) -> str:
        """As a person writes it: `at least 0.8`."""
        bounds = [("at least", self.at_least), ("at most", self.at_most)]
        return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)


@dataclass(frozen=True, slots=True)
class Suite:
    """An evaluation: a dataset, an endpoint, scorers and thresholds."""

    name: str
    endpoint: str
    scorers: tuple[str, ...]
    thresholds: tuple[Threshold, ...]
    rows: tuple[Row, ...]
    digest: Digest
    """Of the suite's version; it names the dataset's version as a parent."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What an endpoint did with one row. `error` is empty unless there is no answer at all."""

    answer: str = ""
    span: str | None = None
    answered: bool | None = None
    cited: tuple[str, ...] = ()
    """Documents that the answer cites."""
    retrieved: tuple[str, ...] = ()
    """Documents of the retrieved passages, best first."""
    latency_ms: float = 0.0
    cost_usd: float | None = None
    trace: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """One row, what was observed, and a score for each scorer that applies to it."""

    row: Row
    observation: Observation
    scores: Mapping[str, float]

    def to_json(self) -> Json:
        """For the run's evidence."""
        seen = self.observation
        return {
            "row": self.row.id,
            "question": self.row.question,
            "answer": seen.answer,
            "answered": seen.answered,
            "cited": list(seen.cited),
            "retrieved": list(seen.retrieved),
            "latency_ms": round(seen.latency_ms, 3),
            "cost_usd": seen.cost_usd,
            "trace": seen.trace,
            "error": seen.error,
            "scores": dict(self.scores),
        }


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure over a run. `value` is None when it was not measured; `missing` counts rows that gave no answer."""

    name: str
    value: float | None
    count: int
    missing: int = 0
    low: float | None = None
    """Lower end of the 95 % interval, for shares."""
    high: float | None = None

    def to_json(self) -> Json:
        """For the run's evidence."""
        return {
            "name": self.name,
            "value": self.value,
            "count": self.count,
            "missing": self.missing,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True, slots=True)
class Condition:
    """One threshold, the figure it was held against, and what came of it."""

    threshold: Threshold
    value: float | None
    outcome: Outcome
    why: str

    def to_json(self) -> Json:
        """For the run's evidence."""
        return {
            "measure": self.threshold.measure,
            "at_least": self.threshold.at_least,
            "at_most": self.threshold.at_most,
            "value": self.value,
            "outcome": self.outcome,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says of one run."""

    suite: str
    outcome: Outcome
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a suite against one draft or release."""

    suite: Suite
    subject: Digest
    started_at: str
    rows: tuple[ScoredRow, ...]
    measures: tuple[Measure, ...]
    verdict: Verdict

    def to_json(self) -> Json:
        """The evidence: everything that the verdict rests on."""
        return {
            "suite": self.suite.name,
            "suite_digest": self.suite.digest,
            "subject": self.subject,
            "started_at": self.started_at,
            "rows": [row.to_json() for row in self.rows],
            "measures": [measure.to_json() for measure in self.measures],
            "verdict": self.verdict.outcome,
            "conditions": [condition.to_json() for condition in self.verdict.conditions],
        }
