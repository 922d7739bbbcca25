"""A text cut into words, runs of digits and single signs, with what can be said of each, all at once in numpy."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from secrets import token_bytes
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 1 << 14
"""Characters that are looked at together."""

SPACE, LINE, LOWER, UPPER, LETTER, DIGIT, MARK, SIGN = range(8)
"""What a character is; `LETTER` has no case, `MARK` belongs to the letter before it."""

_KNOWN: Final = 0x2500
_CASELESS: Final = ((0x2E80, 0x9FFF), (0xA000, 0xABFF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF))
_TABLE: Final = 0x10000
_BASE: Final = 0x9E3779B97F4A7C15
_ALL_BITS: Final = (1 << 64) - 1

Codes = NDArray[np.uint8] | NDArray[np.uint32]
Places = NDArray[np.int64]
Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a block of text, one entry for each in every array."""

    starts: Places
    """First character of each."""
    ends: Places
    """The character after its last."""
    codes: Codes
    """The characters of the block, not of tokens."""
    classes: NDArray[np.uint8]
    """What each character is."""

    def hashes(self, starts: Places, ends: Places) -> Hashes:
        """A number for each stretch of characters; without case and accents, the same wherever it stands."""
        return self._sums(_tables().plain, starts, ends)

    def marks(self) -> Hashes:
        """A number for each token as it is written, above 0; another in each process, so that nobody can know it."""
        found: Hashes = self._sums(_marks(), self.starts, self.ends)
        found |= np.uint64(1)
        return found

    def _sums(self, numbers: Hashes, starts: Places, ends: Places) -> Hashes:
        """Of stretches of characters: the sum of the numbers of each, by powers of a base that begin anew."""
        tables = _tables()
        sums = np.zeros(len(self.codes) + 1, np.uint64)
        each = numbers.take(self.codes)
        each *= tables.powers[: len(each)]
        each.cumsum(out=sums[1:])
        found: Hashes = sums.take(ends)
        found -= sums.take(starts)
        found *= tables.undo.take(starts)
        return found


class _Tables(NamedTuple):
    classes: NDArray[np.uint8]
    ascii: bytes
    """The same for each character of ASCII."""
    plain: Hashes
    powers: Hashes
    undo: Hashes


def tokens_of(text: str) -> Tokens:
    """The tokens of a block of at most `BLOCK` characters."""
    tables = _tables()
    codes: Codes
    if text.isascii():
        data = text.encode()
        codes, classes = np.frombuffer(data, np.uint8), np.frombuffer(data.translate(tables.ascii), np.uint8)
    else:
        codes = np.minimum(np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4"), _TABLE - 1)
        classes = tables.classes.take(codes)
    # Letters and digits make runs of their own; a sign is alone.
    kind = _RUNS.take(classes)
    edges = np.ones(len(kind) + 1, bool)
    np.not_equal(kind[1:], kind[:-1], out=edges[1:-1])
    signs, there = kind == SIGN, kind != SPACE
    opens = edges[:-1] | signs
    opens &= there
    closes = edges[1:] | signs
    closes &= there
    return Tokens(opens.nonzero()[0], closes.nonzero()[0] + 1, codes, classes)


_RUNS: Final = np.array([SPACE, SPACE, LOWER, LOWER, LOWER, DIGIT, LOWER, SIGN], np.uint8)


def hash_of(word: str) -> int:
    """The number that `Tokens.hashes` gives a word."""
    tables = _tables()
    total = 0
    for place, sign in enumerate(word):
        total += int(tables.plain[min(ord(sign), _TABLE - 1)]) * int(tables.powers[place])
    return total & _ALL_BITS


@cache
def _tables() -> _Tables:
    classes = np.full(_TABLE, SIGN, np.uint8)
    plain = np.arange(_TABLE, dtype=np.uint64)
    for code in range(_KNOWN):
        sign = chr(code)
        classes[code] = _class_of(sign)
        base = unicodedata.normalize("NFD", sign)[0].lower()
        plain[code] = ord(base[0])
    for first, last in _CASELESS:
        classes[first : last + 1] = LETTER
    # A product of two numbers that are far apart in all their bits, so that sums of few characters seldom meet.
    plain = (plain + np.uint64(1)) * np.uint64(0xD6E8FEB86659FD93)
    plain ^= plain >> np.uint64(29)
    powers = np.full(BLOCK + 1, _BASE, np.uint64)
    powers[0] = 1
    undo = np.full(BLOCK + 1, pow(_BASE, -1, 1 << 64), np.uint64)
    undo[0] = 1
    return _Tables(classes, classes[:128].tobytes().ljust(256, b"\0"), plain, np.cumprod(powers), np.cumprod(undo))


@cache
def _marks() -> Hashes:
    """A random number for each character."""
    return np.frombuffer(token_bytes(8 * _TABLE), np.uint64)


def _class_of(sign: str) -> int:
    if sign in "\n\r\v\f\u2028\u2029\x85":
        return LINE
    if sign.isspace() or sign in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\x00":
        return SPACE
    if sign.isdecimal():
        return DIGIT
    if sign.isalpha():
        return UPPER if sign.isupper() else LOWER if sign.islower() else LETTER
    if unicodedata.category(sign).startswith("M"):
        return LETTER
    return SIGN
