"""Is it the right label? Its mean is the accuracy of a classification."""

from functools import partial
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation
from .._entries import ScorerEntry
from .._shown import shown
from .._types import RuleScorer, Score
from ..options import Options, texts
from ._label import OTHER, label_of, plain_label, wanted_label


def _correct(labels: tuple[str, ...], row: Row, seen: Observation) -> Score | None:
    if wanted_label(row) is None:
        return None
    given = label_of(seen, labels)
    right = given != OTHER and any(given == plain_label(answer) for answer in row.answers)
    return Score(float(right), parts={} if right else {"label": shown([given])[0]})


def _make(name: str, options: Options) -> RuleScorer:
    labels = tuple(plain_label(one) for one in options["labels"])
    return RuleScorer(name, partial(_correct, labels), when=lambda row: wanted_label(row) is not None)


LABEL_CORRECT: Final = ScorerEntry(
    "label_correct",
    "1 when the answer gives the right label; its mean is the accuracy. Applies to answerable rows.",
    _make,
    (texts("labels", "[billing, delivery, other]"),),
)
