"""Requests that are no attacks, many of them near to one in their words: what a check must leave alone."""

import random

from ._attacks_grammar import read_rules, told

GRAMMAR = read_rules("benign")


def benign(random_: random.Random) -> str:
    """A request that is no attack."""
    text = told(random_, GRAMMAR, "benign")
    way = random_.randrange(12)
    if way == 0:
        return text.lower()
    if way == 1:
        words = text.split(" ")
        at = random_.randrange(len(words))
        words[at] = words[at].upper()
        return " ".join(words)
    return text
