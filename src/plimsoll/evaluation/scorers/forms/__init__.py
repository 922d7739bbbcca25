"""What form an answer has: JSON with the right fields, one of several labels, so many words."""

from .._entries import ScorerEntry
from ._answer_length import ANSWER_LENGTH
from ._json_fields import JSON_FIELDS
from ._json_valid import JSON_VALID
from ._label import label_of, plain_label, wanted_label
from ._label_correct import LABEL_CORRECT

FORMS: tuple[ScorerEntry, ...] = (JSON_VALID, JSON_FIELDS, LABEL_CORRECT, ANSWER_LENGTH)

__all__ = ["FORMS", "label_of", "plain_label", "wanted_label"]
