"""Words, numbers and sentences of a text, in a form in which two texts can be compared."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ._lexicon import (
    FUNCTION_WORDS,
    IRREGULAR,
    MULTIPLIERS,
    NUMBER_WORDS,
    ORDINAL_WORDS,
    SYNONYMS,
)

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_LETTER = rf"[^\W\d_{_CJK}]"
TOKEN = re.compile(
    rf"\d+(?:[.,:]\d+)*|[{_CJK}]|{_LETTER}+(?:['\u2019]{_LETTER}+)?|"
    r"[.!?\u3002\uff01\uff1f]+(?=[\s\"'\u201d\u2019)\]]|$)|\n|[\u3002\uff01\uff1f]"
)
"""A number, a word, a character of a script without spaces, or what ends a sentence."""
_LISTED = re.compile(r"\d{1,2}\. {1,4}\S")
_ENDS = frozenset(".!?\u3002\uff01\uff1f\n")
_LEAST_STEM = 4
_KEPT = 50_000
_SUFFIXES = (
    *("ations", "ation", "ements", "ement", "nesses", "ness", "ments", "ment", "ingly", "edly", "ings", "ing"),
    *("ities", "ity", "ators", "ator", "ically", "ical", "ions", "ion", "ives", "ive", "ally", "als", "al"),
    *("ers", "er", "ors", "or", "ies", "ied", "ian", "ans", "an", "ish", "ly", "ed", "es", "s", "e", "y", "i"),
)
_LONG_SENTENCE = 100
_SHORTENED = (
    "mr mrs ms dr prof st jr sr vs etc eg ie approx no nos fig figs vol jan feb mar apr jun jul aug sep sept oct nov "
    "dec inc ltd co corp gen col lt capt sgt rev hon"
)
_ABBREVIATIONS = frozenset(_SHORTENED.split())


class Word(NamedTuple):
    """A word or number of a text."""

    start: int
    end: int
    shown: str
    """As it stands there."""
    stem: str
    """Equal for forms of one word; a number's value."""
    value: float | None
    """Of a number."""
    content: bool
    """Whether it says something by itself, which `the` and `of` do not."""


class Sentence(NamedTuple):
    """A sentence of a text."""

    start: int
    end: int
    words: tuple[Word, ...]


@lru_cache(maxsize=_KEPT)
def stem_of(word: str) -> str:
    """What is left of a word in lower case without its endings, as far as it is worth asking."""
    plain = word.replace("\u2019", "'")
    plain = plain.removesuffix("'s").replace("'", "")
    plain = IRREGULAR.get(plain, plain)
    for _ in range(2):
        for suffix in _SUFFIXES:
            if plain.endswith(suffix) and len(plain) - len(suffix) >= _LEAST_STEM:
                plain = plain[: -len(suffix)]
                break
        else:
            break
    if len(plain) == _LEAST_STEM and plain.endswith("s") and plain[-2] not in "sui":
        plain = plain[:-1]
    if len(plain) > _LEAST_STEM and plain[-1] == plain[-2]:
        plain = plain[:-1]
    return SYNONYMS.get(plain, plain)


def value_of(shown: str) -> float | None:
    """The value of a number in figures, or None; a time or a version has none."""
    if ":" in shown or shown.count(".") > 1:
        return None
    try:
        return float(shown.replace(",", ""))
    except ValueError:  # pragma: no cover - digits of other scripts that float refuses
        return None


def number_of(lowered: str) -> float | None:
    """The value of a word for a number."""
    return NUMBER_WORDS.get(lowered, ORDINAL_WORDS.get(lowered))


def is_end(shown: str) -> bool:
    """Whether a token ends a sentence."""
    return shown[0] in _ENDS


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text; very long ones are cut, so that no sentence has more than 100 words."""
    words: list[Word] = []
    for match in TOKEN.finditer(text):
        shown = match.group()
        if is_end(shown):
            if len(words) == 1 and shown == "." and _LISTED.match(text, words[0].start):
                words = []  # the number of an item of a list
            elif words and not _goes_on(text, match.end(), shown, words[-1]):
                yield _sentence(text, words, match.end())
                words = []
            continue
        words.append(word_of(match.start(), match.end(), shown))
        if len(words) >= _LONG_SENTENCE:
            yield _sentence(text, words, match.end())
            words = []
    if words:
        yield _sentence(text, words, words[-1].end)


def word_of(start: int, end: int, shown: str) -> Word:
    """A word with what is known of it."""
    lowered = shown.lower()
    if shown[0].isdigit():
        value = value_of(shown)
        return Word(start, end, shown, _figures(shown, value), value, content=True)
    value = number_of(lowered)
    if value is not None:
        return Word(start, end, shown, f"{value:g}", value, content=lowered not in {"one", "first", "second"})
    return Word(start, end, shown, stem_of(lowered), None, content=lowered not in FUNCTION_WORDS)


def _figures(shown: str, value: float | None) -> str:
    return shown if value is None else f"{value:.12g}"


def _sentence(text: str, words: list[Word], end: int) -> Sentence:
    return Sentence(words[0].start, end if text[end - 1 : end] != "\n" else words[-1].end, tuple(words))


def _goes_on(text: str, end: int, shown: str, last: Word) -> bool:
    """Whether a full stop only ends an abbreviation."""
    if shown != ".":
        return False
    lowered = last.shown.lower()
    after = text[end : end + 2].lstrip()
    if after[:1].islower():
        return True
    return lowered in _ABBREVIATIONS or (len(lowered) == 1 and lowered.isalpha() and last.shown.isupper())


def multiplier(lowered: str) -> float | None:
    """What a word such as `million` multiplies the number before it with."""
    return MULTIPLIERS.get(lowered)
