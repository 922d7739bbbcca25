"""One question about a text each: is there personal data, an injection, a secret? Written once, used everywhere.

Here: the port `Check`, and making a check by its name. Behind doors of their own: what can be known of each check
(`plimsoll.checks.catalogue`), what patterns are and how they are looked for (`plimsoll.checks.patterns`), OpenAI's
moderation categories (`plimsoll.checks.moderation`), and the kinds of checks. Not here: what is done with a finding
(`plimsoll.guardrails`).
"""

from ._errors import (
    CheckOptionsError,
    CheckPlugInError,
    CheckUnknownError,
    KindUnknownError,
    PatternInvalidError,
    ScanFailedError,
)
from ._types import NO_CONTEXT, Check, Context, Found, Part
from .catalogue import CHECKS, make_check

__all__ = [
    "CHECKS",
    "NO_CONTEXT",
    "Check",
    "CheckOptionsError",
    "CheckPlugInError",
    "CheckUnknownError",
    "Context",
    "Found",
    "KindUnknownError",
    "Part",
    "PatternInvalidError",
    "ScanFailedError",
    "make_check",
]
