"""What a question says about the document in which its answer would stand: names, years, quarters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .._words import function_words, stem

_WORD = re.compile(r"[^\W_]+")
_LETTERS_OR_DIGITS = re.compile(r"[^\W\d_]+|\d+")
_YEAR = re.compile(r"(?<!\d)(?:FY\s?|Q[1-4]\s?'?)?((?:19|20)\d\d)(?!\d)", re.IGNORECASE)
_SHORT_YEAR = re.compile(r"\bFY\s?'?(\d\d)\b", re.IGNORECASE)
_QUARTER = re.compile(r"\bQ([1-4])(?=\b|(?:19|20)\d\d)", re.IGNORECASE)
_SPOKEN_QUARTER = re.compile(
    r"\b(first|second|third|fourth|[1-4](?:st|nd|rd|th))\s(?:fiscal\s|financial\s)?quarter", re.IGNORECASE
)
_ORDER = ("first", "second", "third", "fourth")
_CENTURY = 2000
_MOST_WORDS = 200
_SHORTEST_PREFIX = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What may be compared with the name of a document."""

    stems: frozenset[str]
    """Of its words, of the letters and digits in them, and of two or three neighbours written as one."""
    spelled: tuple[str, ...]
    """Its words as they may begin a longer name."""
    years: frozenset[int]
    quarters: frozenset[str]
    """Such as `q2`."""

    @property
    def last_year(self) -> int | None:
        """The latest year, which is that of the report when several are compared."""
        return max(self.years, default=None)


def asked(question: str) -> Asked:
    """What a question says about documents. Only its first 200 words count."""
    words = [word.lower() for word in _WORD.findall(question)][:_MOST_WORDS]
    telling = [word for word in words if word not in function_words()]
    return Asked(
        stems=frozenset(stem(word) for word in (*telling, *_parts(telling), *_joined(words))) - {""},
        spelled=tuple(dict.fromkeys(word for word in telling if len(word) >= _SHORTEST_PREFIX and not word.isdigit())),
        years=frozenset(_years(question)),
        quarters=frozenset(_quarters(question)),
    )


def _parts(words: Sequence[str]) -> list[str]:
    """`berth17` may be written `berth_17`."""
    return [part for word in words if not word.isalpha() for part in _LETTERS_OR_DIGITS.findall(word)]


def _joined(words: Sequence[str]) -> list[str]:
    """`american express` may be written `americanexpress`."""
    pairs = [first + second for first, second in pairwise(words)]
    return pairs + [pair + third for pair, third in zip(pairs, words[2:], strict=False)]


def _years(question: str) -> list[int]:
    return [int(year) for year in _YEAR.findall(question)] + [
        _CENTURY + int(year) for year in _SHORT_YEAR.findall(question)
    ]


def _quarters(question: str) -> list[str]:
    spoken = (found.lower() for found in _SPOKEN_QUARTER.findall(question))
    numbers = [found[0] if found[0].isdigit() else str(_ORDER.index(found) + 1) for found in spoken]
    return [f"q{number}" for number in (*_QUARTER.findall(question), *numbers)]
