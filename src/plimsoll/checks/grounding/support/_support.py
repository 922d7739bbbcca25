"""How little of a sentence its sources say: three small sums over its facts, and how they are read and written.

No weight is below 0: a fact can only speak against a sentence.
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

MODELS: Final[Mapping[str, tuple[str, ...]]] = {
    "meaning": (
        *("new_words", "far_content", "farthest_content", "among_worst", "outside_best", "new_numbers", "new_names"),
        *("listed_names", "new_times", "loose_numbers", "negation_differs", "antonyms", "absolutes", "causes"),
        *("opinions", "first_person"),
    ),
    "joining": (
        *("far_links", "backward_links", "negation_differs", "antonyms", "new_numbers", "new_names", "causes"),
        *("opinions", "absolutes", "new_content_count"),
    ),
    "copying": ("among_mean", "among_worst", "new_triples", "backward_links", "outside_best", "new_words"),
}
"""The sums, and the facts that count in each. `meaning`: do the sources say this at all? It was fitted on sentences of
people too, the others on changed sentences of documents only. `joining`: does it put together what stands apart?
`copying`: how little it is copied."""
_SENTENCE_JOINING: Final = 0.15
"""What `joining` counts beside `meaning` for a sentence."""
_SENTENCE_COPYING: Final = 1.0
_ANSWER_JOINING: Final = 0.25
_ANSWER_SHIFT: Final = 1.0
"""What is taken off where joining counts, so that short and long answers have the same scale."""
_CONDENSED: Final = (0.1, 0.2)
"""Answers shorter than a tenth of their sources join by nature what stands apart; from a fifth on it counts."""
_COPIED: Final = 1.0
"""Below this `copying` tells more and less faithful copies apart, above it nothing: other words are no fault."""
_ANSWER_COPYING: Final = 4.0
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
    """The weights of all sums."""

    weights: Numbers
    """Shape (sums, facts)."""
    bias: Numbers
    """Shape (sums,)."""
    version: str = ""

    def logits(self, facts: Sequence[Sequence[float]]) -> Numbers:
        """For each sentence all sums; above 0 when it is more likely wrong than right."""
        rows = np.asarray(facts, np.float64).reshape(-1, len(FACTS))
        return np.asarray(rows @ self.weights.T + self.bias)

    def sentence_scores(self, logits: Numbers) -> list[float]:
        """How much speaks against each sentence, 0 to 1; it depends on nothing but the sentence and its sources."""
        return [
            _squashed(meaning + _SENTENCE_JOINING * joining + _SENTENCE_COPYING * min(0.0, copying - _COPIED))
            for meaning, joining, copying in logits
        ]

    def answer_score(self, logits: Numbers, words: int, source_words: int) -> float:
        """How much speaks against a whole answer, 0 to 1.

        With p the scores of its n sentences, `1 - product(1 - p) ** (1 / sqrt(n))`: a long answer is not wrong because
        it has many sentences that are each a little doubtful.
        """
        least, most = _CONDENSED
        share = words / max(1, source_words)
        trust = min(1.0, max(0.0, (share - least) / (most - least)))
        each = [
            meaning
            + trust * (_ANSWER_JOINING * joining - _ANSWER_SHIFT)
            + _ANSWER_COPYING * min(0.0, copying - _COPIED)
            for meaning, joining, copying in logits
        ]
        doubt = sum(log1p(exp(min(one, _LIMIT))) for one in each) / sqrt(max(1, len(each)))
        return 1 - exp(-doubt)

    def to_bytes(self) -> bytes:
        """The file (safetensors, single precision); the same weights are the same bytes."""
        tables = {"weights": self.weights, "bias": self.bias}
        return safetensors.numpy.save({name: np.ascontiguousarray(one, "<f4") for name, one in tables.items()})


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
    if (read.weights.shape, read.bias.shape) != ((len(MODELS), len(FACTS)), (len(MODELS),)):
        raise GroundingWeightsError(f"they are not for the {len(FACTS)} facts that this version knows")
    if not all(np.isfinite(one).all() for one in tables.values()) or not (read.weights >= 0).all():
        raise GroundingWeightsError("a weight is no finite number, or below 0")
    return read


@cache
def builtin_support() -> Support:
    """The weights that come with Plimsoll; `weights/CARD.md` says on what they were fitted."""
    folder = files(__package__) / "weights"
    return read_support((folder / _FILE).read_bytes(), (folder / f"{_FILE}.digest").read_text("utf-8").strip())


def _squashed(logit: float) -> float:
    return 1 / (1 + exp(-min(_LIMIT, max(-_LIMIT, logit))))
