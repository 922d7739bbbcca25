"""Which known word somebody may have meant."""

import difflib
from collections.abc import Iterable

_NEARNESS = 0.7
"""Ratio of matching characters (Ratcliff and Obershelp 1988) from which a word counts as a misspelling of another."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is most likely a misspelling of; None when none is near."""
    return next(iter(difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=_NEARNESS)), None)
