"""Suites, measures, verdicts and runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from plimsoll.datasets import Row
from plimsoll.kernel.digest import Digest, Json

from ._observation import Observation
from .figures import Figure
from .scorers import Better, Score, Scorer, Unit

Outcome = Literal["pass", "fail", "not measured"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition on one measure, written down before the run. It has at least one bound, or `may_lose`."""

    measure: str
    at_least: float | None = None
    at_most: float | None = None
    confidence: float | None = 0.95
    """How sure the run must be that the bound holds of all such rows; None compares the estimate alone."""
    slice: str = ""
    """The tag of the rows on which it must hold; empty for all."""
    may_lose: float | None = None
    """How much worse than the baseline it may be on the same rows, in the measure's own unit; needs a comparison."""

    def text(self) -> str:
        """As a person writes it: `at least 0.8`."""
        bounds = [
            ("at least", self.at_least),
            ("at most", self.at_most),
            ("worse than the baseline by at most", self.may_lose),
        ]
        return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)

    @property
    def place(self) -> str:
        """The measure, and the slice where there is one: `token_f1 (long)`."""
        return f"{self.measure} ({self.slice})" if self.slice else self.measure


@dataclass(frozen=True, slots=True)
class Suite:
    """An evaluation: a dataset, an endpoint, scorers and thresholds."""

    name: str
    endpoint: str
    scorers: tuple[Scorer, ...]
    thresholds: tuple[Threshold, ...]
    rows: tuple[Row, ...]
    digest: Digest
    """Of the suite's version; it names the dataset's version as a parent."""
    dataset: Digest = ""
    """Of the dataset's version."""
    repeats: int = 1
    """How often each row is asked."""
    seed: int = 0
    figures: tuple[Figure, ...] = ()
    """Figures of the whole run that it has beside those of every run."""


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """One row, what was observed, and what each scorer that applies to it says."""

    row: Row
    observation: Observation
    told: Mapping[str, Score]
    repeat: int = 0
    """The how-manieth time it was asked, from 0."""
    kept: bool = False
    """Whether the answer is one that was kept of an earlier run."""

    @property
    def scores(self) -> dict[str, float]:
        """The numbers of the scorers that could be measured."""
        return {name: score.value for name, score in self.told.items() if score.value is not None}

    def to_json(self) -> Json:
        """For the run's evidence."""
        return {
            "row": self.row.id,
            "repeat": self.repeat,
            "question": self.row.question,
            "tags": list(self.row.tags),
            **({"group": self.row.group} if self.row.group else {}),
            **_object(self.observation.to_json()),
            "error": self.observation.error,
            "scores": dict(self.scores),
            "not_measured": {name: score.why for name, score in self.told.items() if score.value is None},
            "why": {name: score.why for name, score in self.told.items() if score.value is not None and score.why},
            "parts": {name: dict(score.parts) for name, score in self.told.items() if score.parts},
        }


def _object(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)  # noqa: S101  # an observation is an object
    return value


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure over a run or over a slice of it. `value` is None when it was not measured."""

    name: str
    value: float | None
    count: int
    """Rows (not answers: a row that is asked three times is one) of which it is made."""
    missing: int = 0
    """Rows that it applies to and that gave no answer, or no score; `why` says why, for the first of them."""
    low: float | None = None
    """Lower end of the 95 % interval; None where there is none, or where nothing bounds it."""
    high: float | None = None
    slice: str = ""
    version: str = "1"
    """Of the scorer, or of the figure."""
    unit: Unit = "share"
    better: Better = "more"
    spread: float | None = None
    """Standard deviation of rows, from which follows what can be seen with so many of them."""
    noise: float | None = None
    """Standard deviation of the same row asked again; None where each was asked once."""
    why: str = ""
    values: tuple[float, ...] = field(default=(), repr=False)
    """The value of each row, in the order of the dataset, where the figure is a mean of rows."""
    groups: tuple[str, ...] | None = field(default=None, repr=False)
    """Which rows belong together, where some do."""
    bound: Callable[[float, bool], float | None] | None = field(default=None, repr=False, compare=False)
    """What the true value is not beyond, given how sure one must be and whether the lower bound is asked for; of
    figures that have a rule of their own."""

    @property
    def is_complete(self) -> bool:
        """Whether there is a value, and no row is missing."""
        return self.value is not None and not self.missing

    def to_json(self) -> Json:
        """For the run's evidence; the values of rows stand with the rows."""
        return {
            "name": self.name,
            "slice": self.slice,
            "version": self.version,
            "value": self.value,
            "unit": self.unit,
            "better": self.better,
            "count": self.count,
            "missing": self.missing,
            "low": self.low,
            "high": self.high,
            "spread": self.spread,
            "noise": self.noise,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Condition:
    """One threshold, the figure it was held against, and what came of it."""

    threshold: Threshold
    value: float | None
    outcome: Outcome
    why: str
    bound: float | None = None
    """What the true value is not beyond, as surely as the threshold asks; None where nothing is known of it."""
    rows_needed: int | None = None
    """About how many rows would decide, where these do not and more would."""
    gain: float | None = None
    """How much better than the baseline it is on the same rows, below 0 where worse; None without a comparison."""
    gain_bound: float | None = None
    """What the true gain is not below, as surely as the threshold asks."""

    def to_json(self) -> Json:
        """For the run's evidence."""
        return {
            "measure": self.threshold.measure,
            "slice": self.threshold.slice,
            "at_least": self.threshold.at_least,
            "at_most": self.threshold.at_most,
            "confidence": self.threshold.confidence,
            "value": self.value,
            "bound": self.bound,
            "outcome": self.outcome,
            "why": self.why,
            "rows_needed": self.rows_needed,
            **self._against(),
        }

    def _against(self) -> dict[str, Json]:
        if self.threshold.may_lose is None:
            return {}
        return {"may_lose": self.threshold.may_lose, "gain": self.gain, "gain_bound": self.gain_bound}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate says of one run."""

    suite: str
    outcome: Outcome
    conditions: tuple[Condition, ...]
    why: str = ""
    """Why it is not measured, where that is no condition's fault: a suite without thresholds, a run that stopped."""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a suite against one draft or release."""

    suite: Suite
    subject: Digest
    started_at: str
    rows: tuple[ScoredRow, ...]
    measures: tuple[Measure, ...]
    verdict: Verdict
    cost_usd: float | None = None
    """What asking and scoring cost now; answers that were kept cost nothing. None where a price is not known."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Versions of what measured: Plimsoll, Python, the operating system."""
    comparison: Json = None
    """What comparing with the baseline found; None where nothing was compared."""

    def measure(self, name: str, slice_: str = "") -> Measure | None:
        """The figure of a name, over all rows or a slice."""
        return next((one for one in self.measures if (one.name, one.slice) == (name, slice_)), None)

    def to_json(self) -> Json:
        """The evidence: everything that the verdict rests on."""
        return {
            "format": "plimsoll-run-2",
            "suite": self.suite.name,
            "suite_digest": self.suite.digest,
            "dataset_digest": self.suite.dataset,
            "endpoint": self.suite.endpoint,
            "seed": self.suite.seed,
            "repeats": self.suite.repeats,
            "scorers": {scorer.name: scorer.version for scorer in self.suite.scorers},
            "subject": self.subject,
            "started_at": self.started_at,
            "environment": dict(self.environment),
            "cost_usd": self.cost_usd,
            "rows": [row.to_json() for row in self.rows],
            "measures": [measure.to_json() for measure in self.measures],
            "verdict": self.verdict.outcome,
            "why": self.verdict.why,
            "conditions": [condition.to_json() for condition in self.verdict.conditions],
            **({} if self.comparison is None else {"comparison": self.comparison}),
        }
