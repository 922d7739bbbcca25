"""What people think of answers."""

from ._store import FeedbackBook
from ._types import Feedback, Judgement

__all__ = ["Feedback", "FeedbackBook", "Judgement"]
