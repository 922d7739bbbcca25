"""Graders that ask nobody: is an answer right, given one that is; which of two outputs follows an instruction.

Rules with weights that were set by hand, so that a calibration can be made, and a regression seen, without a key. They
see numbers, words, names, and yes and no; they do not reason. What they reach is printed by `benchmarks/evaluation.py`.
"""

from ._following import Preference, prefer
from ._grading import Facts, Grade, grade
from ._refusals import refusal
from ._scorer import AnswerGraded

__all__ = ["AnswerGraded", "Facts", "Grade", "Preference", "grade", "prefer", "refusal"]
