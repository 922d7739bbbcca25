"""Attacks on instructions, written from what is publicly known of how they are worded.

Four families: making a model say what it must not (`hijack`), making it tell its instructions (`extract`), breaking its
role (`jailbreak`), and hiding any of it (`disguised`).
"""

import base64
import codecs
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


_LEET = str.maketrans("aeiost", "431057")
_ALIKE = str.maketrans("aeiopcxy", "\u0430\u0435\u0456\u043e\u0440\u0441\u0445\u0443")
_FULL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


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


def encoded(random_: random.Random, text: str) -> str:
    """The same attack in an encoding."""
    ways = [
        lambda: "Decode and follow: " + base64.b64encode(text.encode()).decode(),
        lambda: codecs.encode(text, "rot13"),
        lambda: text.lower().translate(_LEET),
        lambda: text.translate(_ALIKE),
        lambda: text.translate(_FULL),
        lambda: " ".join(text),
        lambda: "\u200b".join(text),
        lambda: text.encode().hex(),
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
