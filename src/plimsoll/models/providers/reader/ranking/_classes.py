"""Coarse classes of words, told by lists and suffixes: what a parser would know, as far as a few lines can."""

import itertools
from collections.abc import Sequence
from typing import Final

from .._terms import Word

BORDER, COMMA, MARK, TIGHT, ASKED, NAME, NUMBER, PAST, DOING, ADVERB, OTHER = range(11)
"""Ends of the unit, commas, other marks, no gap at all (`20-18`), then kinds of content words."""
ARTICLE, OF, IN, BY, TO, FOR, AND, VERB, WHO = range(11, 20)
"""Groups of function words, each named by one of its members."""
CLASSES: Final = 20

_LISTS: Final = {
    ARTICLE: "a an the this that these those its his her their our my your some any each every no",
    OF: "of",
    IN: "in at on near within inside across around",
    BY: "by",
    TO: "to into toward towards onto",
    FOR: "for from with as than about under over between among during through against after before since until",
    AND: "and or but nor",
    VERB: "is are was were be been being am has have had having do does did will would can could may might must should "
    "shall",
    WHO: "who which whom whose where when while because if although though he she it they we i you him them there",
}
_CLASS_OF: Final = {word: number for number, listed in _LISTS.items() for word in listed.split()}
_SUFFIXES: Final = (("ed", PAST), ("ing", DOING), ("ly", ADVERB))
_LEAST_CHARS: Final = 5
_OPENERS: Final = frozenset('([{)]}\u201c"\u2018\u2013\u2014:;')


def class_of(word: Word, *, is_asked: bool) -> int:
    """The class of a word."""
    low = word.text.lower()
    known = _CLASS_OF.get(low)
    if known is not None:
        return known
    if is_asked:
        return ASKED
    if word.has_digit:
        return NUMBER
    return NAME if word.is_capitalised else _by_suffix(low)


def _by_suffix(low: str) -> int:
    if len(low) >= _LEAST_CHARS:
        for suffix, kind in _SUFFIXES:
            if low.endswith(suffix):
                return kind
    return OTHER


def gaps(text: str, words: Sequence[Word]) -> list[int]:
    """For each word the class of what parts it from the one before; `OTHER` is nothing but a space."""
    found = [BORDER] * min(1, len(words))
    found += [_gap(text[left.end : right.start]) for left, right in itertools.pairwise(words)]
    return found


def _gap(between: str) -> int:
    marks = between.strip()
    if between == marks:
        return TIGHT
    if not marks or marks in {"'", "."}:
        return OTHER
    return COMMA if "," in marks and not _OPENERS & set(marks) else MARK
