"""Material for a judge, so marked that nothing in it can end it or pass for an instruction."""

import hashlib
from collections.abc import Sequence
from typing import Final, NamedTuple

_LENGTH: Final = 24
_LEAST, _DELETE = 32, 127
MOST_CHARACTERS: Final = 200_000
"""Longer material is not judged: a judge that sees half of it judges something else."""


class Part(NamedTuple):
    """A piece of the material, and what it is called."""

    label: str
    text: str


class TooLongError(ValueError):
    """The material is longer than a judge is given."""

    def __init__(self, characters: int) -> None:
        super().__init__(f"the material has {characters:,} characters, and a judge is given {MOST_CHARACTERS:,}")


def fence(parts: Sequence[Part]) -> tuple[str, str]:
    """The mark between whose lines each part stands, and all parts with it.

    The mark is made of the digest of all that is written, so whoever wrote a part cannot have written the mark into
    it; and the same material has the same mark, so that a judge is asked the same on every day.
    Raises TooLongError.
    """
    clean = [Part(part.label, _plain(part.text)) for part in parts]
    length = sum(len(part.text) for part in clean)
    if length > MOST_CHARACTERS:
        raise TooLongError(length)
    whole = "\x00".join(text for part in clean for text in part)
    mark = "#" + hashlib.sha256(whole.encode()).hexdigest()[:_LENGTH] + "#"
    return mark, "\n\n".join(f"{part.label}:\n{mark}\n{part.text}\n{mark}" for part in clean)


def _plain(text: str) -> str:
    """Without half characters, which no encoder takes, and without other control characters than line ends and tabs."""
    told = text.encode("utf-8", "replace").decode()
    return "".join(one for one in told if one in "\n\t" or _LEAST <= ord(one) != _DELETE)
