"""What is looked for: an expression, and who looks at its matches."""

from collections.abc import Callable
from dataclasses import dataclass

Judge = Callable[[str, str, str], float]
"""Says how sure a match is, from 0 (no finding) to 1, given the match and what stands before and after it.

It gets `BEFORE` characters before the match and as many after it as its pattern asks for (fewer at the ends of a text),
in normal form. It must be pure: the same three texts, the same answer.
"""

BEFORE = 48
"""Characters before a match that a judge is shown."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """An expression in RE2's syntax for one kind of thing. Raises nothing: `Scanner` reads the expression."""

    kind: str
    source: str
    score: float = 1.0
    judge: Judge | None = None
    """Looks at each match; without one every match is a finding with the pattern's `score`."""
    cut: Callable[[str], int] | None = None
    """How many characters of a match are the finding, where an expression must take more; 0 for none. Pure."""
    after: int = 0
    """Characters after a match that the judge must see. An answer that streams is held back for as long."""
