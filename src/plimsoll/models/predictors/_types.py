"""The port of classical models."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

_UNSURE = "?"
_SAID_CHARS = 200


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classical model says about one row: its label."""

    label: str | None
    """None when the model is not sure enough of any."""
    score: float
    """Of the best label, in the model's own measure."""
    scores: Mapping[str, float]
    """Of every label."""

    def said(self) -> str:
        """In a few words, for people."""
        return self.label or _UNSURE


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value of a field: characters `start` to `end` of the row's text, and what they say in normal form."""

    value: str
    text: str
    """Those characters, as they stand there."""
    start: int
    end: int
    confidence: float
    """From 0 to 1; a probability where the field was learned from examples, else only an order."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What a classical model says about one row: the values of its fields."""

    fields: Mapping[str, tuple[FieldValue, ...]]
    """Of every field, best first; none where the text does not say."""

    def said(self) -> str:
        """In a few words, for people."""
        return "; ".join(f"{name}: {self.value(name) or _UNSURE}" for name in self.fields)[:_SAID_CHARS]

    def value(self, field: str) -> str:
        """The values of a field as one text; empty where it has none."""
        return said(one.value for one in self.fields.get(field, ()))


def said(values: Iterable[str]) -> str:
    """Several values of one field as one text, in whatever order they were found."""
    return " | ".join(sorted(values))


Predicted = Prediction | Extraction


class Predictor(Protocol):
    """A classical model, loaded. It may be used by several threads at once."""

    @property
    def name(self) -> str:
        """Such as `few_shot`."""

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Predicted]:
        """One prediction for each row, in their order. Raises FeatureMissingError."""
