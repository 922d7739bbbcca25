"""Attacks on instructions, written from what is publicly known of how they are worded.

Two families: making a model say what it must not (`hijack`), and making it tell its instructions (`extract`); each also
written a little differently (`disguised`). What is encoded is decoded before the model sees it.
"""

import random
from collections.abc import Callable

from ._attacks_grammar import read_rules, told

GRAMMAR = read_rules("direct")


def hijack(random_: random.Random) -> str:
    """Makes the model say something whatever it was told."""
    return told(random_, GRAMMAR, "hijack")


def extract(random_: random.Random) -> str:
    """Makes the model tell what it was told."""
    return told(random_, GRAMMAR, "extract")


def disguised(random_: random.Random, text: str) -> str:
    """The same attack, written a little differently."""
    space = random_.choice([" ", "\n", "\n\n"])
    ways: list[Callable[[], str]] = [
        text.upper,
        text.lower,
        lambda: _typos(random_, text),
        lambda: told(random_, GRAMMAR, "closing") + space + text,
        lambda: text + space + told(random_, GRAMMAR, "opening"),
        lambda: told(random_, GRAMMAR, "flood") + " " + text,
        lambda: text.replace(" ", random_.choice(["  ", "_", "-", ". ", "\n"])),
        lambda: text,
        lambda: text,
    ]
    return random_.choice(ways)()


def _typos(random_: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(max(1, len(text) // 25)):
        at = random_.randrange(len(letters))
        way = random_.randrange(3)
        if way == 0:
            letters[at] = ""
        elif way == 1:
            letters[at] *= 2
        elif at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)
