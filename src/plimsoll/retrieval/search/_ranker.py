"""The trained ranker: a weighted sum of features, and the probability that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec
import numpy as np

from plimsoll.kernel.digest import digest_json

from .._types import Numbers
from ..signals import Signals
from ._errors import RankerFormatError

BUILTIN_RANKER: Final = "builtin/ranker"

_OWN: Final = ("passage", "text", "vector", "soft", "neighbours", "feedback", "text_rank", "vector_rank")
_BEST: Final = ("passage", "soft", "head")

CALIBRATION: Final = (
    *("bias", "gap", "gap_squared", "lead", "spread", "first", "first_lead", "by_rank"),
    *_OWN,
    *(f"best_{name}" for name in _BEST),
)
"""What the probability of a candidate is made of, beside some of its features and the highest of all candidates.

gap         its score less the best one's; gap_squared: the square
lead        the best score less the second; first_lead: the same for the best candidate, 0 for others
spread      the best score less the mean of the nine after it
first       1 for the best candidate
by_rank     one divided by its rank
"""

_NEXT = 10


@dataclass(frozen=True, slots=True)
class Ranker:
    """Weights by feature, and the calibration. What has no weight does not count."""

    weights: Mapping[str, float]
    calibration: Mapping[str, float] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Changes whenever candidates could get other scores."""
        return digest_json({"weights": dict(self.weights), "calibration": dict(self.calibration)})

    def scores(self, features: Signals) -> Numbers:
        """One score for each candidate, higher is better."""
        return features.weighted(self.weights)

    def relevances(self, features: Signals, scores: Numbers) -> Numbers:
        """For each candidate the probability that it is relevant, `1 / (1 + exp(-sum of weight * value))`."""
        weights = np.array([self.calibration.get(name, 0.0) for name in CALIBRATION])
        logits = np.clip(self.evidence(features, scores) @ weights, -30, 30)
        return np.asarray(1 / (1 + np.exp(-logits)), np.float64)

    @staticmethod
    def evidence(features: Signals, scores: Numbers) -> Numbers:
        """What `CALIBRATION` names, shape (candidates, names)."""
        count = len(scores)
        if not count:
            return np.zeros((0, len(CALIBRATION)))
        order = np.argsort(-scores, kind="stable")
        ordered, ranks = scores[order], np.empty(count)
        ranks[order] = np.arange(1, count + 1)
        column = {name: features.values[:, place] for place, name in enumerate(features.names)}
        first, lead = (ranks == 1).astype(np.float64), _less(ordered[0], ordered[1:2])
        values = (
            np.ones(count),
            scores - ordered[0],
            (scores - ordered[0]) ** 2,
            np.full(count, lead),
            np.full(count, _less(ordered[0], ordered[1:_NEXT])),
            first,
            first * lead,
            1 / ranks,
            *(column[name] for name in _OWN),
            *(np.full(count, column[name].max()) for name in _BEST),
        )
        return np.column_stack(values)


def _less(best: float, others: Numbers) -> float:
    """The best score less the mean of some others; 0 where there are none."""
    return best - float(others.mean()) if len(others) else 0.0


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    weights: dict[str, float]
    calibration: dict[str, float]
    about: str = ""


def read_ranker(data: bytes) -> Ranker:
    """The ranker in a JSON file, as `tools/train_ranker.py` writes it. Raises RankerFormatError."""
    try:
        read = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RankerFormatError(str(error)) from error
    if read.format != 1:
        raise RankerFormatError(f"its format is {read.format}, and this version reads 1")
    numbers = [*read.weights.values(), *read.calibration.values()]
    if not np.isfinite(numbers).all():
        raise RankerFormatError("a weight is no finite number")
    return Ranker(read.weights, read.calibration)


@cache
def builtin_ranker() -> Ranker:
    """The ranker that comes with Plimsoll; `weights/CARD.md` says on what it was trained."""
    return read_ranker((files(__package__) / "weights" / "ranker.json").read_bytes())
