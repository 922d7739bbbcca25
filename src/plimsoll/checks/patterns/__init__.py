"""Checks made of patterns: all of them in one automaton, over a whole text or one that is still arriving.

Here: reading expressions, the normal form of a text, the scanner, and `PatternCheck`. Not here: the patterns
themselves (`plimsoll.checks.detectors`).
"""

from ._hits import FAILED, Hit
from ._normal import Normal, beyond_ascii, normalise
from ._pattern_check import PatternCheck
from ._scanner import Scan, Scanner
from ._syntax import MOST_CHARACTERS
from ._types import BEFORE, Judge, Pattern

__all__ = [
    "BEFORE",
    "FAILED",
    "MOST_CHARACTERS",
    "Hit",
    "Judge",
    "Normal",
    "Pattern",
    "PatternCheck",
    "Scan",
    "Scanner",
    "beyond_ascii",
    "normalise",
]
