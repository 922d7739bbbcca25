"""What people and a judge said of the same rows, and what is known of the judge from that."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from plimsoll.kernel.digest import Digest, Json, digest_json

Quantity = Literal["kappa", "balanced_accuracy", "accuracy"]
"""What a policy can ask of a judge."""


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """One answer, as people and a judge see it. Labels are shares: the worst is 0 and the best 1."""

    row: str
    content: Digest
    """Of what was judged: the question, the answer, and what else was shown."""
    people: tuple[float, ...]
    """What each annotator said."""
    truth: float | None
    """What holds: what all said, or what was adjudicated; None where people disagree and nobody settled it."""
    judged: tuple[float, ...] = ()
    """What the judge said, each time that it was asked; nothing where it was not measured."""
    why: str = ""
    """Why the judge said nothing."""
    consistent: bool | None = None
    """Whether it said the same in both orders; None where it is shown no two."""
    slices: tuple[str, ...] = ()
    group: str = ""
    author: str = ""
    """The model that gave the answer, where it is known."""
    cost_usd: float | None = 0.0

    @property
    def said(self) -> float | None:
        """What counts of the judge: the first that it said, as a suite asks it."""
        return self.judged[0] if self.judged else None


def agreed(labels: Sequence[float]) -> float | None:
    """What all annotators said; None where they differ, or there are none."""
    return labels[0] if labels and len(set(labels)) == 1 else None


def most_said(labels: Sequence[float]) -> float | None:
    """What more annotators said than anything else; None where nothing is."""
    counted = Counter(labels).most_common(2)
    if not counted or (len(counted) > 1 and counted[0][1] == counted[1][1]):
        return None
    return counted[0][0]


@dataclass(frozen=True, slots=True)
class Value:
    """An estimate and its 95 % interval; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None
    rows: int

    def to_json(self) -> Json:
        """For the record."""
        return {"value": self.value, "low": self.low, "high": self.high, "rows": self.rows}


@dataclass(frozen=True, slots=True)
class Bias:
    """How much higher than people a judge scores the rows of a slice; of all rows where `slice` is empty."""

    slice: str
    difference: float
    """The mean of judge minus people, as a share of the scale."""
    low: float
    high: float
    p_value: float
    """Of slices, adjusted for how many there are (Holm)."""
    rows: int

    def to_json(self) -> Json:
        """For the record."""
        return {
            "slice": self.slice,
            "difference": self.difference,
            "low": self.low,
            "high": self.high,
            "p_value": self.p_value,
            "rows": self.rows,
        }


@dataclass(frozen=True, slots=True)
class Anchor:
    """A row that is judged again later, and what the judge says of it now."""

    row: str
    content: Digest
    said: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Evidence of how far a judge agrees with people. It holds for one version of the judge and one set of labels."""

    judge: str
    """The scorer's name."""
    version: str
    """The judge's version: of its prompt, its scale and its model."""
    labels: tuple[str, ...]
    """What it can say, the worst first."""
    label_set: Digest
    """Of the rows and of what people said of them."""
    rows: int
    """Those of which both people and the judge said something."""
    disputed: int
    """Rows on which people disagree, and which nobody settled: they are left out."""
    missing: int
    """Rows that the judge could not judge; `why` says why, for the first of them."""
    values: Mapping[str, Value]
    """Agreement and consistency, by name."""
    biases: tuple[Bias, ...]
    confusion: Mapping[str, Mapping[str, int]]
    """How often the judge said what, by what people said."""
    anchors: tuple[Anchor, ...]
    made_at: str
    why: str = ""
    """For whoever makes it; not kept, because it may quote what a judge said."""
    cost_usd: float | None = None
    source: str = ""
    """Where the labels come from: the name of the review queue, in which the anchors are found again."""
    environment: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The evidence."""
        return {
            "format": "plimsoll-calibration-1",
            "judge": self.judge,
            "version": self.version,
            "labels": list(self.labels),
            "label_set": self.label_set,
            "rows": self.rows,
            "disputed": self.disputed,
            "missing": self.missing,
            "values": {name: value.to_json() for name, value in self.values.items()},
            "biases": [bias.to_json() for bias in self.biases],
            "confusion": {truth: dict(said) for truth, said in self.confusion.items()},
            "anchors": [{"row": one.row, "content": one.content, "said": one.said} for one in self.anchors],
            "made_at": self.made_at,
            "cost_usd": self.cost_usd,
            "source": self.source,
            "environment": dict(self.environment),
        }

    @property
    def digest(self) -> Digest:
        """Its address."""
        return digest_json(self.to_json())


def label_set_of(rows: Sequence[JudgedRow]) -> Digest:
    """The digest of rows and of what people said of them, in any order of rows and of annotators."""
    content: list[Json] = [
        [row.row, row.content, list[Json](sorted(row.people)), row.truth]
        for row in sorted(rows, key=lambda one: (one.row, one.content))
    ]
    return digest_json(content)
