"""Blocks and inline text become lines, in one way for every format that has blocks."""

import re
from collections.abc import Sequence

from ._assemble import tidy
from ._errors import UnpackedTooLargeError
from ._types import Heading, PageText

# What HTML calls white space: a no-break space is a character like any other.
_SPACES = re.compile(r"[ \t\n\r\f]+")
_MOST_COLUMNS = 500
_MOST_SPANNED = 2_000_000
_LOWEST_LEVEL = 6


class LineWriter:
    """Collects text in reading order. Paragraphs are parted by a blank line, other blocks by a line break."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._length = 0
        self._line: list[str] = []
        self._gap = 0
        self._headings: list[Heading] = []

    def inline(self, text: str) -> None:
        """Running text: white space collapses, across calls too."""
        collapsed = _SPACES.sub(" ", text)
        if collapsed.startswith(" ") and (not self._line or self._line[-1].endswith((" ", "\n"))):
            collapsed = collapsed[1:]
        if collapsed:
            self._line.append(collapsed)

    def verbatim(self, text: str) -> None:
        """Preformatted text: kept as it is."""
        if text:
            self._line.append(text)

    def line_break(self) -> None:
        """A new line within the block."""
        self._line.append("\n")

    def end_block(self, *, blank_line: bool = False, heading: int = 0) -> None:
        """End the block; with `blank_line` the next one stands apart. `heading` is its level, 0 for any other block."""
        text = tidy("".join(self._line))
        self._line.clear()
        if text.strip():
            if self._done:
                self._append("\n" * max(self._gap, 1))
            if heading:
                start = self._length + len(text) - len(text.lstrip())
                self._headings.append(Heading(min(heading, _LOWEST_LEVEL), start, self._length + len(text)))
            self._append(text)
            self._gap = 1
        if blank_line:
            self._gap = 2

    def _append(self, text: str) -> None:
        self._done.append(text)
        self._length += len(text)

    def block(self, text: str, *, heading: int = 0) -> None:
        """A paragraph of its own."""
        self.end_block(blank_line=True)
        self.verbatim(text)
        self.end_block(blank_line=True, heading=heading)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """A table of its own, each row a line `cell | cell`. One with a single column is only layout: plain blocks."""
        self.end_block(blank_line=True)
        for row in table_lines(rows):
            self.verbatim(row)
            self.end_block()
        self.end_block(blank_line=True)

    def text(self) -> str:
        """Everything so far."""
        self.end_block()
        return "".join(self._done)

    def page(self) -> PageText:
        """Everything so far as a page, with its headings."""
        return PageText(self.text(), headings=tuple(self._headings))


class SpannedCells:
    """The empty cells behind those that span several columns; they are counted, because a file pays nothing for them.

    `name` is what messages call the file.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = 0

    def cells(self, count: int) -> list[str]:
        """As many empty cells. Raises UnpackedTooLargeError where there are more than 2,000,000 in a file."""
        self._count += count
        if self._count > _MOST_SPANNED:
            raise UnpackedTooLargeError(self._name, f"cells of its tables span more than {_MOST_SPANNED:,} columns")
        return [""] * count


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines `cell | cell`. Columns and rows that are empty throughout are left out.

    Empty cells elsewhere stay, so that every value keeps its column; but those at the end of a row are dropped.
    Where only one column is used, its cells stay as they are, with the lines that they have.
    """
    used = sorted({column for row in rows for column, cell in enumerate(row[:_MOST_COLUMNS]) if cell.strip()})
    if len(used) == 1:
        return [cell for row in rows for cell in row[used[0] : used[0] + 1] if cell.strip()]
    lines = []
    for row in rows:
        cells = [" ".join(row[column].split()) for column in used if column < len(row)]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            lines.append(" | ".join(cells))
    return lines
