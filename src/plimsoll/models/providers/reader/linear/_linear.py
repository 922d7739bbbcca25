"""Weighted sums of scaled features, and the logistic and softmax functions of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float32]

_CLIP: Final = 6.0
"""Features further from the mean than so many deviations count as so far."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear model."""

    mean: Table
    """Of each feature."""
    scale: Table
    """The deviation of each feature."""
    weights: Table
    """Shape (features, outcomes)."""
    bias: Table
    """One number for each outcome."""

    def scores(self, rows: NDArray[np.floating]) -> Table:
        """Shape (rows, outcomes)."""
        scaled = np.clip((rows - self.mean) / self.scale, -_CLIP, _CLIP)
        found: Table = (scaled @ self.weights + self.bias).astype(np.float32)
        return found

    def probabilities(self, rows: NDArray[np.floating]) -> Table:
        """Of each outcome, for each row: logistic where there is one outcome, else softmax."""
        scores = self.scores(rows).astype(np.float64)
        if scores.shape[1] == 1:
            return (1 / (1 + np.exp(-np.clip(scores, -40, 40)))).astype(np.float32)
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: Table = (raised / raised.sum(axis=1, keepdims=True)).astype(np.float32)
        return found

    def arrays(self) -> dict[str, Table]:
        """Its parts by name."""
        return {"mean": self.mean, "scale": self.scale, "weights": self.weights, "bias": self.bias}

    @classmethod
    def of(cls, arrays: Mapping[str, Table]) -> "Linear":
        """The model of these parts."""
        return cls(**{name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()})
