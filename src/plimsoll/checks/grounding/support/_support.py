"""How little of a sentence its sources say: two small sums over its facts, and how they are read and written.

Each fact counts as it is, and again cut off at some knots, so that the first new words may weigh more than the
hundredth. No weight is below 0: a fact can only speak against a sentence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp, log1p, sqrt
from typing import Final

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from plimsoll.kernel.digest import digest_bytes
from plimsoll.kernel.errors import InvalidError

from ._facts import FACTS

KNOTS: Final[Mapping[str, tuple[float, ...]]] = {
    "new_content": (0.1, 0.2),
    "new_words": (0.1, 0.2),
    "new_pairs": (0.15, 0.3, 0.5),
    "new_triples": (0.2, 0.4, 0.6),
    "far_content": (0.05, 0.1),
    "farthest_content": (0.3, 0.6),
    "among_mean": (0.1, 0.2),
    "among_worst": (0.3, 0.5),
    "among_worst3": (0.2, 0.4),
    "far_links": (0.08, 0.15, 0.3),
    "backward_links": (0.1, 0.2),
    "outside_best": (0.15, 0.3),
    "outside_two": (0.15, 0.3),
    "not_copied": (0.2, 0.4, 0.6),
}
COLUMNS: Final = len(FACTS) + sum(map(len, KNOTS.values()))
MODELS: Final = ("meaning", "wording")
"""What was fitted on sentences of people too, and what was fitted on changed sentences of documents only."""
_WORDING: Final = 0.25
"""What `wording` counts beside `meaning` for a sentence."""
_ANSWER_WORDING: Final = 0.5
_ANSWER_SHIFT: Final = 2.0
"""What is taken off where wording counts, so that short and long answers have the same scale."""
_CONDENSED: Final = (0.1, 0.2)
"""Answers shorter than a tenth of their sources are summaries, whose wording says little; from a fifth on it counts."""
_FILE: Final = "grounding.safetensors"
_LIMIT: Final = 30.0
_VERSION_CHARACTERS: Final = 8

Numbers = NDArray[np.float64]


class GroundingWeightsError(InvalidError):
    """The file of the weights cannot be used."""

    code = "grounding_weights"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the weights of the check grounded cannot be used: {reason}",
            hint="install Plimsoll again, or make them with `python -m tools.train_checks.grounding`",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Support:
    """The weights of both models over `COLUMNS` numbers, and of what deviation they are."""

    weights: Numbers
    """Shape (models, columns)."""
    bias: Numbers
    """Shape (models,)."""
    scale: Numbers
    """What each column is divided by."""
    version: str = ""

    def logits(self, facts: Sequence[Sequence[float]]) -> Numbers:
        """For each sentence what speaks against it, by both models; above 0 when it is more likely wrong than right."""
        rows = columns(np.asarray(facts, np.float64).reshape(-1, len(FACTS))) / self.scale
        return np.asarray(rows @ self.weights.T + self.bias)

    def sentence_scores(self, logits: Numbers) -> list[float]:
        """How much speaks against each sentence, 0 to 1; it depends on nothing but the sentence and its sources."""
        return [_squashed(meaning + _WORDING * wording) for meaning, wording in logits]

    def answer_score(self, logits: Numbers, words: int, source_words: int) -> float:
        """How much speaks against a whole answer, 0 to 1.

        With p the scores of its n sentences, `1 - product(1 - p) ** (1 / sqrt(n))`: a long answer is not wrong because
        it has many sentences that are each a little doubtful.
        """
        least, most = _CONDENSED
        share = words / max(1, source_words)
        trust = min(1.0, max(0.0, (share - least) / (most - least)))
        each = [meaning + trust * (_ANSWER_WORDING * wording - _ANSWER_SHIFT) for meaning, wording in logits]
        doubt = sum(log1p(exp(min(one, _LIMIT))) for one in each) / sqrt(max(1, len(each)))
        return 1 - exp(-doubt)

    def to_bytes(self) -> bytes:
        """The file (safetensors, half precision); the same weights are the same bytes."""
        tables = {"weights": self.weights, "bias": self.bias, "scale": self.scale}
        return safetensors.numpy.save({name: np.ascontiguousarray(one, "<f4") for name, one in tables.items()})


def columns(facts: Numbers) -> Numbers:
    """Facts with those cut off at their knots beside them."""
    cut = [np.minimum(facts[:, FACTS.index(name)], knot) for name, knots in KNOTS.items() for knot in knots]
    return np.column_stack([facts, *cut])


def read_support(data: bytes, digest: str) -> Support:
    """The weights in a file that `to_bytes` wrote. Raises GroundingWeightsError."""
    found = digest_bytes(data)
    if found != digest:
        raise GroundingWeightsError(f"their digest is {found[:19]}…, not {digest[:19]}…")
    try:
        tables = {name: one.astype(np.float64) for name, one in safetensors.numpy.load(data).items()}
        read = Support(**tables, version=found.rpartition(":")[2][:_VERSION_CHARACTERS])
    except (safetensors.SafetensorError, TypeError, ValueError) as error:
        raise GroundingWeightsError(str(error)) from error
    shapes = ((len(MODELS), COLUMNS), (len(MODELS),), (COLUMNS,))
    if (read.weights.shape, read.bias.shape, read.scale.shape) != shapes:
        raise GroundingWeightsError(f"they are not for the {COLUMNS} columns that this version knows")
    if not all(np.isfinite(one).all() for one in tables.values()) or not (read.scale > 0).all():
        raise GroundingWeightsError("a weight is no finite number, or a scale is not above 0")
    return read


@cache
def builtin_support() -> Support:
    """The weights that come with Plimsoll; `weights/CARD.md` says on what they were fitted."""
    folder = files(__package__) / "weights"
    return read_support((folder / _FILE).read_bytes(), (folder / f"{_FILE}.digest").read_text("utf-8").strip())


def _squashed(logit: float) -> float:
    return 1 / (1 + exp(-min(_LIMIT, max(-_LIMIT, logit))))
