"""Texts of our own, from the templates of `harm_words/families.txt`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from ._harm_words import LISTS

_CAPITAL = 0.75
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})
_ENDS = (".", ".", "", "", "!", " ")
_TRICK = 0.02
"""How often each trick of writing is played."""
_SPACED = 3
_SWAPPED = 5
"""Words of so many letters are long enough for it."""


@dataclass(frozen=True)
class Family:
    """Templates that say the same kind of thing."""

    name: str
    weight: int
    labels: Mapping[str, int]
    """1 or 0 for each head that is known; the others are not known."""
    templates: Sequence[str]


@dataclass(frozen=True)
class Made:
    """A text of ours."""

    text: str
    labels: Mapping[str, int]
    family: str
    template: str


def families() -> list[Family]:
    """All of them."""
    found = []
    for part in (LISTS / "families.txt").read_text("utf-8").split("\n\n")[1:]:
        head, *lines = part.strip().split("\n")
        _, name, weight, *labels = head.split()
        known = {label: int(value) for label, _, value in (one.partition("=") for one in labels)}
        found.append(Family(name, int(weight), known, "|".join(lines).split("|")))
    return found


def fillers() -> Mapping[str, list[str]]:
    """What may stand for each name."""
    parts = (LISTS / "fillers.txt").read_text("utf-8").split("\n\n")[1:]
    return {name: "|".join(lines).split("|") for name, *lines in (part.strip().split("\n") for part in parts)}


def made(seed: int, count: int) -> list[Made]:
    """About so many texts, the same for the same seed."""
    random = Random(seed)  # noqa: S311  # examples are no secrets
    of_name, all_families = fillers(), families()
    total = sum(family.weight for family in all_families)
    found = []
    for family in all_families:
        for number in range(max(1, count * family.weight // total)):
            template = family.templates[number % len(family.templates)]
            text = _written(_filled(template, of_name, random), random)
            found.append(Made(text, family.labels, family.name, template))
    return found


def _filled(template: str, of_name: Mapping[str, Sequence[str]], random: Random) -> str:
    first, *parts = template.split("{")
    text = first
    for part in parts:
        name, _, rest = part.partition("}")
        text += random.choice(of_name[name]) + rest
    return text


def _written(text: str, random: Random) -> str:
    """As people write: with or without capitals and a full stop, and now and then with a trick."""
    if random.random() < _CAPITAL:
        text = text[0].upper() + text[1:]
    if text[-1] not in "?!.":
        text += random.choice(_ENDS)
    trick = int(random.random() / _TRICK)
    if trick in (0, 1, 2, 3, 4):
        words = text.split(" ")
        _trick(words, random.randrange(len(words)), trick, random)
        return " ".join(words)
    return {5: text.upper(), 6: text.lower()}.get(trick, text)


def _trick(words: list[str], place: int, trick: int, random: Random) -> None:
    word = words[place]
    if trick == 0 and len(word) >= _SPACED:
        words[place] = " ".join(word)
    elif trick == 1:
        words[place] = word.translate(_LEET)
    elif trick == 2 and len(word) >= _SWAPPED:  # noqa: PLR2004  # the third trick
        at = random.randrange(1, len(word) - 2)
        words[place] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    elif trick == 3 and place:  # noqa: PLR2004  # the fourth trick
        words[place - 1 : place + 1] = [words[place - 1] + word]
    elif trick == 4 and len(word) >= _SWAPPED:  # noqa: PLR2004  # the fifth trick
        at = random.randrange(1, len(word) - 1)
        words[place] = word[:at] + word[at + 1 :]
