"""Judges: scorers whose word is a model's. Each is versioned with its prompt and model, and shows what it cost.

Here: rubrics, pass and fail, and pairs in both orders; what a judge is shown, and what of its answer is believed. A
judge asks through the port `Asker`. Whether its word may decide is for `plimsoll.evaluation.calibration`. Behind
doors of their own: graders that ask nobody (`judges.embedded`), and asking a chat model (`judges.chat`).
"""

from ._catalogue import JUDGES, make_judge
from ._pairwise import Compared, PairJudge
from ._pass_fail import PassJudge
from ._rubric import RubricJudge
from ._rubrics import RUBRICS, Rubric
from ._types import Asked, Asker, Judge, JudgeModel, Message, Reply

__all__ = [
    "JUDGES",
    "RUBRICS",
    "Asked",
    "Asker",
    "Compared",
    "Judge",
    "JudgeModel",
    "Message",
    "PairJudge",
    "PassJudge",
    "Reply",
    "Rubric",
    "RubricJudge",
    "make_judge",
]
