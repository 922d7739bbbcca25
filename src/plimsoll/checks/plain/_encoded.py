"""Is something written so that people and checks cannot read it: base64, hexadecimal, escapes, moved letters.

How sure a finding is follows from what it holds: a text that can be read is surer than noise, and what is as long as a
digest, a key's id or an address is mostly that.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final
from urllib.parse import unquote_to_bytes

from .._types import NO_CONTEXT, Context, Found
from ..patterns import Pattern, Scanner
from ._versions import version_of

KINDS: Final = ("base64", "hex", "percent", "escapes", "rot13")
LEAST: Final = 40
"""Characters of an encoded stretch, where nobody says otherwise."""

_READABLE, _NOISE, _DIGEST, _MOVED = 0.9, 0.5, 0.2, 0.8
_DIGESTS: Final = frozenset({32, 40, 56, 64, 96, 128})
_LEAST_BITS: Final = 3.5
"""Bits a character below which a row of letters is no base64 but a word or a row of the same."""
_PRINTABLE: Final = 0.85
_UNICODE: Final = re.compile(r"\\u\{?([0-9A-Fa-f]{1,8})\}?|\\x([0-9A-Fa-f]{2})|&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")
_HEX: Final = re.compile("[0-9A-Fa-f]+")
_HEX_MARK: Final = re.compile(r"0[xX]|[\s:,-]")
_WORD: Final = re.compile(r"[A-Za-z]{2,20}")
_LEAST_WORDS: Final = 5
_WINDOW: Final = 16
"""Words that are looked at together, so that what is hidden in a longer text is seen."""
_LEAD: Final = 0.2
"""So much larger must the share of frequent words be in the text whose letters were moved back."""
_WORDS = (
    "the of and to in is you that it he was for on are as with his they at be this have from or one had by word "
    "but not what all were we when your can said there use an each which she do how their if will up other about "
    "out many then them these so some her would make like him into time has look two more write go see no way "
    "could people my than first been call who its now find down day did get come made may part ignore previous "
    "all instructions system prompt tell me reveal secret password please rules"
)
_FREQUENT: Final = frozenset(_WORDS.split())


class EncodedCheck:
    """Finds encoded stretches of at least so many characters. Judges sentence by sentence where answers stream.

    A stretch of more than 1,000 characters is cut there like any sentence, and each part judged by itself.
    """

    by_sentence = True

    def __init__(self, kinds: Sequence[str] = (), least: int = LEAST) -> None:
        self.name = "encoded"
        self.kinds = tuple(kinds) or KINDS
        self.version = version_of(1, sorted(self.kinds), least)
        self._forms = {kind: (re.compile(form(least)), score) for kind, form, score in _FORMS if kind in self.kinds}
        self._signs = _signs(frozenset(self.kinds), least)

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        """What is encoded, in the order of the text; stretches of different kinds may overlap.

        Raises ScanFailedError.
        """
        found: list[Found] = []
        # In lower case even where `_lowered` leaves a text as it is. Half of a surrogate pair is a sign of nothing.
        for number in self._signs.matching(_lowered(text).encode("utf-8", "replace").lower()):
            kind = self._signs.patterns[number].kind
            found += _moved(text) if kind == "rot13" else _found(text, kind, *self._forms[kind])
        return sorted(found, key=lambda one: (one.start, one.end))


def encoded(kinds: Sequence[str] = (), least: int = LEAST) -> EncodedCheck:
    """Looks for encoded stretches of some kinds, or of all."""
    return EncodedCheck(kinds, least)


@cache
def _signs(kinds: frozenset[str], least: int) -> Scanner:
    """What every stretch of these kinds has in it: one look at a text in lower case says which of them can be there."""
    return Scanner([Pattern(kind, sign(min(least, LEAST))) for kind, sign in _SIGNS if kind in kinds])


def _lowered(text: str) -> str:
    """In lower case, where that has the same length: in a few languages it has not, and places would be others."""
    low = text.lower()
    return low if len(low) == len(text) else text


def _found(text: str, kind: str, form: "re.Pattern[str]", score: Callable[[str], float]) -> Iterator[Found]:
    for one in form.finditer(text):
        sure = score(one[0])
        if sure:
            yield Found(one.start(), one.end(), kind, sure, f"{one.end() - one.start()} characters")


def _of_base64(text: str) -> float:
    plain = text.rstrip("=").translate(_URL_SAFE)
    if _bits(text) < _LEAST_BITS or _HEX.fullmatch(plain):
        return 0.0
    try:
        sure = _of_bytes(base64.b64decode(plain[: len(plain) // 4 * 4]))
    except binascii.Error:
        return 0.0
    mixed = all(any(map(has, text)) for has in (str.isdigit, str.islower, str.isupper))
    # Paths, words joined by hyphens and names of things in programs are seldom all of these.
    return sure if mixed or sure >= _READABLE else 0.0


def _of_hex(text: str) -> float:
    plain = _HEX_MARK.sub("", text)
    if plain.isdigit() and len(set(plain)) <= 1:
        return 0.0
    held = bytes.fromhex(plain[: len(plain) // 2 * 2])
    sure = _of_bytes(held)
    return _DIGEST if sure < _READABLE and len(plain) in _DIGESTS else sure


def _of_percent(text: str) -> float:
    return max(_NOISE, _of_bytes(unquote_to_bytes(text)))


def _of_escapes(text: str) -> float:
    codes = (int(a or b or c, 16) if (a or b or c) else int(d) for a, b, c, d in _UNICODE.findall(text))
    held = [code for code in codes if code < 0x110000]  # noqa: PLR2004  # where Unicode ends
    letters = sum(chr(code).isascii() and chr(code).isprintable() for code in held)
    return _READABLE if letters > _PRINTABLE * len(held) else _NOISE


def _of_bytes(held: bytes) -> float:
    printable = sum(held.count(code) for code in range(0x20, 0x7F)) + held.count(b"\n")
    return _READABLE if printable > _PRINTABLE * len(held) else _NOISE


def _bits(text: str) -> float:
    """Shannon's entropy of the characters, in bits for each."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values())


def _moved(text: str) -> Iterator[Found]:
    """Stretches of words that are full of frequent ones only after their letters are moved by 13 places."""
    low = _lowered(text)
    if _FREQUENT_MOVED.isdisjoint(_WORD.findall(low)):
        return
    words = [word.span() for word in _WORD.finditer(text)]
    back = low.translate(_ROT13)
    open_from = -1
    for first in range(0, len(words), _WINDOW):
        window = words[first : first + _WINDOW]
        if len(window) < _LEAST_WORDS:
            break
        gain = sum((back[a:b] in _FREQUENT) - (low[a:b] in _FREQUENT) for a, b in window)
        if gain > _LEAD * len(window):
            open_from = window[0][0] if open_from < 0 else open_from
        elif open_from >= 0:
            yield Found(open_from, words[first - 1][1], "rot13", _MOVED, "its letters are moved by 13 places")
            open_from = -1
    if open_from >= 0:
        yield Found(open_from, words[-1][1], "rot13", _MOVED, "its letters are moved by 13 places")


_ROT13: Final = str.maketrans("abcdefghijklmnopqrstuvwxyz", "nopqrstuvwxyzabcdefghijklm")
_FREQUENT_MOVED: Final = frozenset(word.translate(_ROT13) for word in _FREQUENT) - _FREQUENT
"""Without one of these no stretch is fuller of frequent words when its letters are moved back."""
_URL_SAFE: Final = str.maketrans("-_", "+/")
_Form = tuple[str, Callable[[int], str], Callable[[str], float]]
_FORMS: Final[tuple[_Form, ...]] = (
    ("base64", lambda least: rf"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{{{least},}}={{0,2}}", _of_base64),
    (
        "hex",
        lambda least: rf"(?<![0-9A-Za-z])(?:(?:0[xX])?[0-9A-Fa-f]{{2}}[\s:,-]?){{{least // 2},}}",
        _of_hex,
    ),
    ("percent", lambda least: rf"(?:%[0-9A-Fa-f]{{2}}[A-Za-z0-9_.~-]{{0,2}}){{{max(2, least // 4)},}}", _of_percent),
    (
        "escapes",
        lambda least: (
            r"(?:(?:\\u\{?[0-9A-Fa-f]{1,8}\}?|\\x[0-9A-Fa-f]{2}|&#(?:x[0-9A-Fa-f]{1,6}|[0-9]{1,7});)\s?)"
            f"{{{max(2, least // 6)},}}"
        ),
        _of_escapes,
    ),
)
_SIGNS: Final[tuple[tuple[str, Callable[[int], str]], ...]] = (
    ("base64", lambda least: f"[a-z0-9+/_-]{{{least}}}"),
    ("hex", lambda least: rf"(?:(?:0x)?[0-9a-f]{{2}}(?:[\x00-\x20:,-]|[^\x00-\x7f])?){{{least // 2}}}"),
    ("percent", lambda least: rf"(?:%[0-9a-f]{{2}}[a-z0-9_.~-]{{0,2}}){{{max(2, least // 4)}}}"),
    (
        "escapes",
        lambda least: (
            r"(?:(?:\\u\{?[0-9a-f]{1,8}\}?|\\x[0-9a-f]{2}|&#(?:x[0-9a-f]{1,6}|[0-9]{1,7});)"
            rf"(?:[\x00-\x20]|[^\x00-\x7f])?){{{max(2, least // 6)}}}"
        ),
    ),
    ("rot13", lambda _least: rf"(?:^|[^a-z])(?:{'|'.join(sorted(_FREQUENT_MOVED))})(?:[^a-z]|$)|[a-z]{{21}}"),
)
"""Each takes as much as its form or more: any character beyond ASCII may be white space, and long words are cut."""
