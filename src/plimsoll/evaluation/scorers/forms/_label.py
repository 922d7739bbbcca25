"""The label that an answer gives, and the one that is right."""

import re
from collections.abc import Sequence
from typing import Final

from plimsoll.datasets import Row

from ..._observation import Observation

_EDGES: Final = "\"'`*.!,:;()[]{}\u201c\u201d\u2018\u2019"
_MOST: Final = 200
OTHER: Final = ""
"""An answer that gives no label, or several."""


def plain_label(text: str) -> str:
    """A label without case, quotation marks, and white space around it."""
    return " ".join(text.strip().strip(_EDGES).casefold().split())


def wanted_label(row: Row) -> str | None:
    """The right label, which is the first accepted answer; None where the row has none."""
    return plain_label(row.answers[0]) if row.answerable and row.answers else None


def label_of(seen: Observation, labels: Sequence[str]) -> str:
    """What an answer gives as label: its span, or the whole; empty where that is none.

    With `labels` it is the one of them that the answer is, or else the only one that stands in it as whole words.
    """
    if seen.answered is False:
        return OTHER
    given = plain_label(seen.span or seen.answer)
    if not labels or given in labels:
        return given if labels or len(given) <= _MOST else OTHER
    found = {label for label in labels if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", given)}
    # `not spam` holds `spam`: of labels that stand in one another the longest is meant.
    longest = [one for one in found if not any(one != other and one in other for other in found)]
    return longest[0] if len(longest) == 1 else OTHER
