"""A normal form in which tricks of writing make no difference, and which remembers where each character stood.

Every character is looked at by itself, so that a text may come in any pieces:

- digits of any script, full-width forms and mathematical letters become the ASCII character that they stand for;
- all kinds of space within a line become a space, all kinds of hyphen and minus a `-`;
- what is invisible (zero-width characters, soft hyphens, marks of direction, tags, variation selectors) is left out;
- half of a surrogate pair, which is no character, becomes U+FFFD.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

_INVISIBLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x180B, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xE0000, 0xE007F),
    (0xE0100, 0xE01EF),
)
_SPACES = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_HYPHENS = (*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63)
_SURROGATES = (0xD800, 0xDFFF)
_COMPATIBLE = ((0xFF01, 0xFF5E), (0x1D400, 0x1D7FF), (0x2460, 0x2468), (0x24B6, 0x24E9), (0xFE50, 0xFE6B))
_ASCII_END = 0x80
_FEW = 8
_LAST_BMP, _LAST_DIGITS = 0x10000, 0x1FC00


class Normal(NamedTuple):
    """A text in normal form."""

    text: str
    origins: list[int] | None
    """Where each character stood in the text as it was given; None where each stands where it stood."""


def normalise(text: str) -> Normal:
    """The normal form of a text. Ordinary text comes back as it is, without a look at each character."""
    if text.isascii():
        return Normal(text, None)
    special = _special().intersection(beyond_ascii(text))
    if not special:
        return Normal(text, None)
    changed = _changed(text, special)
    if len(changed) == len(text):
        return Normal(changed, None)
    table = _table()
    return Normal(changed, [place for place, sign in enumerate(text) if table.get(ord(sign), "") is not None])


def _changed(text: str, special: frozenset[str]) -> str:
    """A text with these characters replaced. One after the other, if they are few: none becomes another of them."""
    table = _table()
    if len(special) > _FEW:
        return text.translate(table)
    for sign in special:
        text = text.replace(sign, table[ord(sign)] or "")
    return text


def beyond_ascii(text: str) -> str:
    """The characters of a text that are not ASCII, in their order.

    Of most texts little is left, and it takes a tenth of the time that a class of characters takes to look for it.
    """
    return text.encode("utf-8", "surrogatepass").translate(None, _ASCII).decode("utf-8", "surrogatepass")


def _mapping() -> Iterator[tuple[int, str | None]]:
    for code in (*range(_ASCII_END, _LAST_BMP), *range(_LAST_BMP, _LAST_DIGITS)):
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            yield code, str(digit)
    for first, last in _COMPATIBLE:
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain.isascii():
                yield code, plain
    yield from ((code, " ") for code in _SPACES)
    yield from ((code, "-") for code in _HYPHENS)
    yield from ((code, None) for first, last in _INVISIBLE for code in range(first, last + 1))
    yield from ((code, "\ufffd") for code in range(_SURROGATES[0], _SURROGATES[1] + 1))


@cache
def _table() -> dict[int, str | None]:
    """What becomes of each special character; made when it is first needed, for it takes 30 ms."""
    return dict(_mapping())


@cache
def _special() -> frozenset[str]:
    return frozenset(map(chr, _table()))


_ASCII = bytes(range(_ASCII_END))
