"""What contracts and other formal papers have beside sentences that say something: titles, preambles, long clauses.

Small rules over the text of one unit, all pure; `_evidence` says what they count for.
"""

import re
from collections.abc import Sequence
from typing import Final

from ._sentences import Unit
from ._terms import Word, words

LONG_CHARS: Final = 400
"""A unit of more characters is quoted by the part of it that answers."""
_LEAST_PART_CHARS: Final = 40
_LEAST_TITLE_WORDS: Final = 2
_MOST_LOWER_WORDS: Final = 0.25

_VERB_LIST = (
    "is are was were be been has have had do does did will would can could may might must should shall agree agrees "
    "means mean includes include pays pay costs"
)
_VERBS: Final = frozenset(_VERB_LIST.split())
_PREAMBLE = re.compile(
    r"\bby and (?:between|among)\b|\b(?:entered into|made|dated)\b.{0,200}\b(?:between|among)\b|"
    r"\ban? [\w .-]{0,40}\b(?:corporation|company|partnership|association)\b",
    re.IGNORECASE | re.DOTALL,
)
_PART_END = re.compile(
    r"(?<=;)\s+|\s+(?=\((?:[a-z]|[ivx]{1,4}|\d{1,2})\)\s)|(?<=,)\s+(?=provided,? (?:however|that)\b)"
)

_ALSO_LIST = (
    "expire term continue until, expiry term continue until, expiration term continue until, audit inspect examine, "
    "assign transfer, sublicense transfer, prevent notice, govern construed, effective commence made entered dated, "
    "date made entered, limit exceed maximum, cap exceed maximum, renewal renew extend, cause convenience"
)
ALSO: Final = {key.stem: frozenset(word.stem for word in others) for key, *others in map(words, _ALSO_LIST.split(", "))}
"""For a word of a question, words by which formal papers say the same; stems, see `_terms`."""


def is_title(text: str, its_words: Sequence[Word]) -> bool:
    """Whether a unit only names things: nearly all its words have capitals, and there is no verb to say anything.

    That covers titles, tables of contents and signature lines. A unit with a colon or a table border is a value.
    """
    content = [word for word in its_words if not word.is_stop and not word.has_digit]
    if len(content) < _LEAST_TITLE_WORDS or any(mark in text for mark in ":|\t"):
        return False
    lower = sum(not word.is_capitalised for word in content)
    return lower <= _MOST_LOWER_WORDS * len(content) and not any(word.text.lower() in _VERBS for word in its_words)


def is_preamble(text: str) -> bool:
    """Whether a unit says who the parties are: `by and between ...`, `..., a Delaware corporation`."""
    return bool(_PREAMBLE.search(text))


def parts(text: str, unit: Unit) -> list[Unit]:
    """The parts of a long unit, cut at semicolons, before `(a)` and before `provided that`; a short unit is one part.

    `text` is the unit's own text; the parts have their places in the passage. Parts shorter than a few words stay with
    the part after them.
    """
    if len(text) <= LONG_CHARS:
        return [unit]
    found: list[Unit] = []
    begin = 0
    for match in _PART_END.finditer(text):
        if match.start() - begin >= _LEAST_PART_CHARS and len(text) - match.end() >= _LEAST_PART_CHARS:
            found.append(Unit(unit.start + begin, unit.start + match.start()))
            begin = match.end()
    return [*found, Unit(unit.start + begin, unit.end)]
