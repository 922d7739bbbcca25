"""A run as its evidence tells it: the one thing that reports read, whether the run is of today or of last month."""

from collections.abc import Mapping
from typing import Any

import msgspec

from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import InvalidError

from .._observation import Retrieved
from .._types import Outcome
from ..scorers import Better, Unit


class SeenMeasure(msgspec.Struct, frozen=True):
    """One figure of a run or of a slice of it."""

    name: str
    value: float | None
    count: int
    slice: str = ""
    version: str = "1"
    unit: Unit = "share"
    better: Better = "more"
    missing: int = 0
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    noise: float | None = None
    why: str = ""

    @property
    def place(self) -> str:
        """The measure, and the slice where there is one."""
        return f"{self.name} ({self.slice})" if self.slice else self.name


class SeenCondition(msgspec.Struct, frozen=True):
    """One threshold, and what came of it."""

    measure: str
    outcome: Outcome
    why: str
    slice: str = ""
    at_least: float | None = None
    at_most: float | None = None
    confidence: float | None = None
    value: float | None = None
    bound: float | None = None
    rows_needed: int | None = None
    may_lose: float | None = None
    gain: float | None = None
    gain_bound: float | None = None

    @property
    def place(self) -> str:
        """The measure, and the slice where there is one."""
        return f"{self.measure} ({self.slice})" if self.slice else self.measure

    @property
    def limit(self) -> str:
        """As a person writes it: `at least 0.8`."""
        bounds = [
            ("at least", self.at_least),
            ("at most", self.at_most),
            ("worse than the baseline by at most", self.may_lose),
        ]
        return " and ".join(f"{words} {bound:g}" for words, bound in bounds if bound is not None)


class SeenRow(msgspec.Struct, frozen=True):
    """One row that was asked."""

    row: str
    question: str = ""
    repeat: int = 0
    tags: tuple[str, ...] = ()
    answer: str = ""
    error: str = ""
    cited: tuple[str, ...] = ()
    passages: tuple[Retrieved, ...] = ()
    guardrails: tuple[str, ...] = ()
    latency_ms: float = 0.0
    cost_usd: float | None = None
    target: str = ""
    trace: str = ""
    scores: Mapping[str, float] = {}
    not_measured: Mapping[str, str] = {}
    why: Mapping[str, str] = {}
    parts: Mapping[str, Mapping[str, Any]] = {}

    @property
    def name(self) -> str:
        """Its id, and the how-manieth time it was asked where that is not the first."""
        return f"{self.row} #{self.repeat + 1}" if self.repeat else self.row


class SeenDifference(msgspec.Struct, frozen=True):
    """One measure of the same rows in two runs; what they differ by is new minus old."""

    measure: str
    slice: str = ""
    unit: Unit = "share"
    better: Better = "more"
    rows: int = 0
    old: float | None = None
    new: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    adjusted: float | None = None
    rows_better: int = 0
    rows_worse: int = 0
    is_primary: bool = False
    says: str = "not measured"
    why: str = ""

    @property
    def place(self) -> str:
        """The measure, and the slice where there is one."""
        return f"{self.measure} ({self.slice})" if self.slice else self.measure


class SeenComparison(msgspec.Struct, frozen=True):
    """What `Comparison.to_json` wrote, as far as it is told here."""

    differences: tuple[SeenDifference, ...]
    level: float = 0.95


class SeenRun(msgspec.Struct, frozen=True):
    """What `Run.to_json` wrote."""

    suite: str
    endpoint: str
    subject: Digest
    started_at: str
    verdict: Outcome
    rows: tuple[SeenRow, ...]
    measures: tuple[SeenMeasure, ...]
    conditions: tuple[SeenCondition, ...]
    why: str = ""
    suite_digest: Digest = ""
    dataset_digest: Digest = ""
    seed: int = 0
    repeats: int = 1
    scorers: Mapping[str, str] = {}
    environment: Mapping[str, str] = {}
    cost_usd: float | None = None
    comparison: SeenComparison | None = None
    """With the baseline that its gate looked at."""

    def measure(self, name: str, slice_: str = "") -> SeenMeasure | None:
        """The figure of a name, over all rows or a slice."""
        return next((one for one in self.measures if (one.name, one.slice) == (name, slice_)), None)

    def condition(self, measure: SeenMeasure) -> SeenCondition | None:
        """The threshold on a figure, where there is one."""
        found = (one for one in self.conditions if (one.measure, one.slice) == (measure.name, measure.slice))
        return next(found, None)


class EvidenceInvalidError(InvalidError):
    """What was kept is no run that this version can read."""

    code = "evidence_invalid"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the evidence is not a run that can be read: {what}",
            hint="open it with the version of Plimsoll that wrote it, or run the suite again",
        )


def seen_comparison(content: Json) -> SeenComparison:
    """What `Comparison.to_json` wrote. Raises EvidenceInvalidError for anything else."""
    try:
        return msgspec.convert(content, SeenComparison)
    except msgspec.ValidationError as error:
        raise EvidenceInvalidError(str(error)) from error


def seen_run(content: Json) -> SeenRun:
    """What `Run.to_json` wrote, also earlier. Raises EvidenceInvalidError for anything else."""
    try:
        return msgspec.convert(content, SeenRun)
    except msgspec.ValidationError as error:
        raise EvidenceInvalidError(str(error)) from error
