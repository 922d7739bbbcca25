"""What was learned about a field: a weight for each feature of a candidate, in a form that can be kept."""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._anchors import WIDTH, Table
from ._errors import FieldsInvalidError

_STEPS: Final = 150
_RATE: Final = 0.03
_PENALTY: Final = 2e-4
_KEPT: Final = np.dtype("<f2")
_FARTHEST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Learned:
    """Weights of the features and, as the last one, what every candidate starts with.

    They are rounded to 16 bits, which costs nothing and hides how one processor rounds in another way than the next:
    the same documents give the same text.
    """

    weights: NDArray[np.float64]

    def chances(self, table: Table) -> NDArray[np.float64]:
        """How likely it is that each candidate is a value, from 0 to 1."""
        return _logistic(table.scores(self.weights[:WIDTH]) + self.weights[WIDTH])

    def to_text(self) -> str:
        """Base64 of the weights, two bytes each, the low one first."""
        return base64.b64encode(self.weights.astype(_KEPT).tobytes()).decode("ascii")

    @classmethod
    def from_text(cls, text: str) -> "Learned":
        """What `to_text` wrote. Raises FieldsInvalidError for anything else."""
        try:
            weights = np.frombuffer(base64.b64decode(text, validate=True), _KEPT).astype(np.float64)
        except (binascii.Error, ValueError):
            weights = np.zeros(0)
        if weights.shape != (WIDTH + 1,) or not np.isfinite(weights).all():
            raise FieldsInvalidError(
                "what was learned about one of them cannot be read", hint="build the project again"
            )
        return cls(weights)


def fitted(table: Table, truth: NDArray[np.float64]) -> Learned:
    """Logistic regression with a quadratic penalty, by Adam (Kingma and Ba, 2015)."""
    weights, bias = np.zeros(WIDTH), float(np.log(truth.mean() / (1 - min(truth.mean(), 0.99))))
    first, second = np.zeros(WIDTH), np.zeros(WIDTH)
    for step in range(1, _STEPS + 1):
        wrong = _logistic(table.scores(weights) + bias) - truth
        slope = table.slope(wrong) / len(truth) + _PENALTY * weights
        first += 0.1 * (slope - first)
        second += 0.01 * (slope * slope - second)
        weights -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        bias -= _RATE * 10 * float(wrong.mean())
    return Learned(np.append(weights, bias).astype(_KEPT).astype(np.float64))


def _logistic(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    chances: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(scores, -_FARTHEST, _FARTHEST)))
    return chances
