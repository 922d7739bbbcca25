"""How a text is read: lower case, digits alike, runs cut short, and every character as a number.

Every step keeps one character for one, or leaves characters out and remembers where the others stood.
"""

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

_ASCII: Final = 0x80
_TABLE: Final = 0x3100
"""Characters from here on stand for themselves."""
_PICTURES: Final = 0x1F000
_UNKNOWN: Final = 0xFFFD
_SPACE: Final = 0x20
_LONGEST_RUN: Final = 3
_CAPITAL_DOTTED_I: Final = "\u0130"
_QUOTES: Final = {"\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201c": '"', "\u201d": '"', "\u201e": '"'}


class Read(NamedTuple):
    """A piece of text as numbers."""

    codes: Codes
    is_word: Flags
    """Whether each character belongs to a word: letters, digits, and everything of scripts without spaces."""
    places: Places
    """Where each character stood in the piece."""


def lower(text: str) -> str:
    """Lower case, with as many characters."""
    if text.isascii():
        return text  # the table knows it
    # The only character whose lower case is two.
    return text.replace(_CAPITAL_DOTTED_I, "i").lower()


def codes(text: str) -> Read:
    """A piece of text (in lower case) as numbers; runs of space become one, other runs at most three."""
    folded, is_word = _tables()
    if text.isascii():
        raw = np.frombuffer(text.encode("ascii"), np.uint8)
        read, words = folded[raw], is_word[raw]
    else:
        raw32 = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
        known = np.minimum(raw32, _TABLE - 1)
        beyond = raw32 >= _TABLE
        read = np.where(beyond, raw32.astype(np.uint64), folded[known])
        words = np.where(beyond, (raw32 < _PICTURES) & (raw32 != _UNKNOWN), is_word[known])
    kept = _kept(read)
    if kept is None:
        return Read(read, words, np.arange(len(read)))
    return Read(read[kept], words[kept], kept)


def _kept(read: Codes) -> Places | None:
    """Where the characters stand that count; None where all do."""
    if len(read) < 2:  # noqa: PLR2004  # a run has two
        return None
    again = np.empty(len(read), np.bool_)
    again[0] = False
    np.equal(read[1:], read[:-1], out=again[1:])
    if not again.any():
        return None
    dropped = again & (read == _SPACE)
    if len(read) > _LONGEST_RUN:
        dropped[_LONGEST_RUN:] |= again[_LONGEST_RUN:] & again[_LONGEST_RUN - 1 : -1] & again[_LONGEST_RUN - 2 : -2]
    return np.flatnonzero(~dropped)


@cache
def _tables() -> tuple[Codes, Flags]:
    folded = np.arange(_TABLE, dtype=np.uint64)
    is_word = np.zeros(_TABLE, np.bool_)
    for code in range(_TABLE):
        character = chr(code)
        is_word[code] = character.isalnum()
        if character.isspace() or code < _SPACE:
            folded[code] = _SPACE
        elif character.isdigit() and code < _ASCII:
            folded[code] = ord("0")
        elif code < _ASCII:
            folded[code] = ord(character.lower())
        elif character in _QUOTES:
            folded[code] = ord(_QUOTES[character])
    return folded, is_word
