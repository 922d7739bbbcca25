"""Instructions that somebody hid in data, and sentences of mails and pages that are none."""

import random

from ._attacks_grammar import read_rules, told

GRAMMAR = read_rules("indirect")


def instruction(random_: random.Random) -> str:
    """An instruction as somebody would hide it in data."""
    return told(random_, GRAMMAR, "hidden").strip()


def code_order(random_: random.Random) -> str:
    """An instruction to take over some code that follows."""
    return told(random_, GRAMMAR, "code_order").strip()


def data(random_: random.Random) -> str:
    """A sentence of a mail, a page or a manual."""
    return told(random_, GRAMMAR, "mail").strip()
