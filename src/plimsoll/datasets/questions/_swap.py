"""Questions that a corpus cannot answer, because they ask about what does not stand in it."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from ._forms import Proposal

_YEAR: Final = re.compile(r"\b(?:19|20)\d\d\b")
_NAMED: Final = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")
_INVENTED: Final = (
    "Tarnwick", "Ostrevale", "Brennholt", "Quillmere", "Vastermoor", "Calderyn", "Lornspire", "Hexbourne", "Dravenmoor",
    "Winterholm", "Sablecroft", "Pellandra", "Thornaby Quay", "Ulverness", "Marrowgate", "Ysterfield",
)  # fmt: skip
"""Names that hardly any corpus has; those that it has are not used."""


def swapped(one: Proposal, has_word: Callable[[str], bool]) -> Proposal | None:
    """The same question about a name or a year that the corpus does not have; None where it has neither.

    What quotes a sentence is not changed. Which one is taken depends on the question alone. The answer is empty.
    """
    if one.kind == "blank":
        return None
    number = int.from_bytes(hashlib.sha256(one.question.encode()).digest()[:4], "big")
    named = _NAMED.search(one.question)
    if named is not None:
        names = [name for name in _INVENTED if not has_word(name)]
        return _with(one, named, names[number % len(names)]) if names else None
    year = _YEAR.search(one.question)
    if year is not None:
        years = [str(other) for other in range(1901, 2100) if not has_word(str(other))]
        return _with(one, year, years[number % len(years)]) if years else None
    return None


def _with(one: Proposal, found: re.Match[str], instead: str) -> Proposal:
    question = f"{one.question[: found.start()]}{instead}{one.question[found.end() :]}"
    return replace(one, kind="unanswerable", question=question, answer="")
