"""What speaks for a candidate of a search, beside the scores of the search itself; one number a signal.

Here: pure functions from a question and its candidates to signals (`signals`), which a ranker weighs
(`Signals.weighted`, `DEFAULT_WEIGHTS`); counting a question's words in candidates (`count_words`); the match of a
question with the names of documents (`name_scores`); lists of what a question may mean beside its own words
(`Thesaurus`).
Not here: finding candidates (the engines), and the order of the stages of a search (`plimsoll.retrieval.search`).
"""

from ._asked import asked
from ._counts import count_words
from ._names import name_scores
from ._signals import DEFAULT_WEIGHTS, SIGNALS, signals
from ._thesaurus import BUILTIN_THESAURI, Thesaurus, builtin_thesaurus, read_thesaurus
from ._types import CountsWords, Signals, WordCounts

__all__ = [
    "BUILTIN_THESAURI",
    "DEFAULT_WEIGHTS",
    "SIGNALS",
    "CountsWords",
    "Signals",
    "Thesaurus",
    "WordCounts",
    "asked",
    "builtin_thesaurus",
    "count_words",
    "name_scores",
    "read_thesaurus",
    "signals",
]
