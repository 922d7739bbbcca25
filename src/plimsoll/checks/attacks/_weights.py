"""The fitted numbers of these checks: one file beside the code, read when it is first needed.

`weights/CARD.md` says what they were fitted on, and `tools/train_checks/attacks.py` makes them again.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..ngrams import NgramModel

FILE: Final = Path(__file__).parent / "weights" / "attacks.safetensors"
DIRECT, JAILBREAK, INSTRUCTION = "direct", "jailbreak", "instruction"
HEADS: Final = (DIRECT, JAILBREAK, INSTRUCTION)
_VERSION_LENGTH = 8
_MOST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """How facts become a probability: `1 / (1 + exp(-(bias + sum of weight * fact)))`."""

    bias: float
    weights: Mapping[str, float]

    def score(self, facts: Mapping[str, float]) -> float:
        """The probability, of facts by name."""
        total = self.bias + sum(weight * facts.get(name, 0.0) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-_MOST, min(_MOST, total))))

    def scores(self, names: Sequence[str], table: "NDArray[np.float64]") -> list[float]:
        """The probabilities of many, from a table with a row for each and a column for each name."""
        import numpy as np

        total = self.bias + table @ np.array([self.weights.get(name, 0.0) for name in names])
        return list((1 / (1 + np.exp(-np.clip(total, -_MOST, _MOST)))).tolist())


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything that was fitted."""

    model: "NgramModel"
    calibrations: Mapping[str, Calibration]

    @property
    def version(self) -> str:
        """The first characters of the file's digest."""
        return self.model.digest[:_VERSION_LENGTH]


def read_calibration(said: Mapping[str, Any]) -> Calibration:
    """A calibration as a file says it."""
    return Calibration(float(said["bias"]), dict(said["weights"]))


def read_weights(data: bytes) -> Weights:
    """The weights in a file. Raises NgramsFileError."""
    from ..ngrams import NgramsFileError, from_bytes

    model = from_bytes("the checks of attacks", data)
    try:
        said = json.loads(model.notes["calibrations"])
        calibrations = {name: read_calibration(one) for name, one in said.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise NgramsFileError("the checks of attacks", "they hold no calibrations") from error
    if model.heads != HEADS or not set(HEADS) <= set(calibrations):
        raise NgramsFileError("the checks of attacks", f"they are not for the heads {', '.join(HEADS)}")
    return Weights(model, calibrations)


@cache
def load_weights() -> Weights:
    """The weights that this release was published with. Raises NgramsFileError."""
    return read_weights(FILE.read_bytes())
