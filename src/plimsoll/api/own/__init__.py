"""The calls that are Plimsoll's own: predictions, feedback on answers, and what guardrails did."""

from ._feedback import FeedbackIn, read_feedback, write_feedback
from ._guardrails import guardrail_routes
from ._marks import read_mark, write_marks
from ._operations import OPERATIONS
from ._predict import read_predictions, write_predictions

__all__ = [
    "OPERATIONS",
    "FeedbackIn",
    "guardrail_routes",
    "read_feedback",
    "read_mark",
    "read_predictions",
    "write_feedback",
    "write_marks",
    "write_predictions",
]
