"""Words as classes: whom a text is about, what it says of them, and whether it only reports it.

Tricks of writing are undone word by word: letters with spaces between them, digits and signs for letters, repeated
letters, two letters changed about, a letter left out, a space left out.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

PLAIN: Final = 0
"""A word that is known and says nothing here."""
_UNKNOWN: Final = -1
NOT_LOOKED_FOR: Final = -2
"""In place of a class: nobody asked yet which one an unknown word has."""
_PHRASE: Final = 64
"""Added to the class of a word that begins a phrase."""
_BOTH: Final = 64
"""A word that is two has this much of the class of the first."""
_SPELT_FROM: Final = 4
"""Shorter words are not looked for with mistakes in them."""
_LONGEST: Final = 32
_KEPT: Final = 20_000
_UNKNOWN_SHARE: Final = 3
"""A text in which more than one word in so many is unknown is in another language: its words are left alone."""
_FEW_WORDS: Final = 40

_TOKEN: Final = re.compile(r"""\w(?:[\w'@$*-]*\w)?|["\u201c\u201d\u00ab\u00bb]|[.;\n]|[!?]+""")
_LONGEST_CHUNK: Final = 48
_CHUNK: Final = re.compile(r"[^ \n]{1,48}(?![^ \n])|[^ \n]{23,47}[^\w \n]|[^ \n]{48}|\n")
"""Without a space; what is longer is cut behind a character that is of no word, where there is one."""
_SPACED: Final = re.compile(r"(?<!\w)\w(?: \w){2,}(?!\w)")
_MAY_BE_SPACED: Final = re.compile(r" \w \w(?!\w)")
"""Is found much faster, and in every text that has the other."""
_RUNS: Final = re.compile(r"(.)\1{2,}")
_LEET: Final = str.maketrans({"4": "a", "3": "e", "1": "i", "0": "o", "5": "s", "7": "t", "@": "a", "$": "s"})
_SIGNS: Final = re.compile(r"[0-9@$*]")

Tags = NDArray[np.int64]


class Tagged(NamedTuple):
    """The words of a text that have a class."""

    tags: Tags
    """The class of each."""
    places: Tags
    """Which word of the text it is."""
    words: int
    """How many words the text has."""


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Which class each word has."""

    classes: Mapping[str, int]
    """Of single words; `PLAIN` where they say nothing."""
    phrases: Mapping[str, int]
    """Of two words with a space between them."""
    spelt: frozenset[int]
    """The classes that are looked for with mistakes of spelling."""
    adjective: int
    person: int
    group: int
    _known: dict[str, int] = field(init=False, repr=False)
    _missing: dict[str, int] = field(init=False, repr=False)
    _resolved: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known = dict(self.classes)
        for phrase in self.phrases:
            first = phrase.partition(" ")[0]
            known[first] = known.get(first, PLAIN) | _PHRASE
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_missing", dict(self._without_a_letter()))
        object.__setattr__(self, "_resolved", lru_cache(_KEPT)(self._resolve))

    def code(self, token: str) -> int:
        """The class of a token as it is written; `tagged` knows what the numbers mean that are no class."""
        return self._known.get(token, _UNKNOWN)

    def tagged(self, tokens: Tags, known: Tags, names: Sequence[str]) -> Tagged:
        """The classes of the tokens of a text; of `black people` only that it is a group is left.

        For each token there is, how it is written in `names`, and in `known` its code as it is written, and the class
        that it has in spite of mistakes: where that was not looked for and is needed, it is noted there.
        """
        codes = known[0].take(tokens)
        self._phrased(tokens, codes, names)
        self._corrected(tokens, codes, known[1], names)
        kept = np.flatnonzero(codes)
        tags, kept = _parted(codes.take(kept), kept)
        return self._grouped(Tagged(tags, kept, len(tokens)))

    def _phrased(self, tokens: Tags, codes: Tags, names: Sequence[str]) -> None:
        """Gives the first of two words that belong together the class of both."""
        begins = np.flatnonzero(codes >= _PHRASE)
        codes[begins] -= _PHRASE
        for place in begins.tolist():
            phrase = self.phrases.get(" ".join(names[token] for token in tokens[place : place + 2].tolist()))
            if phrase is not None:
                codes[place] = phrase
                codes[place + 1] = PLAIN

    def _corrected(self, tokens: Tags, codes: Tags, corrected: Tags, names: Sequence[str]) -> None:
        """Gives words that are not known as they are written their class; two of them where two words are one."""
        unknown = np.flatnonzero(codes == _UNKNOWN)
        if len(tokens) > _FEW_WORDS and len(unknown) * _UNKNOWN_SHARE > len(tokens):
            codes[unknown] = PLAIN
            return
        which = tokens.take(unknown)
        found = corrected.take(which)
        if NOT_LOOKED_FOR in found:
            new = which[found == NOT_LOOKED_FOR]
            corrected[new] = [self._resolved(names[token][:_LONGEST]) for token in new.tolist()]
            found = corrected.take(which)
        codes[unknown] = found

    def _grouped(self, found: Tagged) -> Tagged:
        tags, places = found.tags, found.places
        if len(tags) < 2:  # noqa: PLR2004  # a pair has two
            return found
        pairs = (tags[:-1] == self.adjective) & (tags[1:] == self.person) & (places[1:] - places[:-1] == 1)
        if not pairs.any():
            return found
        tags = tags.copy()
        first = np.flatnonzero(pairs)
        tags[first] = self.group
        kept = np.ones(len(tags), np.bool_)
        kept[first + 1] = False
        return Tagged(tags[kept], places[kept], found.words)

    def _resolve(self, word: str) -> int:
        """The class of a word that is not known as it is written."""
        for form in _forms(word):
            found = self.classes.get(form)
            if found is not None:
                return found
        plain = word.translate(_LEET)
        if len(plain) < _SPELT_FROM or not plain.isascii() or word.isdigit():
            return PLAIN
        misspelt = self._misspelt(plain)
        return self._run_together(plain) if misspelt == PLAIN else misspelt

    def _misspelt(self, word: str) -> int:
        found = self._missing.get(word)
        if found is not None:
            return found
        for place in range(len(word) - 1):
            swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
            found = self.classes.get(swapped)
            if found in self.spelt:
                return found
        return PLAIN

    def _run_together(self, word: str) -> int:
        """Two known words without a space, one of which says something."""
        for place in range(len(word) - 1, 0, -1):
            first, second = self.classes.get(word[:place]), self.classes.get(word[place:])
            if first is None or second is None or not _long_enough(word, place):
                continue
            if first in self.spelt or second in self.spelt:
                return first * _BOTH + second
        return PLAIN

    def _without_a_letter(self) -> Iterator[tuple[str, int]]:
        for word, code in self.classes.items():
            if code in self.spelt and len(word) >= _SPELT_FROM and word.isalpha():
                for place in range(1, len(word)):
                    shorter = word[:place] + word[place + 1 :]
                    if len(shorter) >= _SPELT_FROM and shorter not in self.classes:
                        yield shorter, code


def _parted(codes: Tags, places: Tags) -> tuple[Tags, Tags]:
    """Classes and their words, where a word may have two classes, one after the other."""
    two = codes >= _BOTH
    if not two.any():
        return codes, places
    times = np.where(two, 2, 1)
    tags = np.repeat(codes % _BOTH, times)
    tags[np.cumsum(times)[two] - 2] = codes[two] // _BOTH
    kept = tags > PLAIN
    return tags[kept], np.repeat(places, times)[kept]


_SHORT_WORDS: Final = frozenset({"i", "a", "my", "of", "to", "the", "is", "in", "on", "be", "are", "you", "so", "all"})


def _long_enough(word: str, place: int) -> bool:
    """Whether both parts are words that people write: of three letters or more, or one of the commonest."""
    return all(len(part) > 2 or part in _SHORT_WORDS for part in (word[:place], word[place:]))  # noqa: PLR2004  # above


def _forms(word: str) -> Iterator[str]:
    """What a word may stand for, likeliest first."""
    if word.endswith("'s"):
        yield word[:-2]
    if _SIGNS.search(word) and not word.isdigit():
        plain = word.translate(_LEET)
        yield plain
        yield plain.replace("*", "u")
        yield plain.replace("*", "i")
        yield plain.replace("*", "")
    if _RUNS.search(word):
        yield _RUNS.sub(r"\1\1", word)
        yield _RUNS.sub(r"\1", word)
    if "-" in word or "'" in word:
        yield from re.split("[-']", word)


def tokens_of(chunk: str) -> list[str]:
    """The tokens of what has no space in it."""
    return _TOKEN.findall(chunk)


def parts_of(chunk: str) -> list[str]:
    """What has no space in it, cut where it is long; of nothing one part that is empty."""
    return _CHUNK.findall(chunk) if len(chunk) > _LONGEST_CHUNK else [chunk]


def spans(lowered: str) -> list[tuple[int, int]]:
    """Where each token of a text in lower case begins and ends."""
    chunks = _CHUNK.finditer(lowered)
    return [one.span() for chunk in chunks for one in _TOKEN.finditer(lowered, *chunk.span())]


def lower(text: str) -> str:
    """Lower case with as many characters, typographic apostrophes as plain ones."""
    if text.isascii():
        return text.lower()
    lowered = text.replace("\u0130", "i").lower()
    return lowered.replace("\u2019", "'").replace("\u2018", "'")


def joined(text: str) -> str:
    """Letters that stand alone, joined; what they leave is filled with spaces, so that all keeps its place."""
    if _MAY_BE_SPACED.search(text) is None:
        return text

    def join(match: re.Match[str]) -> str:
        word = match[0].replace(" ", "")
        return word + " " * (len(match[0]) - len(word))

    return _SPACED.sub(join, text)


def read_lexicon(data: bytes) -> Lexicon:
    """A lexicon from its file. Raises KeyError and ValueError."""
    said = json.loads(data)
    letters: Sequence[str] = list(said["classes"])
    classes = dict.fromkeys(said["known"].split(), PLAIN)
    phrases: dict[str, int] = {}
    for code, letter in enumerate(letters, 1):
        for word in said["classes"][letter]:
            (phrases if " " in word else classes)[word] = code
    place = {letter: code for code, letter in enumerate(letters, 1)}
    return Lexicon(
        classes,
        phrases,
        frozenset(place[letter] for letter in said["spelt"]),
        place[said["adjective"]],
        place[said["person"]],
        place[said["group"]],
    )
