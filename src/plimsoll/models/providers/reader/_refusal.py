"""How likely it is that the passages answer a question: a number from 0 to 1, fitted to be a probability.

Fitted on questions with the paragraph that answers, with a paragraph of another article, and with the most similar
wrong paragraph of the same article.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._evidence import Embed, Findings
from ._kinds import TYPED, typed
from ._question import Question
from .linear import Linear

AT_LEAST: Final = 0.4
"""Below this the reader says that the documents do not say. See `weights/CARD.md` for what it costs and saves."""
_BEST: Final = 4
"""So many of the best units are looked at."""


def refusal_features(question: Question, findings: Findings, embed: Embed) -> NDArray[np.float64]:
    """One row of numbers for a question and what was found for it."""
    best = findings.units[:_BEST]
    weights = findings.weights
    total = sum(weights.values()) or 1.0
    scores = [unit.score for unit in best] + [0.0] * (_BEST - len(best))
    covered = [math.fsum(weights[stem] for stem in unit.covered) / total for unit in best] + [0.0]
    missing = question.specific - findings.known
    rarest = max(weights, key=lambda stem: weights[stem], default="")
    is_typed = question.kind in TYPED
    has_kind = bool(best) and is_typed and bool(typed(question.kind, best[0].text))
    row = [
        scores[0], scores[1], scores[0] - scores[1], float(np.mean(scores)), covered[0], max(covered),
        math.fsum(weights[stem] for stem in findings.known) / total, len(missing),
        len(missing) / max(1, len(question.specific)), len(question.specific) / 5,
        sum(any(char.isdigit() for char in stem) for stem in missing), len(findings.missing_marks),
        _likeness(question, findings, embed), is_typed, has_kind, is_typed and not has_kind, len(weights) / 8,
        bool(best) and rarest in best[0].covered, rarest in findings.known,
    ]  # fmt: skip
    return np.array(row, dtype=np.float64)


def _likeness(question: Question, findings: Findings, embed: Embed) -> float:
    """Cosine of the question and the best unit."""
    if not findings.units:
        return 0.0
    vectors = embed([question.text, findings.units[0].text])
    return float(vectors[0] @ vectors[1])


def answer_probability(question: Question, findings: Findings, embed: Embed, *, model: Linear) -> float:
    """From 0 to 1."""
    return float(model.probabilities(refusal_features(question, findings, embed)[None, :])[0, 0])
