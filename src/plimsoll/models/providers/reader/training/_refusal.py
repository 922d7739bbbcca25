"""Rows for the model that says whether passages answer: what was found for a question in a paragraph."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...._types import Passage
from .._evidence import Embed, find
from .._question import read_question
from .._refusal import refusal_features


def refusal_rows(questions: Sequence[str], passages: Sequence[Sequence[Passage]], embed: Embed) -> NDArray[np.float64]:
    """One row of features for each question with its passages."""
    rows = []
    for question, given in zip(questions, passages, strict=True):
        asked = read_question(question)
        rows.append(refusal_features(asked, find(asked, given, embed), embed))
    return np.stack(rows)
