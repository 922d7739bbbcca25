"""What a person is asked, by whom, and the answer: approvals and refusals of releases and of protected labels.

Here answers are kept and never judged: whether they are enough for a release to ship is said by the policy of its
environment in `plimsoll.releases`, and for a label in `plimsoll.registry`. Who may answer at all is a right of
`plimsoll.access`.
"""

from ._errors import AnswerExpiryError
from ._store import Reviews
from ._types import Answer, Question, ReviewAnswer

__all__ = ["Answer", "AnswerExpiryError", "Question", "ReviewAnswer", "Reviews"]
