"""Words, numbers and sentences of a text, in a form in which two texts can be compared."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from ._lexicon import (
    FUNCTION_WORDS,
    IRREGULAR,
    MULTIPLIERS,
    NEGATIONS,
    NUMBER_WORDS,
    ORDINAL_WORDS,
    RELATIVE_TIMES,
    SYNONYMS,
    TIMES,
)

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_LETTER = rf"[^\W\d_{_CJK}]"
_TOKEN = re.compile(
    rf"\d+(?:[.,:]\d+)*|[{_CJK}]|{_LETTER}+(?:['\u2019]{_LETTER}+)?|"
    r"(?<![.!?\u3002\uff01\uff1f])[.!?\u3002\uff01\uff1f]++(?=[\s\"'\u201d\u2019)\]]|$)|\n|[\u3002\uff01\uff1f]"
)
"""A number, a word, a character of a script without spaces, or what ends a sentence.

Marks that stand together are looked at once, from the first of them: a million full stops take no longer than letters.
"""
_ASCII_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?|[0-9]+(?:[.,:][0-9]+)*|(?<![.!?])[.!?]++(?=[\s\"')\]]|$)|\n")
"""The same for texts in ASCII, in little more than half of the time."""
_LISTED = re.compile(r"\d{1,2}\. {1,4}\S")
_ENDS = frozenset(".!?\u3002\uff01\uff1f\n")
_LEAST_STEM = 4
_KEPT = 50_000
_MOST_KEPT_CHARACTERS = 40
_ENDINGS = (
    "ations ation ements ement nesses ness ments ment ingly edly ings ing ities ity ators ator ically ical ions ion "
    "ives ive ally als al ers er ors or ies ied ian ans an ish ly ed es s e y i"
)
_SUFFIXES = frozenset(_ENDINGS.split())
_LONGEST_SUFFIX = 6
_LONG_SENTENCE = 100
_SHORTENED = (
    "mr mrs ms dr prof st jr sr vs etc eg ie approx no nos fig figs vol jan feb mar apr jun jul aug sep sept oct nov "
    "dec inc ltd co corp gen col lt capt sgt rev hon"
)
_ABBREVIATIONS = frozenset(_SHORTENED.split())


class Term(NamedTuple):
    """What is known of a word, a number or an end of a sentence without its neighbours."""

    stem: str
    """Equal for forms of one word; a number's value."""
    value: float | None
    """Of a number."""
    times: float | None
    """What it multiplies the number before it with."""
    content: bool
    """Whether it says something by itself, which `the` and `of` do not."""
    negates: bool
    ends: bool
    """Whether it ends a sentence."""


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


_END: Final = Term("", None, None, content=False, negates=False, ends=True)


def stem_of(word: str) -> str:
    """What is left of a word in lower case without its endings, as far as it is worth asking."""
    plain = word.replace("\u2019", "'")
    plain = plain.removesuffix("'s").replace("'", "")
    plain = IRREGULAR.get(plain, plain)
    plain = _without_suffix(_without_suffix(plain))
    if len(plain) == _LEAST_STEM and plain.endswith("s") and plain[-2] not in "sui":
        plain = plain[:-1]
    if len(plain) > _LEAST_STEM and plain[-1] == plain[-2]:
        plain = plain[:-1]
    return SYNONYMS.get(plain, plain)


def _without_suffix(word: str) -> str:
    """Without the longest of the endings that leaves enough of it."""
    for length in range(min(_LONGEST_SUFFIX, len(word) - _LEAST_STEM), 0, -1):
        if word[-length:] in _SUFFIXES:
            return word[:-length]
    return word


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


def tokens_of(text: str) -> re.Pattern[str]:
    """What finds the tokens of this text: numbers, words, characters of scripts without spaces, ends of sentences."""
    return _ASCII_TOKEN if text.isascii() else _TOKEN


class _Terms(dict[str, Term]):
    """What is known of words; of short ones it is kept for when they come again."""

    def __missing__(self, lowered: str) -> Term:
        term = _term(lowered)
        if len(lowered) <= _MOST_KEPT_CHARACTERS:
            if len(self) >= _KEPT:
                self.clear()
            self[lowered] = term
        return term


term_of: Final = _Terms().__getitem__
"""What is known of a token in lower case. A bound method: a passage asks for every word of it."""


def _term(lowered: str) -> Term:
    if lowered[0] in _ENDS:
        return _END
    figures = lowered[0].isdigit()
    value = value_of(lowered) if figures else number_of(lowered)
    stem = f"{value:.12g}" if value is not None else lowered if figures else stem_of(lowered)
    return Term(stem, value, multiplier(lowered), lowered not in FUNCTION_WORDS, lowered in NEGATIONS, ends=False)


def sentences(text: str) -> Iterator[Sentence]:
    """The sentences of a text; very long ones are cut, so that no sentence has more than 100 words."""
    words: list[Word] = []
    for match in tokens_of(text).finditer(text):
        shown = match.group()
        if shown[0] in _ENDS:
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
    term = term_of(shown.lower())
    return Word(start, end, shown, term.stem, term.value, term.content)


def relative_times(words: Sequence[Word]) -> list[tuple[str, str]]:
    """Stems of `last year`, `the first time` and the like."""
    shown = [word.shown.lower() for word in words]
    return [
        (words[at].stem, words[at + 1].stem)
        for at, (one, other) in enumerate(pairwise(shown))
        if one in RELATIVE_TIMES and other in TIMES
    ]


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
