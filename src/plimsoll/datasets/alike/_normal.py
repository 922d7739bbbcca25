"""The normal form of a text: what is left when spelling, case, punctuation and spaces do not count."""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"\w+")
_NUMBER: Final = re.compile(r"\d+")


def normal_text(text: str) -> str:
    """The words of a text with one space between them: compatibility forms joined (NFKC), without case."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def numbers_of(normal: str) -> tuple[str, ...]:
    """The numbers in a normal text, in their order: two texts with other numbers ask for other things."""
    return tuple(_NUMBER.findall(normal))
