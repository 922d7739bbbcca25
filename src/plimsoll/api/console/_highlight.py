"""Texts cut into pieces, some of which a page shows marked or as a link. No HTML is made here."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_MARKER: Final = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text."""

    text: str
    marked: bool = False
    """It is quoted in the answer."""
    passage: int = 0
    """It refers to this passage, from 1; 0 for plain text."""


def mark_quotes(text: str, quotes: Sequence[tuple[int, str]], *, offset: int) -> tuple[Piece, ...]:
    """Cut `text` where quotations begin and end.

    `quotes` are (first character, text) in the document, `offset` is where `text` begins in it. A quotation that does
    not stand exactly where it says is looked for, and left out when it is not there.
    """
    spans = sorted(span for start, quote in quotes if (span := _span(text, start - offset, quote)) is not None)
    pieces: list[Piece] = []
    position = 0
    for start, end in spans:
        if end <= position:
            continue
        pieces.append(Piece(text[position : max(start, position)]))
        pieces.append(Piece(text[max(start, position) : end], marked=True))
        position = end
    pieces.append(Piece(text[position:]))
    return tuple(piece for piece in pieces if piece.text)


def _span(text: str, start: int, quote: str) -> tuple[int, int] | None:
    if not quote:
        return None
    if start < 0 or not text.startswith(quote, start):
        start = text.find(quote)
    return (start, start + len(quote)) if start >= 0 else None


def link_markers(text: str, *, last: int) -> tuple[Piece, ...]:
    """Cut `text` at references such as `[2]` to one of the passages 1 to `last`."""
    pieces: list[Piece] = []
    position = 0
    for found in _MARKER.finditer(text):
        if not 1 <= int(found[1]) <= last:
            continue
        pieces += [Piece(text[position : found.start()]), Piece(found[1], passage=int(found[1]))]
        position = found.end()
    pieces.append(Piece(text[position:]))
    return tuple(piece for piece in pieces if piece.text)
