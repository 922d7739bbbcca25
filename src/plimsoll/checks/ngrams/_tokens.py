"""Cutting a text into tokens, and the n-grams that a token has by itself.

A token is what stands between white space, at most 32 characters; of scripts without spaces, every character. Within a
token its words count, and its n-grams of characters with a space at each edge. All n-grams are numbers of 64 bits whose
upper 32 say which one it is.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

LENGTHS: Final = (3, 4, 5)
"""Lengths of n-grams of characters."""
LONGEST: Final = 32
"""A longer token is several."""
HIGH: Final = np.uint64(0xFFFFFFFF00000000)
LOW: Final = np.uint64(0xFFFFFFFF)

_SIGNS: Final = "\u2e80-\u9fff"
"""Chinese and Japanese characters, each of which is a token."""
_SIGN: Final = re.compile(f"[{_SIGNS}]")
_TOKEN: Final = re.compile(rf"[{_SIGNS}]|[^\s{_SIGNS}]{{1,{LONGEST}}}")
_WORD: Final = re.compile(r"[^\W_]+")
_RUN: Final = re.compile(r"(.)\1{3,}")
_DIGITS: Final = str.maketrans("123456789", "000000000")
_CAPITAL_DOTTED_I: Final = "\u0130"
_QUOTES: Final = (("\u2018", "'"), ("\u2019", "'"), ("\u201a", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u201e", '"'))
_STOPS: Final = (".", "!", "?", ":", ";", "\u3002")
_CLOSING: Final = "\"')]"
_PIECE: Final = 8000
"""Characters are hashed in pieces of about so many."""
_MASK: Final = (1 << 64) - 1
_P: Final = 0x9E3779B97F4A7C15
_P_INVERSE: Final = pow(_P, -1, 1 << 64)
_MIX: Final = np.uint64(0xD6E8FEB86659FD93)
_HALF: Final = np.uint64(32)
_LENGTHS: Final = np.array(LENGTHS)
_SALTS: Final = np.array([0x589965CC75374CC3, 0x1D8E4E27C47D124F, 0xEB44ACCAB455D165], np.uint64)
_FIRST: Final = np.ones(1, np.int64)
_OF_WORDS: Final = np.uint64(0xA0761D6478BD642F)


class Own(NamedTuple):
    """What tokens have by themselves."""

    names: Keys
    """Of each token: which one it is."""
    cores: Keys
    """Of each token: what it is in n-grams of several, without punctuation where it has a word."""
    words: Keys
    """Every word of every token."""
    word_owners: Places
    """Whose it is."""
    characters: Keys
    """Every n-gram of characters of every token, each once a token, in the order of the tokens; each has some."""
    owners: Places
    """Whose it is."""
    ends: Flags
    """Of each token: whether a sentence may end with it."""


def lower(text: str) -> str:
    """A text in lower case, digits and quotes alike, with as many characters."""
    if text.isascii():
        return text.lower().translate(_DIGITS)
    # The only character whose lower case is two.
    text = text.replace(_CAPITAL_DOTTED_I, "i").lower()
    for curly, plain in _QUOTES:
        text = text.replace(curly, plain)
    for digit in "123456789":  # `translate` is slow here
        text = text.replace(digit, "0")
    return text


def tokens(lowered: str) -> list[list[str]]:
    """The tokens of a text in lower case, by the lines that have any; some may be too long."""
    if not lowered.isascii() and _SIGN.search(lowered):
        return short_tokens(lowered)
    return [*filter(None, map(str.split, lowered.split("\n")))]


def short_tokens(lowered: str) -> list[list[str]]:
    """The same, with long ones cut."""
    return [*filter(None, map(_TOKEN.findall, lowered.split("\n")))]


def spans(lowered: str) -> tuple[Places, Places]:
    """Where each token begins, and before which character it ends."""
    found = [match.span() for match in _TOKEN.finditer(lowered)]
    table = np.array(found, np.int64).reshape(len(found), 2)
    return table[:, 0], table[:, 1]


def own(found: Sequence[str]) -> Own:
    """What tokens have by themselves."""
    parts = [_own(piece) for piece in _pieces(found)]
    if len(parts) == 1:
        return parts[0]
    firsts = np.cumsum([0, *(len(one.names) for one in parts)])
    moved = [
        one._replace(word_owners=one.word_owners + first, owners=one.owners + first)
        for one, first in zip(parts, firsts.tolist(), strict=False)
    ]
    return Own(*(np.concatenate(column) for column in zip(*(moved or [_own([])]), strict=True)))


def following(cores: Keys, salts: Sequence[int]) -> Keys:
    """Shape (salts, tokens): n-grams of two tokens, of three, and so on, from each; those past the end mean nothing."""
    count = len(cores)
    found = np.empty((len(salts), count), np.uint64)
    so_far = cores.copy()
    for place, salt in enumerate(salts):
        so_far *= np.uint64(_P)
        so_far[: count - place - 1] += cores[place + 1 :]
        np.add(so_far, np.uint64(salt), out=found[place])
    return _mixed(found)


def _mixed(hashes: Keys) -> Keys:
    mixed = hashes >> _HALF
    mixed ^= hashes
    mixed *= _MIX
    return mixed


def _pieces(found: Sequence[str]) -> Iterator[list[str]]:
    """Tokens in pieces."""
    piece: list[str] = []
    size = 0
    for one in found:
        piece.append(one)
        size += len(one) + 1
        if size > _PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _own(piece: list[str]) -> Own:
    text = f" {' '.join(piece)} "
    if _RUN.search(text):
        piece = [_RUN.sub(r"\1\1\1", one) for one in piece]
        text = f" {' '.join(piece)} "
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    power, inverse = _powers()
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * power[: len(codes)], out=sums[1:])
    behind = np.cumsum(np.fromiter(map(len, piece), np.int64, len(piece)) + 1)
    starts = np.concatenate([_FIRST[: len(piece)], behind[:-1] + 1])
    names = (sums[behind] - sums[starts]) * inverse[starts]
    words, owners, cores = _words(text, sums, behind, names)
    characters = _characters(sums, starts, behind)
    # Every token has some, and they stand in the order of their tokens.
    return Own(
        _mixed(names),
        _mixed(cores),
        words,
        owners,
        characters << _HALF,
        (characters >> _HALF).view(np.int64),
        np.array([one.rstrip(_CLOSING).endswith(_STOPS) for one in piece], np.bool_),
    )


def _words(text: str, sums: Keys, behind: Places, names: Keys) -> tuple[Keys, Places, Keys]:
    """The words of tokens, whose each is, and of each token a number for its words without what stands between."""
    found = np.array([match.span() for match in _WORD.finditer(text)], np.int64).reshape(-1, 2)
    starts, ends = found[:, 0], found[:, 1]
    power, inverse = _powers()
    hashes = (sums[ends] - sums[starts]) * inverse[starts]
    owners = np.searchsorted(behind, starts, side="right")
    before = np.cumsum(ends - starts) - (ends - starts)
    again = np.zeros(len(owners), np.bool_)
    np.equal(owners[1:], owners[:-1], out=again[1:])
    # Characters of a token's words before each: those before it, less those before the first word of its token.
    within = before - np.maximum.accumulate(np.where(again, 0, before))
    # A token without a word is one itself.
    cores = names.copy()
    begins = np.flatnonzero(~again)
    if len(begins):
        cores[owners[begins]] = np.add.reduceat(hashes * power[within], begins)
    return _mixed(_mixed(hashes) + _OF_WORDS), owners, cores


def _characters(sums: Keys, starts: Places, behind: Places) -> Keys:
    """The n-grams of characters of each token, once: which token in the upper half, which n-gram in the lower."""
    _, inverse = _powers()
    # Of each character from the space before a token on: whose it is, and how many there are to the space behind.
    sizes = behind - starts + 1
    owners = np.repeat(np.arange(len(sizes)), sizes)
    left = np.repeat(behind + 1, sizes) - np.arange(len(owners))
    number, at = np.nonzero(left >= _LENGTHS[:, None])
    keys = _mixed((sums[at + _LENGTHS[number]] - sums[at]) * inverse[at] + _SALTS[number])
    packed = (keys >> _HALF) | (owners[at].astype(np.uint64) << _HALF)
    packed.sort()
    new = np.ones(len(packed), np.bool_)
    np.not_equal(packed[1:], packed[:-1], out=new[1:])
    return packed[new]


@cache
def _powers() -> tuple[Keys, Keys]:
    """p^j and p^-j modulo 2^64, for all places in a piece."""
    count = _PIECE + LONGEST * 2 + 4
    return _row(_P, count), _row(_P_INVERSE, count)


def _row(base: int, count: int) -> Keys:
    values, value = [], 1
    for _ in range(count):
        values.append(value)
        value = value * base & _MASK
    return np.array(values, np.uint64)
