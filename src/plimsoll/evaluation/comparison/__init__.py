"""Two runs over the same rows: what became better or worse, how sure that is, and what so many rows could have shown.

Here: pairing rows, differences with their tests, and the words for people. Not here: running anything, and what a gate
makes of it (`plimsoll.evaluation`).
"""

from ._compare import compare
from ._side import Kind, Side
from ._text import conclusion, detectable_text, difference_text
from ._types import CaseChange, Comparison, Difference, Says

__all__ = [
    "CaseChange",
    "Comparison",
    "Difference",
    "Kind",
    "Says",
    "Side",
    "compare",
    "conclusion",
    "detectable_text",
    "difference_text",
]
