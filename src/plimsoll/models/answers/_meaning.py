"""Whether two questions may be taken for the same: by their words, because vectors cannot tell "on" from "off".

Deny by default: what is not known to make no difference makes one. So an unknown name, a word of another language and
an antonym that no list holds all count.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ._words import (
    DIRECTIONS,
    EMPTY,
    FIRST,
    FUTURE,
    INFINITIVES,
    MODALS,
    NEGATIONS,
    PAST,
    PHRASES,
    POLITE,
    SECOND,
    SYNONYMS,
    TELL_ME,
)

_LONGEST = 2000
"""Longer questions are only the same when they are the same call."""
_TURNS_FROM = 3
"""From so many words on a question may begin at another of its words: "in Germany, what is the rate of tax"."""
_PLURAL_LENGTH, _ING_LENGTH = 4, 6

_QUOTED = re.compile(
    "```.*?```|`[^`]*`|\"[^\"]*\"|\u201c[^\u201d]*\u201d|\u00ab[^\u00bb]*\u00bb|(?<!\\w)'[^']*'(?!\\w)", re.DOTALL
)
_CODE = re.compile(r"[^\w\s.,;:!?'\"()\-\u2019\u2026\u2013\u2014]|_|::|\w\(|\w\.\w|\w:\w")
_NUMBER = re.compile(r"[+\-\u2212]?\d")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SHORT = (
    *((re.compile(rf"\b{short}\b"), long) for short, long in (("won't", "will not"), ("can't", "can not"))),
    *((re.compile(rf"\b{short}\b"), long) for short, long in (("cannot", "can not"), ("shan't", "shall not"))),
    *((re.compile(rf"{short}\b"), long) for short, long in (("n't", " not"), ("'re", " are"), ("'ve", " have"))),
    *((re.compile(rf"{short}\b"), long) for short, long in (("'ll", " will"), ("'m", " am"), ("'d", " would"))),
    *((re.compile(rf"\b{word}'s\b"), f"{word} is") for word in ("what", "who", "where", "when", "how", "it", "there")),
    (re.compile(r"'s\b"), " s"),
)
_ASKING = frozenset({"what", "which", "who", "whom", "whose", "when", "where", "why", "how"})
_MEASURES = frozenset({"many", "much", "long", "often", "far", "old", "big", "late", "soon"})


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, texts), key=len, reverse=True)) + r")\b")


_PHRASE, _POLITE, _TELL_ME = _any_of(PHRASES), _any_of(POLITE), _any_of(TELL_ME)


@dataclass(frozen=True, slots=True)
class _Facets:
    """What a question says, apart from what makes no difference."""

    quoted: tuple[str, ...]
    code: tuple[str, ...]
    """Addresses, paths, formulas, amounts and signs, as they are written."""
    number: tuple[str, ...]
    negation: tuple[str, ...]
    question: tuple[str, ...]
    modal: tuple[str, ...]
    tense: str
    person: frozenset[str]
    things: tuple[str, ...]
    """Every other word that counts, in its order."""
    directed: bool
    """Whether the things may not change places."""


def difference(one: str, other: str) -> str | None:
    """What two questions differ in that can change the answer; None when they ask for the same.

    One of `length`, `quoted`, `code`, `number`, `negation`, `question` (who, when, how many), `modal` (may, must),
    `tense`, `person` (my, your), `words` and `order`.
    """
    if one == other:
        return None
    if max(len(one), len(other)) > _LONGEST:
        return "length"
    mine, theirs = _facets(one), _facets(other)
    for name in ("quoted", "code", "number", "negation", "question", "modal", "tense"):
        if getattr(mine, name) != getattr(theirs, name):
            return name
    if mine.person and theirs.person and mine.person != theirs.person:
        return "person"
    if not mine.things or sorted(mine.things) != sorted(theirs.things):
        return "words"
    free = not mine.directed and not theirs.directed and len(mine.things) >= _TURNS_FROM
    same = mine.things == theirs.things or (free and _is_turned(mine.things, theirs.things))
    return None if same else "order"


def _is_turned(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two sequences are the same but for where they begin."""
    return any(tuple(one[start:]) + tuple(one[:start]) == tuple(other) for start in range(1, len(one)))


@lru_cache(maxsize=4096)
def _facets(text: str) -> _Facets:
    plain = _QUOTED.sub(" ", text.replace("\u2019", "'"))
    parts = plain.split()
    code = tuple(part.strip(".,;:!?()") for part in parts if _CODE.search(part))
    parts = [part for part in parts if not _CODE.search(part)]
    numbers = tuple(part.strip(".,;:!?()").lower() for part in parts if _NUMBER.search(part))
    plain = " ".join(part for part in parts if not _NUMBER.search(part))
    words = _words(plain)
    names = _names(plain)
    return _Facets(
        quoted=tuple(_QUOTED.findall(text.replace("\u2019", "'"))),
        code=code,
        number=numbers,
        negation=tuple(sorted(word for word in words if word in NEGATIONS)),
        question=_asked(words),
        modal=_modals(words),
        tense="past" if PAST.intersection(words) else "future" if FUTURE.intersection(words) else "",
        person=_person(words),
        things=(*_things(words), *(name for name in names if name.lower() in EMPTY)),
        directed=len(names) > 1 or _is_directed(words),
    )


def _words(text: str) -> list[str]:
    lower = text.lower()
    for short, long in _SHORT:
        lower = short.sub(long, lower)
    lower = _POLITE.sub(" ", " ".join(lower.split()))
    told = _TELL_ME.sub(" ", lower)
    words = _WORD.findall(_PHRASE.sub(lambda match: PHRASES[match.group()], " ".join(told.split())))
    return ["what", *words] if told != lower and _ASKING.isdisjoint(words) else words


def _names(text: str) -> list[str]:
    """Words with a capital where none is needed; `US` and `IT` are names as well."""
    words = [word.strip(".,;:!?()'\"") for word in text.split()]
    begins = [True, *(word.endswith((".", "?", "!", ":")) for word in text.split())]
    return [
        word
        for word, first in zip(words, begins, strict=False)
        if word[:1].isupper() and word != "I" and (not first or (len(word) > 1 and word.isupper()))
    ]


def _asked(words: Sequence[str]) -> tuple[str, ...]:
    """Who, when, how, how many: what kind of answer is wanted. `what` and `which` are the same."""
    asked = []
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word in _ASKING:
            kind = "what" if word == "which" else "who" if word == "whom" else word
            asked.append(f"{kind} {following}" if kind == "how" and following in _MEASURES else kind)
    return tuple(sorted(asked))


def _modals(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(MODALS[word] for word in words if word in MODALS))


def _person(words: Sequence[str]) -> frozenset[str]:
    first, second = not FIRST.isdisjoint(words), not SECOND.isdisjoint(words)
    return frozenset(name for name, there in (("first", first), ("second", second)) if there)


def _is_directed(words: Sequence[str]) -> bool:
    if not DIRECTIONS.isdisjoint(words):
        return True
    return any(word == "to" and before not in INFINITIVES for before, word in zip(["how", *words], words, strict=False))


def _things(words: Sequence[str]) -> list[str]:
    """The words that count, as stems, with "the Y of X" as "X Y"."""
    things: list[str] = []
    owned = False
    for word in words:
        if word == "of":
            owned = bool(things)
        elif not (word in EMPTY or word in _ASKING or word in NEGATIONS or word in MODALS or word == "to"):
            things.insert(len(things) - 1 if owned else len(things), _stem(word))
            owned = False
    return things


def _stem(word: str) -> str:
    """The word without the endings of plurals and of `-ing`."""
    if len(word) >= _PLURAL_LENGTH and word.endswith("s") and not word.endswith(("ss", "us", "is", "news")):
        word = f"{word[:-3]}y" if word.endswith("ies") else word[:-1]
    elif len(word) >= _ING_LENGTH and word.endswith("ing"):
        word = word[:-3]
        if word[-1] == word[-2] and word[-1] not in "ls":
            word = word[:-1]
    return SYNONYMS.get(word, word)
