"""All numbers about the candidates of one unit for one question."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .._kinds import Kind
from .._question import Question, Side
from .._terms import Word
from ._borders import borders
from ._meaning import meaning
from ._nearness import nearness
from ._reading import Embed, Floats, Places, Spans, read_unit
from ._shape import kinds, shape

_WH: Final = (
    "who", "whom", "whose", "when", "where", "why", "which", "what", "how many", "how much", "how long", "how",
)  # fmt: skip
_RULE_SCALE: Final = 3.0
COUNT: Final = 331
"""Features of a candidate."""


def span_features(
    question: Question,
    text: str,
    words: Sequence[Word],
    *,
    spans: tuple[Places, Places, Floats],
    weights: Mapping[str, float],
    embed: Embed,
) -> NDArray[np.float32]:
    """One row of `COUNT` numbers for each candidate of a unit.

    `spans` are the first word, the last word and the rules' score of each candidate; there is at least one.
    """
    reading = read_unit(question, text, words, weights=weights, embed=embed)
    own = Spans(spans[0], spans[1])
    columns = [
        *shape(reading, own),
        *kinds(reading, own),
        *borders(reading, own),
        *nearness(reading, own),
        *meaning(reading, own, embed),
        spans[2] / _RULE_SCALE,
    ]
    asked = _asked(question)
    table = np.empty((len(spans[0]), len(columns) + len(asked)), dtype=np.float32)
    table[:, : len(columns)] = np.stack(columns, axis=1)
    table[:, len(columns) :] = asked
    return table


def _asked(question: Question) -> Floats:
    """What is the same for all candidates of a question."""
    low = question.text.lower()
    wh = next((name for name in _WH if name in low), "")
    flags = [
        *(question.kind is kind for kind in Kind), *(wh == name for name in _WH), question.side is Side.BEFORE,
        question.side is Side.AFTER, question.asks_name, bool(question.focus), bool(wh) and low.lstrip().startswith(wh),
    ]  # fmt: skip
    return np.array([*flags, len(question.terms) / 10], dtype=np.float64)
