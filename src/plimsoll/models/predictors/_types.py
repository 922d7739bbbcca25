"""The port of classical models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classical model says about one row."""

    label: str | None
    """None when the model is not sure enough of any."""
    score: float
    """Of the best label, in the model's own measure."""
    scores: Mapping[str, float]
    """Of every label."""


class Predictor(Protocol):
    """A classical model, loaded. It may be used by several threads at once."""

    @property
    def name(self) -> str:
        """Such as `few_shot`."""

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Prediction, ...]:
        """One prediction for each row, in their order. Raises FeatureMissingError."""
