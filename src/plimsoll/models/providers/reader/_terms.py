"""Words of a text with their places, and which of them count when a question is compared with a sentence."""

import re
from dataclasses import dataclass
from typing import Final

_WORD = re.compile(r"[^\W_]+(?:[.,/](?=\d)[^\W_]+|['\u2019_](?=\w)\w+|[½¼¾])*")
_SUFFIX_LIST = (
    "izations ization ations ation ating ated ators ator ates ate ments ment ances ance ences ence ities ity ings ing "
    "ions ion ables able edly ies ied est ed es ly al s e y"
)
_SUFFIXES: Final = tuple(_SUFFIX_LIST.split())
_IRREGULAR_LIST = (
    "paid pay, sent send, began begin, begun begin, left leave, held hold, led lead, sold sell, bought buy, "
    "built build, kept keep, won win, wrote write, written write, met meet, lost lose, spent spend, lent lend, "
    "brought bring, chose choose, chosen choose, rose rise, risen rise, fell fall, fallen fall, grew grow, grown grow, "
    "drove drive, driven drive, drawn draw, drew draw, broke break, broken break, spoke speak, spoken speak, "
    "taught teach, ran run"
)
_PRESENT: Final = dict(pair.split() for pair in _IRREGULAR_LIST.split(", "))
_STEM_CHARS: Final = 4
_SHORT_STEM_CHARS: Final = 3
_SHORT_SUFFIXES: Final = frozenset({"s", "es", "ed", "ing", "ies", "ied", "e", "y"})

_STOP_WORDS = (
    "a an the this that these those some any each every all both either neither such other another own same "
    "i you he she it we they me him her us them my your his its our their mine yours hers ours theirs itself himself "
    "am is are was were be been being do does did done doing have has had having will would shall should can could "
    "may might must of in on at by for with about against between into through during before after above below to "
    "from up down out off over under again further then once here there when where why how what which who whom whose "
    "and or but if because as until while than so too very not no nor only just also s t d ll re ve within without "
    "upon per via according however therefore thus although though despite since unlike along including following "
    "meanwhile instead whether like among around throughout toward towards almost please tell us now"
)
_EMPTY_CONTENT_WORDS = (
    "name called many much long often far old kind type say says said get gets got give gives gave given want wants "
    "need needs make makes made take takes took taken put go goes went anything something"
)

FUNCTION_WORDS: Final = frozenset(_STOP_WORDS.split())
"""Words that hold phrases together, and never start or end one that answers."""

STOP_WORDS: Final = FUNCTION_WORDS | frozenset(_EMPTY_CONTENT_WORDS.split())
"""Words that carry no subject: they neither count as covered nor as missing."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a number with its separators, at characters `start` to `end`."""

    text: str
    start: int
    end: int
    stem: str

    @property
    def is_stop(self) -> bool:
        """Whether it carries no subject; the month of May does."""
        return self.text.lower() in STOP_WORDS and not (self.text == "May" and self.start > 0)

    @property
    def is_capitalised(self) -> bool:
        """Whether it starts with a capital letter."""
        return self.text[0].isupper()

    @property
    def has_digit(self) -> bool:
        """Whether it is a number or an identifier."""
        return any(char.isdigit() for char in self.text)


def words(text: str) -> tuple[Word, ...]:
    """All words of `text`, in order."""
    return tuple(Word(m.group(), m.start(), m.end(), stem(m.group())) for m in _WORD.finditer(text))


def stem(word: str) -> str:
    """A rough stem: lower case, no possessive, one English suffix less; numbers lose their thousands separators.

    The commonest irregular verbs of business English have the stem of their present.
    """
    low = word.lower().replace("\u2019", "'")
    if low[0].isdigit():
        return low.replace(",", "").removesuffix("s").removesuffix("'")
    low = low.removesuffix("'s").removesuffix("'")
    low = _PRESENT.get(low, low)
    for suffix in _SUFFIXES:
        keep = _SHORT_STEM_CHARS if suffix in _SHORT_SUFFIXES else _STEM_CHARS
        if low.endswith(suffix) and len(low) - len(suffix) >= keep and not low.endswith("ss"):
            low = low[: -len(suffix)]
            break
    if len(low) > _SHORT_STEM_CHARS and low[-1] == low[-2] and low[-1] not in "ls":
        low = low[:-1]
    return low[:-1] + "i" if low.endswith("y") else low
