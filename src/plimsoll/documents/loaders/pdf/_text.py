"""Rows become the text of a page, and every line keeps its box."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..._types import Box
from ._hyphens import MARK, CutWords
from ._types import PageLines, Piece

_CELLS = " | "


@dataclass(slots=True)
class Written:
    """The text of a page, its boxes, and for each row where it stands in the text."""

    text: str = ""
    boxes: list[Box] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)


def marked(pages: Iterable[PageLines]) -> list[str]:
    """The words of each page in order, with a mark wherever a line cuts a word."""
    return [
        "".join(piece.text + (MARK if piece.cut else "\n") for row in page.rows for piece in row.pieces)
        for page in pages
    ]


def write(page: PageLines, words: CutWords) -> Written:
    """The text of a page: a line for each row, a blank line where there is a gap, cut words joined."""
    writer = _Writer(words)
    for row in page.rows:
        writer.begin(gap=row.gap)
        for number, cell in enumerate(row.cells):
            if number:
                writer.add(_CELLS)
            for piece in cell:
                writer.piece(piece)
        writer.end()
    return writer.result()


class _Writer:
    """Puts a page together from left to right."""

    def __init__(self, words: CutWords) -> None:
        self._words = words
        self._parts: list[str] = []
        self._length = 0
        self._last: Piece | None = None
        self._in_cell = False
        self._start = 0
        self._boxes: list[Box] = []
        self._spans: list[tuple[int, int]] = []

    def begin(self, *, gap: bool) -> None:
        """Begin a row. One behind a cut word goes on in the same line."""
        if self._last is not None and not self._last.cut:
            self.add("\n\n" if gap else "\n")
        self._start = self._length
        self._in_cell = False

    def end(self) -> None:
        self._spans.append((self._start, self._length))

    def add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
        self._in_cell = False

    def piece(self, piece: Piece) -> None:
        before = self._last
        together = self._in_cell and before is not None and before.line == piece.line
        if before is not None and before.cut and self._parts[-1] == before.text:
            self.add(self._words.sign(before.text, piece.text))
        elif self._in_cell:
            self.add(" ")
        box = Box(self._length, self._length + len(piece.text), 1, piece.left, piece.top, piece.right, piece.bottom)
        self._boxes.append(self._boxes.pop().joined(box) if together else box)
        self.add(piece.text)
        self._in_cell, self._last = True, piece

    def result(self) -> Written:
        return Written("".join(self._parts), self._boxes, self._spans)
