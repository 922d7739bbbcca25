"""Is something hidden in characters that nobody sees.

Hidden text is written in tags (one for each letter of ASCII), in variation selectors (one for each byte), or in
zero-width characters (one for each bit); marks of direction make a text read otherwise than it is. What scripts and
emoji need is left alone: joiners in Persian and in Indic scripts, families and flags, marks of direction in texts that
have letters from right to left.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from .._types import NO_CONTEXT, Context, Found
from ..patterns import beyond_ascii
from ._versions import version_of

KINDS: Final = ("zero_width", "tags", "bidi", "variation")

_RANGES: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f\U000e0100-\U000e01ef"
)
_RUN: Final = re.compile(f"[{_RANGES}]+")
_HIDDEN: Final = frozenset(
    chr(code)
    for first, last in re.findall("(.)(?:-(.))?", _RANGES)
    for code in range(ord(first), ord(last or first) + 1)
)
_ISOLATES: Final = frozenset("\u202a\u202b\u2066\u2067\u2068")
_CLOSING: Final = frozenset("\u202c\u2069")
_OVERRIDES: Final = frozenset("\u202d\u202e")
_MARKS: Final = frozenset("\u200e\u200f\u061c")
_JOINERS: Final = frozenset("\u200c\u200d")
_BREAK: Final = "\u200b"
_SOFT_HYPHEN: Final = "\u00ad"
_BYTE_ORDER: Final = "\ufeff"
_FLAG: Final = "\U0001f3f4"
_TAG_END: Final = "\U000e007f"
_SHORT_SELECTORS: Final = ("\ufe00", "\ufe0f")
_LONG_SELECTORS: Final = ("\U000e0100", "\U000e01ef")
_TAGS: Final = ("\U000e0000", "\U000e007f")
_LONGEST_FLAG: Final = 8
_DOUBT: Final = 0.6
"""Each hidden character leaves so much of the doubt that anything is hidden on purpose."""
_SURE: Final = 0.95
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_OTHER_SCRIPT: Final = 0x0600
"""Scripts from here on join their letters with zero-width characters, or write without spaces."""


class InvisibleCheck:
    """Finds runs of hidden characters; the more of a kind there are, the surer it is. Judges sentence by sentence."""

    by_sentence = True

    def __init__(self, kinds: Sequence[str] = ()) -> None:
        self.name = "invisible"
        self.kinds = tuple(kinds) or KINDS
        self.version = version_of(1, sorted(self.kinds))

    def find(self, text: str, context: Context = NO_CONTEXT) -> Sequence[Found]:  # noqa: ARG002  # it needs none
        """Every run of characters of one kind that nothing explains, in the order of the text."""
        if text.isascii() or _HIDDEN.isdisjoint(beyond_ascii(text)):
            return ()
        has_right_to_left = _RIGHT_TO_LEFT.search(text) is not None
        runs = [
            (start, end, kind)
            for found in _RUN.finditer(text)
            for start, end, kind in _unexplained(text, found, has_right_to_left=has_right_to_left)
            if kind in self.kinds
        ]
        counts = {kind: sum(end - start for start, end, one in runs if one == kind) for kind in KINDS}
        return [
            Found(start, end, kind, _score(text, start, kind, counts[kind]), f"{counts[kind]} hidden characters")
            for start, end, kind in runs
        ]


def invisible(kinds: Sequence[str] = ()) -> InvisibleCheck:
    """Looks for characters that nobody sees, of some kinds or of all."""
    return InvisibleCheck(kinds)


def _score(text: str, start: int, kind: str, count: int) -> float:
    if kind == "bidi" and text[start] in _OVERRIDES:
        return _SURE
    return round(min(_SURE, 1 - _DOUBT**count), 4)


def _unexplained(text: str, run: "re.Match[str]", *, has_right_to_left: bool) -> Iterator[tuple[int, int, str]]:
    """The parts of a run that neither scripts nor emoji explain; characters of one kind that follow are one part."""
    at, end = run.span()
    while at < end:
        kind = _kind(text[at])
        stop = at + 1
        while stop < end and _kind(text[stop]) == kind:
            stop += 1
        if not _is_explained(text, at, stop, kind, has_right_to_left=has_right_to_left):
            yield at, stop, kind
        at = stop


def _kind(sign: str) -> str:
    if _is_in(sign, _TAGS):
        return "tags"
    if _is_in(sign, _SHORT_SELECTORS) or _is_in(sign, _LONG_SELECTORS):
        return "variation"
    if sign in _ISOLATES or sign in _CLOSING or sign in _OVERRIDES or sign in _MARKS:
        return "bidi"
    return "zero_width"


def _is_explained(text: str, start: int, end: int, kind: str, *, has_right_to_left: bool) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if kind == "tags":
        return before == _FLAG and end - start <= _LONGEST_FLAG and text[end - 1] == _TAG_END
    if kind == "variation":
        return end - start == 1 and _takes_selector(before, text[start])
    if kind == "bidi":
        return has_right_to_left and not _OVERRIDES.intersection(text[start:end])
    if end - start > 1:
        return False
    return _is_joint(text[start], before, after, first=start == 0)


def _is_joint(sign: str, before: str, after: str, *, first: bool) -> bool:
    """Whether a script or an emoji wants this single zero-width character here."""
    if sign == _BYTE_ORDER:
        return first
    if sign in _JOINERS and _is_selector(before):
        return True
    if sign == _SOFT_HYPHEN:
        return before.isalpha() and after.isalpha()
    if sign in _JOINERS or sign == _BREAK:
        return any(
            neighbour and ord(neighbour) >= _OTHER_SCRIPT and not _is_run(neighbour) for neighbour in (before, after)
        )
    return sign not in _JOINERS and bool(before) and unicodedata.category(before) in {"Lo", "Mn"}


def _takes_selector(before: str, sign: str) -> bool:
    """A selector follows an emoji, a key's sign, a sign of mathematics, or (the long ones) an ideograph."""
    if not before or _is_run(before):
        return False
    category = unicodedata.category(before)
    if _is_in(sign, _LONG_SELECTORS):
        return category == "Lo"
    return category in {"So", "Sk", "Sm", "Po", "Lo", "Mn", "Pd"} or before in "0123456789#*©®"


def _is_selector(sign: str) -> bool:
    return bool(sign) and _is_in(sign, _SHORT_SELECTORS)


def _is_run(sign: str) -> bool:
    return _RUN.match(sign) is not None


def _is_in(sign: str, ends: tuple[str, str]) -> bool:
    return ends[0] <= sign <= ends[1]
