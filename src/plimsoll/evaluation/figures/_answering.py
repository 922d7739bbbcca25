"""How much is answered, and how much of that is not borne out: neither says anything without the other."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from ..scorers.options import Options, text
from ._rows import share_figure, without_scores
from ._types import Asked, Figure, FigureEntry


def _answer_rate(name: str, _: Options) -> Figure:
    return share_figure(name, _answered, lambda _: "", better="more")


def _answered(one: Asked) -> float:
    return float(one.seen.answered is not False)


def _hallucination_rate(name: str, options: Options) -> Figure:
    """1 minus the mean of `of` over those answers of which it says something: refusals are not among them."""
    of = str(options["of"])

    def value(one: Asked) -> float | None:
        return None if of not in one.scores else 1.0 - one.scores[of]

    return share_figure(name, value, partial(_why, of), better="less")


def _why(of: str, rows: Sequence[Asked]) -> str:
    if any(not 0.0 <= one.scores.get(of, 0.0) <= 1.0 for one in rows):
        return f"`{of}` is no share: name a scorer such as `grounded_answer`"
    return without_scores(of, rows)


ANSWERING: Final = (
    FigureEntry("answer_rate", "The share of rows that were not refused.", _answer_rate),
    FigureEntry(
        "hallucination_rate",
        "The share of answers with a claim that is not borne out (of `grounded_answer`), or of such claims "
        "(of `groundedness`).",
        _hallucination_rate,
        (text("of", "groundedness", "grounded_answer"),),
    ),
)
