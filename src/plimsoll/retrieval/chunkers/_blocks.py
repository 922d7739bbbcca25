"""Blocks of a text that should not be torn: tables, items of lists, code, paragraphs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from ._marks import ITEM
from ._stretches import Stretch

BlockKind = Literal["table", "code", "item", "text"]

_FENCE = re.compile(r"[^\S\n]{0,3}(```|~~~)")
_ITEM = re.compile(r"[^\S\n]{0,12}" + ITEM)
_ROW_START = re.compile(r"[^\S\n]{0,12}\|")
_ROW = " | "


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one kind, without the empty lines around them."""

    start: int
    end: int
    kind: BlockKind


def blocks(text: str, first: int, last: int) -> Iterator[Block]:
    """The blocks of a stretch, in order; everything but white space is in exactly one. The time is linear."""
    scanner = _Scanner()
    for start, end in lines(text, first, last):
        block = scanner.line(text[start:end], start, end)
        if block is not None:
            yield block
    block = scanner.end()
    if block is not None:
        yield block


def lines(text: str, first: int, last: int) -> Iterator[Stretch]:
    """The lines of a stretch, each with its line end."""
    start = first
    while start < last:
        found = text.find("\n", start, last)
        end = last if found < 0 else found + 1
        yield start, end
        start = end


def tables(text: str) -> Iterator[Block]:
    """The tables of a text of at least two rows."""
    return (block for block in blocks(text, 0, len(text)) if block.kind == "table")


class _Scanner:
    """Looks at one line after the other; a block is given when the line behind it is seen."""

    def __init__(self) -> None:
        self._start = self._end = self._rows = 0
        self._kind: BlockKind | None = None
        self._fence = ""

    def line(self, line: str, start: int, end: int) -> Block | None:
        """Take a line; the block that ends before it, if one does."""
        mark = _FENCE.match(line)
        if self._fence:
            self._fence = "" if mark and mark[1] == self._fence else self._fence
            self._end = start + len(line.rstrip()) or end
            return None
        kind = _kind_of(line, fenced=mark is not None)
        if mark:
            self._fence = mark[1]
        if kind is None:
            return self.end()
        goes_on = self._kind is not None and (
            (kind == "text" and self._kind in {"text", "item"}) or kind == self._kind == "table"
        )
        done = None if goes_on else self.end()
        if not goes_on:
            self._start, self._kind = start, kind
        self._end = start + len(line.rstrip())
        self._rows += 1
        return done

    def end(self) -> Block | None:
        """The block that is open, if one is."""
        kind, self._kind = self._kind, None
        rows, self._rows = self._rows, 0
        if kind is None:
            return None
        # One line with a bar in it is no table.
        return Block(self._start, self._end, "text" if kind == "table" and rows == 1 else kind)


def _kind_of(line: str, *, fenced: bool) -> BlockKind | None:
    if fenced:
        return "code"
    if not line.strip():
        return None
    if _ROW in line or _ROW_START.match(line):
        return "table"
    return "item" if _ITEM.match(line) else "text"


def packed(stretches: Iterable[Stretch], size: int) -> Iterator[Stretch]:
    """Neighbours joined as long as together they are not longer than `size`."""
    begin = reached = -1
    for start, end in stretches:
        if begin >= 0 and end - begin > size:
            yield begin, reached
            begin = -1
        if begin < 0:
            begin = start
        reached = end
    if begin >= 0:
        yield begin, reached
