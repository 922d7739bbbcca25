"""An example for the span ranker: the candidates of the sentence that holds the answer, and how good each is."""

import collections
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...._types import Passage
from .._evidence import Embed, find
from .._question import read_question
from .._spans import candidate_rows

_ARTICLES: Final = frozenset({"a", "an", "the"})
_SOFT_SHARE: Final = 0.3
"""Of the target, what goes to candidates that are only nearly right."""


@dataclass(frozen=True, slots=True)
class SpanExample:
    """One question: features of the candidates, and the share of the target that each has (they sum to 1)."""

    rows: NDArray[np.float32]
    target: NDArray[np.float32]


def token_f1(said: str, gold: str) -> float:
    """Harmonic mean of token precision and recall, without case, articles and marks (Rajpurkar et al., 2016)."""
    ours, theirs = _tokens(said), _tokens(gold)
    both = sum((collections.Counter(ours) & collections.Counter(theirs)).values())
    return 2 * both / (len(ours) + len(theirs)) if both else 0.0


def _tokens(text: str) -> list[str]:
    plain = "".join(char for char in text.lower() if char not in string.punctuation)
    return [token for token in plain.split() if token not in _ARTICLES]


def span_example(question: str, passage: Passage, *, start: int, gold: str, embed: Embed) -> SpanExample | None:
    """The example of a question whose answer `gold` stands at `start` of the passage; None where no candidate fits."""
    asked = read_question(question)
    findings = find(asked, [passage], embed)
    unit = next((unit for unit in findings.units if unit.unit.start <= start < unit.unit.end), None)
    scored = candidate_rows(asked, unit, findings.weights, embed) if unit is not None else None
    if unit is None or scored is None:
        return None
    begin = start - unit.unit.start
    worth = [
        token_f1(unit.text[one.start : one.end], gold) if one.start < begin + len(gold) and one.end > begin else 0.0
        for one in scored.candidates
    ]
    return SpanExample(scored.rows, _target(worth)) if max(worth) > 0 else None


def _target(worth: Sequence[float]) -> NDArray[np.float32]:
    """Most of it on the best, the rest on the nearly right."""
    values = np.array(worth)
    best = values >= values.max() - 1e-9
    near = values**3
    shares = (1 - _SOFT_SHARE) * best / best.sum() + _SOFT_SHARE * near / near.sum()
    target: NDArray[np.float32] = shares.astype(np.float32)
    return target
