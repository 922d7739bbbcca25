"""The words of `harm_words/classes.txt` in all their forms, each with the letter of its class."""

from collections.abc import Iterator, Mapping
from pathlib import Path

LISTS = Path(__file__).with_name("harm_words")
_VOWELS = "aeiou"
_HISSING = ("s", "x", "z", "ch", "sh")
_DOUBLED_BELOW = 6
"""Shorter verbs that end in a vowel and a consonant double it (stab, stabbed)."""
_LEAST = 3


def classes() -> Mapping[str, list[str]]:
    """The words of each class as they are listed."""
    found: dict[str, list[str]] = {}
    for part in (LISTS / "classes.txt").read_text("utf-8").split("\n\n")[1:]:
        head, _, body = part.partition("\n")
        found[head[0]] = body.split()
    return found


def words() -> dict[str, str]:
    """Every form, with the letter of its class; a space in it where it has two parts."""
    found: dict[str, str] = {}
    for letter, listed in classes().items():
        for one in listed:
            mark = one[-1] if one[-1] in "+*" and len(one) > 1 else ""
            for form in _inflected(mark, one.removesuffix(mark) if mark else one):
                found.setdefault(form.replace("_", " "), letter)
    return found


def _inflected(mark: str, word: str) -> Iterator[str]:
    yield word
    if mark == "*":
        yield _plural(word)
    elif mark == "+":
        yield from _verb(word)


def _plural(word: str) -> str:
    if _ends_in_y(word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(_HISSING) else "s")


def _ends_in_y(word: str) -> bool:
    return word.endswith("y") and word[-2] not in _VOWELS


def _verb(word: str) -> Iterator[str]:
    if word.endswith("e"):
        yield from (word + "s", word + "d", word[:-1] + "ing", word + "r", word + "rs")
        return
    yield _plural(word)
    if _ends_in_y(word):
        yield from (word[:-1] + "ied", word + "ing")
        return
    short = len(word) >= _LEAST and word[-1] not in "wxyaeiou" and word[-2] in _VOWELS and word[-3] not in _VOWELS
    doubled = word + word[-1] if short and len(word) < _DOUBLED_BELOW else word
    yield from (doubled + "ed", doubled + "ing", doubled + "er", doubled + "ers")
