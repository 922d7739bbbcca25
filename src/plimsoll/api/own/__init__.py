"""The calls that are Plimsoll's own: predictions of classical models, and feedback on answers."""

from ._feedback import FeedbackIn, read_feedback, write_feedback
from ._operations import OPERATIONS
from ._predict import read_predictions, write_predictions

__all__ = [
    "OPERATIONS",
    "FeedbackIn",
    "read_feedback",
    "read_predictions",
    "write_feedback",
    "write_predictions",
]
