"""Texts as evidence of a score: few, short, and such as can be stored."""

from collections.abc import Sequence
from typing import Final

_MOST: Final = 20
_LONGEST: Final = 500


def shown(texts: Sequence[str]) -> list[str]:
    """The first 20 of them, each cut at 500 characters; halves of characters, which cannot be stored, are spelt out."""
    return [one[:_LONGEST].encode("utf-8", "backslashreplace").decode("utf-8") for one in texts[:_MOST]]
