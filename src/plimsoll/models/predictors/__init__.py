"""Classical models behind one port: rows of features in, a prediction for each out.

Here: the port, and `few_shot`, which needs no training: a text gets the label whose examples it lies nearest to.
"""

from ._errors import FeatureMissingError, FewShotInvalidError
from ._few_shot import FewShot, make_few_shot
from ._types import Prediction, Predictor

__all__ = ["FeatureMissingError", "FewShot", "FewShotInvalidError", "Prediction", "Predictor", "make_few_shot"]
