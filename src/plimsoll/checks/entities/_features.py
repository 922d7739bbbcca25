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
LAYOUTS_FROM: Final = _WORDS + _SHAPES
LAYOUTS_TO: Final = LAYOUTS_FROM + _LAYOUTS
"""Where the rows of layouts stand."""
LAYOUT: Final = 6
"""Which of the features says what stands around a token."""
ROWS: Final = _WORDS + _SHAPES + _LAYOUTS + LISTS
"""Rows of the table: a hashed part for words and their parts, and one row for each other feature."""

_SALTS: Final = np.array([0x1B873593, 0x2545F491, 0x3C6EF372, 0x4F1BBCDC, 0x5BE0CD19], np.uint64)[:, None]
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_NEAR: Final = 60
_AT, _SLASH = ord("@"), ord("/")
_FIELDS: Final = np.zeros(8, np.int64)
_FIELDS[[LINE, LOWER, UPPER]] = 1, 1 << 16, 1 << 32
_LINES, _LOWERS, _UPPERS = np.int64(0xFFFF), np.int64(0xFFFF << 16), np.int64(0xFFFF << 32)

# Of the classes of the first two characters: the case (0 small, 1 a capital in front, 2 capitals, 3 neither), and the
# first row of such shapes, of which there are 16: for lengths from 1 to 8, each with or without a capital at the end.
_CASE_OF: Final = np.full((8, 8), 3, np.int64)
_CASE_OF[LOWER], _CASE_OF[UPPER], _CASE_OF[UPPER, UPPER] = 0, 1, 2
_SHAPE_OF: Final = np.arange(8 * 8) * 16 - 2 + _WORDS

Rows = NDArray[np.int64]
Keys = NDArray[np.uint32]
Flags = NDArray[np.uint8]


def rows_of(tokens: Tokens, keys: Keys, flags: Flags) -> Rows:
    """The rows of each token, shape (FEATURES, tokens); see `own_rows` and `layout_rows`."""
    own = own_rows(tokens, np.arange(len(tokens.starts)), keys, flags)
    return np.concatenate((own[:LAYOUT], layout_rows(tokens)[None], own[LAYOUT:]))


def own_rows(tokens: Tokens, which: Places, keys: Keys, flags: Flags) -> Rows:
    """What some tokens are by themselves, wherever they stand: all rows but that of the layout, (FEATURES - 1, tokens).

    `keys` are the words of the lists in ascending order, see `keys_of`, and `flags` says for each which lists have it.
    """
    starts, ends = tokens.starts.take(which), tokens.ends.take(which)
    length = ends - starts
    first = tokens.classes.take(starts)
    is_number = first == DIGIT
    # Of a number only its first two digits count: 1984 is like 1977, and not a word of its own.
    to = np.where(is_number, np.minimum(ends, starts + 2), ends)
    three, two = np.where(is_number, starts, np.maximum(starts, to - 3)), np.maximum(starts, to - 2)
    hashed = tokens.hashes(
        np.concatenate((starts, starts, starts, three, two)),
        np.concatenate((to, np.minimum(to, starts + 3), np.minimum(to, starts + 1), to, to)),
    ).reshape(len(_SALTS), -1)
    found = np.empty((FEATURES - 1, len(starts)), np.int64)
    mixed = hashed + _SALTS
    mixed *= _MIX
    mixed >>= np.uint64(64 - _WORD_BITS)
    found[: len(_SALTS)] = mixed
    classes = tokens.classes
    second = classes.take(np.minimum(starts + 1, ends - 1))
    shape = _SHAPE_OF.take(first * np.uint8(8) + second)
    found[5] = (shape + np.minimum(length, 8) * 2) + (classes.take(ends - 1) == UPPER)
    found[6] = _listed(hashed[0], keys, flags) * CASES + _CASE_OF.take(first * np.uint8(8) + second)
    found[6] += _WORDS + _SHAPES + _LAYOUTS
    return found


def keys_of(hashes: Hashes) -> Keys:
    """What lists keep of a word's number."""
    found: Keys = ((hashes * _MIX) >> np.uint64(32)).astype(np.uint32)
    return found


def _listed(hashes: Hashes, keys: Keys, flags: Flags) -> Places:
    """Which lists have each word, a bit for each list."""
    wanted = keys_of(hashes)
    places = keys.searchsorted(wanted)
    places[places == len(keys)] = 0
    found: Places = flags.take(places).astype(np.int64)
    found *= keys.take(places) == wanted
    return found


def layout_rows(tokens: Tokens) -> Rows:
    """What stands around each token, shape (tokens,).

    What is before and after it (nothing, a space, a line's end), its length, whether there are capitals and small
    letters near it, and whether it is a part of a handle (`@ann`) or an address (`https://…`).
    """
    starts, ends = tokens.starts, tokens.ends
    # How many characters of each of three classes stand before each character, each in 16 bits.
    counts = np.zeros(len(tokens.classes) + 1, np.int64)
    _FIELDS.take(tokens.classes).cumsum(out=counts[1:])
    gaps = np.full(len(starts) + 1, 2, np.int64)
    inner = gaps[1:-1]
    np.not_equal(starts[1:], ends[:-1], out=inner, casting="unsafe")
    inner += ((counts.take(starts[1:]) - counts.take(ends[:-1])) & _LINES) > 0
    near = counts.take(np.minimum(ends + _NEAR, len(tokens.classes)))
    near -= counts.take(np.maximum(starts - _NEAR, 0))
    found = gaps[:-1] * 3
    found += gaps[1:]
    found *= _MOST_SIGNS + 1
    found += np.minimum(ends - starts, _MOST_SIGNS)
    found *= 16
    found += ((near & _LOWERS) == 0) * np.int64(2)
    found += (near & _UPPERS) == 0
    found += _webs(tokens, gaps)
    found += _WORDS + _SHAPES
    return found


def _webs(tokens: Tokens, gaps: Places) -> Places | int:
    """Whether each token stands behind an `@` (4), or behind two `/` (8), with no space between."""
    codes = tokens.codes.take(tokens.starts)
    ats, slashes = codes == _AT, codes == _SLASH
    if not (ats.any() or slashes.any()):
        return 0
    # The first token of those that hang together.
    opens = np.where(gaps[:-1] > 0, np.arange(len(gaps) - 1), 0)
    opens = np.maximum.accumulate(opens)
    at, slash = _counts(ats), _counts(slashes)
    webs: Places = (at[:-1] > at[opens]) * 4 + (slash[:-1] > slash[opens] + 1) * 8
    return webs


def _counts(which: NDArray[np.bool_]) -> Places:
    counts = np.zeros(len(which) + 1, np.int64)
    np.cumsum(which, out=counts[1:])
    return counts
