"""What is known of each token, as rows of a table: words, their parts, how they are written, which lists know them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._tokens import DIGIT, LINE, LOWER, UPPER, Hashes, Places, Tokens

FEATURES: Final = 8
"""Rows for each token."""

_WORD_BITS: Final = 15
_WORDS: Final = 1 << _WORD_BITS
_MOST_SIGNS: Final = 15
_SHAPES: Final = 8 * 8 * 8 * 2
_LAYOUTS: Final = 3 * 3 * (_MOST_SIGNS + 1) * 16
CASES: Final = 4
LISTS: Final = 256 * CASES
ROWS: Final = _WORDS + _SHAPES + _LAYOUTS + LISTS
"""Rows of the table: a hashed part for words and their parts, and one row for each other feature."""

_SALTS: Final = np.array([0x1B873593, 0x2545F491, 0x3C6EF372, 0x4F1BBCDC, 0x5BE0CD19], np.uint64)[:, None]
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_NEAR: Final = 60
_AT, _SLASH = ord("@"), ord("/")

Rows = NDArray[np.int64]
Keys = NDArray[np.uint32]
Flags = NDArray[np.uint8]


def rows_of(tokens: Tokens, keys: Keys, flags: Flags) -> Rows:
    """The rows of each token, shape (FEATURES, tokens).

    `keys` are the words of the lists in ascending order, see `keys_of`, and `flags` says for each which lists have it.
    """
    starts, ends = tokens.starts, tokens.ends
    length = ends - starts
    first = tokens.classes[starts]
    is_number = first == DIGIT
    # Of a number only its first two digits count: 1984 is like 1977, and not a word of its own.
    to = np.where(is_number, np.minimum(ends, starts + 2), ends)
    three, two = np.where(is_number, starts, np.maximum(starts, to - 3)), np.maximum(starts, to - 2)
    hashed = tokens.hashes(
        np.stack((starts, starts, starts, three, two)),
        np.stack((to, np.minimum(to, starts + 3), np.minimum(to, starts + 1), to, to)),
    )
    found = np.empty((FEATURES, len(starts)), np.int64)
    found[:5] = ((hashed + _SALTS) * _MIX) >> np.uint64(64 - _WORD_BITS)
    case, shape = _shapes(tokens, first.astype(np.int64), length)
    found[5] = shape + _WORDS
    found[6] = _layouts(tokens, length) + (_WORDS + _SHAPES)
    found[7] = _listed(hashed[0], keys, flags) * CASES + case + (_WORDS + _SHAPES + _LAYOUTS)
    return found


def keys_of(hashes: Hashes) -> Keys:
    """What lists keep of a word's number."""
    found: Keys = ((hashes * _MIX) >> np.uint64(32)).astype(np.uint32)
    return found


def _listed(hashes: Hashes, keys: Keys, flags: Flags) -> Places:
    """Which lists have each word, a bit for each list."""
    wanted = keys_of(hashes)
    places = np.searchsorted(keys, wanted)
    places[places == len(keys)] = 0
    found: Places = np.where(keys[places] == wanted, flags[places], 0).astype(np.int64)
    return found


def _shapes(tokens: Tokens, first: Places, length: Places) -> tuple[Places, Places]:
    """How each token is written: case in four kinds, and the classes of its first two characters and its last one."""
    classes, starts, ends = tokens.classes, tokens.starts, tokens.ends
    second = classes[np.minimum(starts + 1, ends - 1)].astype(np.int64)
    upper = second == UPPER
    case = np.where(first == UPPER, np.where(upper, 2, 1), np.where(first == LOWER, 0, 3))
    return case, ((first * 8 + second) * 8 + np.minimum(length, 8) - 1) * 2 + (classes[ends - 1] == UPPER)


def _layouts(tokens: Tokens, length: Places) -> Places:
    """What stands before and after each token (nothing, a space, a line's end), its length, and the case around it.

    And whether it is a part of a handle (`@ann`) or an address (`https://…`).
    """
    classes, starts, ends = tokens.classes, tokens.starts, tokens.ends
    # How many characters of each class stand before each character.
    lines, lowers, uppers = (_counts(classes == one) for one in (LINE, LOWER, UPPER))
    gaps = np.full(len(starts) + 1, 2, np.int64)
    gaps[1:-1] = np.where(lines[starts[1:]] > lines[ends[:-1]], 2, starts[1:] > ends[:-1])
    since, until = np.maximum(starts - _NEAR, 0), np.minimum(ends + _NEAR, len(classes))
    quiet = (lowers[until] == lowers[since]) * 2 + (uppers[until] == uppers[since])
    quiet += _webs(tokens, gaps)
    layouts: Places = ((gaps[:-1] * 3 + gaps[1:]) * (_MOST_SIGNS + 1) + np.minimum(length, _MOST_SIGNS)) * 16 + quiet
    return layouts


def _webs(tokens: Tokens, gaps: Places) -> Places | int:
    """Whether each token stands behind an `@` (4), or behind two `/` (8), with no space between."""
    ats, slashes = tokens.codes == _AT, tokens.codes == _SLASH
    if not (ats.any() or slashes.any()):
        return 0
    starts = tokens.starts
    # The first token of those that hang together.
    opens = np.where(gaps[:-1] > 0, np.arange(len(starts)), 0)
    opens = starts[np.maximum.accumulate(opens)]
    at, slash = _counts(ats), _counts(slashes)
    webs: Places = (at[starts] > at[opens]) * 4 + (slash[starts] > slash[opens] + 1) * 8
    return webs


def _counts(which: NDArray[np.bool_]) -> Places:
    counts = np.zeros(len(which) + 1, np.int64)
    np.cumsum(which, out=counts[1:])
    return counts
