"""Words that carry what an answer says."""

import re
from collections.abc import Collection
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+")
_SAY_NOTHING: Final = """
a about above after all also an and any are as at be been being between both but by can could did do does doing down
each few for from further had has have having he her here hers him his how i if in into is it its itself just may me
might more most must my no nor not of off on once only or other our out over own s same shall she should so some such t
than that the their them then there these they this those through to too under until up very was we were what when
where which while who whom why will with would you your fy year years since due using use based including include
company companies
"""
_EMPTY: Final = frozenset(_SAY_NOTHING.split())
_ENDINGS: Final = ("ations", "ation", "ings", "ing", "ments", "ment", "ies", "ied", "ers", "er", "ed", "es", "ly", "s")
_SHORTEST: Final = 3
_MOST_WORDS: Final = 20_000


def stem(word: str) -> str:
    """A word without its ending: good enough to see that `declined` and `declines` are the same word."""
    word = word.lower().removesuffix("'s").removesuffix("\u2019s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST:
            return word[: len(word) - len(ending)].rstrip("ei")
    return word.rstrip("ei") if len(word) > _SHORTEST else word


def content(text: str) -> tuple[str, ...]:
    """The stems of the words that say something, in their order; numbers are left out."""
    words = (match.group() for match in _WORD.finditer(text[: 20 * _MOST_WORDS]))
    told = (word for word in words if word.lower() not in _EMPTY and not word.isdigit())
    return tuple(stem(word) for word in told)[:_MOST_WORDS]


def names(text: str) -> frozenset[str]:
    """The stems of words with a capital letter that do not begin a sentence, and of abbreviations."""
    found = re.finditer(r"(?<![.!?:]\s)(?<!^)\b[A-Z][\w&-]*|\b[A-Z]{2,}\b", text)
    return frozenset(stem(match.group()) for match in found if match.group().lower() not in _EMPTY)


def recall(wanted: Collection[str], given: Collection[str]) -> float | None:
    """The share of some stems that stand among others; None where none is wanted."""
    told = frozenset(wanted)
    return len(told & frozenset(given)) / len(told) if told else None
