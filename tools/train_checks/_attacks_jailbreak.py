"""Jailbreaks: a new role without limits, rules for how to answer, and a harmful wish behind them."""

import random

from ._attacks_grammar import read_rules, told

GRAMMAR = read_rules("jailbreak")


def jailbreak(random_: random.Random) -> str:
    """A prompt that frees the model from its limits."""
    return told(random_, GRAMMAR, "jailbreak")
