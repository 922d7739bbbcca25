"""Finding better settings of a knowledge base: trials on a part of the questions, an honest figure on the rest.

Every trial goes through the functions that build and search; nothing is published, and nothing is ever shipped.
"""

from ._draft import keep_draft
from ._errors import DatasetUnclearError, TooFewQuestionsError, TunePartsMissingError
from ._proposal import Proposal
from ._trial import TrialParts
from ._tune import TuneParts, TuneReport, TuneWish, tune
from ._types import Figures, Interval, Measured, Settings

__all__ = [
    "DatasetUnclearError",
    "Figures",
    "Interval",
    "Measured",
    "Proposal",
    "Settings",
    "TooFewQuestionsError",
    "TrialParts",
    "TuneParts",
    "TunePartsMissingError",
    "TuneReport",
    "TuneWish",
    "keep_draft",
    "tune",
]
