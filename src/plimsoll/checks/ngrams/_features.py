"""Which hashed n-grams a text has, and where: of one to three words, and of three to five characters.

The hash of a stretch is that of a polynomial modulo 2^64: with `C[i] = sum of codes[j] * p^j for j < i`, the stretch
from i to j has `(C[j] - C[i]) * p^-i`, which is the same wherever it stands, since the odd p has an inverse. So all
n-grams of a text are a few operations on whole arrays (Karp and Rabin, 1987). Buckets are the highest bits of a
multiplication (Dietzfelbinger et al., 1997).
"""

from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._codes import Codes, Places, codes, lower

BLOCK: Final = 8192
"""A longer text is read in blocks of at most so many characters, so that memory does not grow with it."""
WORDS: Final = (1, 2, 3)
"""Lengths of n-grams of words."""
CHARACTERS: Final = (3, 4, 5)
"""Lengths of n-grams of characters; they also see space and punctuation."""

_LONGEST_WORD: Final = 32
"""Text without spaces counts as words of so many characters."""
_SIGNS: Final = 0x2E80
_SIGNS_END: Final = 0xA000
"""Chinese and Japanese characters, each of which counts as a word."""
_MASK: Final = (1 << 64) - 1
_P: Final = 0x9E3779B97F4A7C15
_P_INVERSE: Final = pow(_P, -1, 1 << 64)
_STEP: Final = np.uint64(_P)
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)
_HALF: Final = np.uint64(32)
_SALTS_OF_WORDS: Final = np.array([0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3], np.uint64)
_SALTS_OF_CHARACTERS: Final = np.array([[0x589965CC75374CC3], [0x1D8E4E27C47D124F], [0xEB44ACCAB455D165]], np.uint64)
_PAD_BEFORE: Final = 1
_PAD_AFTER: Final = max(CHARACTERS) - 1
_SPACE: Final = 0x20

Buckets = NDArray[np.int64]


class Block(NamedTuple):
    """The features of a part of a text. A unit is a word with what follows it up to the next."""

    starts: Places
    """The character of the text at which each unit's word begins."""
    ends: Places
    """The character before which each unit's word ends."""
    words: Buckets
    """Shape (lengths, units): the n-grams of words that begin with the unit's."""
    characters: Buckets
    """Shape (lengths, characters): the n-grams that begin with each character."""
    firsts: Places
    """The column of `characters` with which each unit begins."""


def blocks(text: str, bits: int) -> Iterator[Block]:
    """The features of a text in normal form, with `2 ** bits` buckets; a text without characters has no blocks."""
    read = lower(text)
    start = 0
    while start < len(read):
        end = _cut(read, start)
        yield _block(read[start:end], start, bits)
        start = end


def _cut(text: str, start: int) -> int:
    """The end of a block: after a space where there is one in its second half."""
    end = start + BLOCK
    if end >= len(text):
        return len(text)
    space = text.rfind(" ", start + BLOCK // 2, end)
    return end if space < 0 else space + 1


def _block(piece: str, offset: int, bits: int) -> Block:
    read, is_word, places = codes(piece)
    count = len(read)
    padded = np.full(count + _PAD_BEFORE + _PAD_AFTER, _SPACE, np.uint64)
    padded[_PAD_BEFORE : _PAD_BEFORE + count] = read
    power, inverse = _powers()
    sums = np.zeros(len(padded) + 1, np.uint64)
    np.cumsum(padded * power[: len(padded)], out=sums[1:])
    starts, ends = _words(read, is_word)
    hashes = (sums[ends + _PAD_BEFORE] - sums[starts + _PAD_BEFORE]) * inverse[starts + _PAD_BEFORE]
    firsts = starts + _PAD_BEFORE
    firsts[0] = 0
    return Block(
        starts=places[starts] + offset,
        ends=places[ends - 1] + 1 + offset,
        words=_of_words(hashes, bits),
        characters=_of_characters(sums, inverse, count + _PAD_BEFORE, bits),
        firsts=firsts,
    )


def _words(read: Codes, is_word: NDArray[np.bool_]) -> tuple[Places, Places]:
    """Where the words begin and end; where there is none, the first character counts as one."""
    edges = np.diff(is_word.astype(np.int8), prepend=0, append=0)
    alone = (read >= _SIGNS) & (read < _SIGNS_END) & is_word
    if alone.any():
        changes = np.concatenate([alone, [False]]) | np.concatenate([[False], alone])
        starts = np.flatnonzero((edges[:-1] == 1) | (changes[:-1] & is_word))
        ends = np.flatnonzero((edges[1:] == -1) | (changes[1:] & is_word)) + 1
    else:
        starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    if not len(starts):
        return np.zeros(1, np.int64), np.ones(1, np.int64)
    return _cut_long(starts, ends)


def _cut_long(starts: Places, ends: Places) -> tuple[Places, Places]:
    lengths = ends - starts
    if int(lengths.max()) <= _LONGEST_WORD:
        return starts, ends
    parts = -(-lengths // _LONGEST_WORD)
    before = np.cumsum(parts) - parts
    within = np.arange(int(parts.sum())) - np.repeat(before, parts)
    starts = np.repeat(starts, parts) + within * _LONGEST_WORD
    return starts, np.minimum(starts + _LONGEST_WORD, np.repeat(ends, parts))


def _of_words(hashes: Codes, bits: int) -> Buckets:
    count = len(hashes)
    followed = np.zeros(count + max(WORDS) - 1, np.uint64)
    followed[:count] = _mixed(hashes)
    found = np.empty((len(WORDS), count), np.uint64)
    so_far = np.zeros(count, np.uint64)
    for place, salt in enumerate(_SALTS_OF_WORDS):
        so_far = so_far * _STEP + followed[place : place + count]
        np.add(so_far, salt, out=found[place])
    return _buckets(found, bits)


def _of_characters(sums: Codes, inverse: Codes, count: int, bits: int) -> Buckets:
    found = np.empty((len(CHARACTERS), count), np.uint64)
    for place, length in enumerate(CHARACTERS):
        np.subtract(sums[length : length + count], sums[:count], out=found[place])
    found *= inverse[:count]
    found += _SALTS_OF_CHARACTERS
    return _buckets(found, bits)


def _mixed(hashes: Codes) -> Codes:
    mixed = hashes >> _HALF
    mixed ^= hashes
    mixed *= _MIX
    return mixed


def _buckets(hashes: Codes, bits: int) -> Buckets:
    mixed = _mixed(hashes)
    mixed >>= np.uint64(64 - bits)
    return mixed.view(np.int64)


@cache
def _powers() -> tuple[Codes, Codes]:
    """p^j and p^-j modulo 2^64, for all places in a block."""
    count = BLOCK + _PAD_BEFORE + _PAD_AFTER + 1
    return _row(_P, count), _row(_P_INVERSE, count)


def _row(base: int, count: int) -> Codes:
    values, value = [], 1
    for _ in range(count):
        values.append(value)
        value = value * base & _MASK
    return np.array(values, np.uint64)
