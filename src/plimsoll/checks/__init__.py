"""One question about a text each: is there personal data, an injection, a secret? Written once, used everywhere.

Here: the port `Check`, the checks made of patterns (`pii`, `secrets`, `injection`, `blocklist`, `pattern`), the scanner
that looks for all patterns at once in whole or arriving text. `plimsoll.checks.moderation` answers OpenAI's moderation
categories. Not here: what is done with a finding (`plimsoll.guardrails`).
"""

from ._catalogue import CHECKS, make_check
from ._errors import (
    CheckOptionsError,
    CheckUnknownError,
    KindUnknownError,
    PatternInvalidError,
    ScanFailedError,
)
from ._pattern_check import PatternCheck
from ._scanner import FAILED, Hit, Scan, Scanner
from ._types import Check, Found, Pattern

__all__ = [
    "CHECKS",
    "FAILED",
    "Check",
    "CheckOptionsError",
    "CheckUnknownError",
    "Found",
    "Hit",
    "KindUnknownError",
    "Pattern",
    "PatternCheck",
    "PatternInvalidError",
    "Scan",
    "ScanFailedError",
    "Scanner",
    "make_check",
]
