"""Who may read a document, and what its source says about it. What is not understood is never taken for everybody."""

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from .._assemble import clean
from .._types import Metadata
from ._errors import FactsInvalidError

Access = tuple[str, ...]
"""Names of groups, sorted; `("*",)` is everybody."""

EVERYBODY: Access = ("*",)

_MOST_GROUPS = 200
_GROUP = re.compile(r"[^\s,][^,\n]{0,98}[^\s,]|[^\s,]")
_MOST_FACTS = 50
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}")
_LONGEST_TEXT = 1000
# What every reader of JSON takes for the same number (RFC 8259, section 6).
_LARGEST_WHOLE = 2**53 - 1


def check_access(groups: object, place: str) -> Access:
    """The groups in the form in which they are kept: sorted, each once, everybody alone.

    `place` is what messages call the file. Raises FactsInvalidError: for no group at all, too.
    """
    # Of `{legal: false}` nobody can say who is meant.
    if isinstance(groups, str | Mapping) or not isinstance(groups, Iterable):
        raise FactsInvalidError(place, "has no list of groups behind `access`")
    told = list(groups)
    for name in told:
        if not isinstance(name, str) or not name.isprintable() or not _GROUP.fullmatch(name):
            raise FactsInvalidError(place, "names a group that is no plain text of at most 100 characters")
    names = set(told)
    if not 0 < len(names) <= _MOST_GROUPS:
        raise FactsInvalidError(place, f"must name between 1 and {_MOST_GROUPS} groups behind `access`")
    return EVERYBODY if "*" in names else tuple(sorted(names))


def check_metadata(facts: object, place: str) -> Metadata:
    """The facts, each a text, number or truth value under a plain name; texts without control characters.

    Raises FactsInvalidError.
    """
    if not isinstance(facts, Mapping) or len(facts) > _MOST_FACTS:
        raise FactsInvalidError(place, f"must have at most {_MOST_FACTS} names with values behind `metadata`")
    for name, value in facts.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise FactsInvalidError(place, "has metadata under a name that is not letters, digits, `_`, `.` and `-`")
        if not _is_plain(value):
            raise FactsInvalidError(place, f"has metadata that is no text, number, true or false: {name}")
    return {name: clean(value) if isinstance(value, str) else value for name, value in facts.items()}


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST_TEXT
    if isinstance(value, int):
        return abs(value) <= _LARGEST_WHOLE
    return isinstance(value, float) and math.isfinite(value)


def groups_of_text(text: str, place: str) -> Access:
    """Groups that are written with commas between them, as in a header. Raises FactsInvalidError."""
    return check_access([name.strip() for name in text.split(",")], place)
