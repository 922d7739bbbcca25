"""Words, numbers and sentences of a text, in a form in which two texts can be compared, and lists of English words.

Nothing here needs numpy. Not here: what follows from a comparison (`plimsoll.checks.grounding.support`).
"""

from ._lexicon import ABSOLUTES, ANTONYMS, CAUSES, OPINIONS
from ._names import NAMES
from ._words import Sentence, Term, Word, multiplier, relative_times, sentences, stem_of, term_of, tokens_of

__all__ = [
    "ABSOLUTES",
    "ANTONYMS",
    "CAUSES",
    "NAMES",
    "OPINIONS",
    "Sentence",
    "Term",
    "Word",
    "multiplier",
    "relative_times",
    "sentences",
    "stem_of",
    "term_of",
    "tokens_of",
]
