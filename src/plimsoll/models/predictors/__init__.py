"""Classical models behind one port: rows of features in, a prediction for each out.

Here: the port; `few_shot`, which needs no training: a text gets the label whose examples it lies nearest to; and
`fields`, which learns from labelled texts where values stand.
"""

from ._errors import FeatureMissingError, FewShotInvalidError, LabelledMistake
from ._few_shot import FewShot, make_few_shot
from ._fields import LEARNER, MOST_TEXTS, labelled_mistakes, learn_fields, wanted_values
from ._make import make_predictor
from ._types import Extraction, Predicted, Prediction, Predictor

__all__ = [
    "LEARNER",
    "MOST_TEXTS",
    "Extraction",
    "FeatureMissingError",
    "FewShot",
    "FewShotInvalidError",
    "LabelledMistake",
    "Predicted",
    "Prediction",
    "Predictor",
    "labelled_mistakes",
    "learn_fields",
    "make_few_shot",
    "make_predictor",
    "wanted_values",
]
