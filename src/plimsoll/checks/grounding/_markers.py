"""Markers of citations in an answer: `[1]`, `[2, 3]`, `【4】`, and lists of sources behind it."""

import re
from typing import Final

MARKER: Final = re.compile(
    r"\[\^?(?i:(?:source|passage|document|doc|ref|reference)s?\.?\s{0,3})?"
    r"(\d{1,4}(?:\s{0,2}[,;\u2013-]\s{0,2}\d{1,4}){0,20})\](?!\()"
    r"|【(\d{1,4})[^】\n]{0,40}】"
)
_SOURCE: Final = re.compile(r"(?m)^[ \t]*\[\d{1,4}\][ \t]+\S[^\n]*, page \d+[ \t]*$")
"""A line of a list of sources: `[1] contracts/acme.pdf, page 3`."""


def without_markers(text: str) -> str:
    """The text with spaces in the place of markers and of lists of sources: what it states, where it states it."""
    return MARKER.sub(_blank, _SOURCE.sub(_blank, text))


def _blank(found: "re.Match[str]") -> str:
    return " " * len(found.group())
