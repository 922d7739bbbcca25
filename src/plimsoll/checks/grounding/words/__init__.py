"""Words, numbers and sentences of a text, in a form in which two texts can be compared, and lists of English words.

Nothing here needs numpy. Not here: what follows from a comparison (`plimsoll.checks.grounding.support`).
"""

from ._lexicon import ABSOLUTES, ANTONYMS, CAUSES, FUNCTION_WORDS, NEGATIONS, OPINIONS
from ._words import (
    TOKEN,
    Sentence,
    Word,
    is_end,
    multiplier,
    number_of,
    sentences,
    stem_of,
    value_of,
)

__all__ = [
    "ABSOLUTES",
    "ANTONYMS",
    "CAUSES",
    "FUNCTION_WORDS",
    "NEGATIONS",
    "OPINIONS",
    "TOKEN",
    "Sentence",
    "Word",
    "is_end",
    "multiplier",
    "number_of",
    "sentences",
    "stem_of",
    "value_of",
]
