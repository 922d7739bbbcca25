"""What is read on a page before it becomes text."""

from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stand together on one line. Sides in points from the page's top left corner, as it is shown."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    line: int
    """The line of the text layer that it belongs to, counted from 0; a line with wide gaps has several pieces."""
    size: float = 0.0
    """Height of its font in points."""
    bold: bool = False
    cut: bool = False
    """Whether the line ends within a word, which goes on in the next piece."""

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(slots=True)
class Row:
    """One line of the page's text: one cell, or several that are parted by ` | `. A cell has one or more pieces."""

    cells: list[list[Piece]]
    gap: bool = False
    """Whether a blank line stands before it."""

    @property
    def pieces(self) -> list[Piece]:
        return [piece for cell in self.cells for piece in cell]

    @property
    def top(self) -> float:
        return min(piece.top for piece in self.pieces)

    @property
    def bottom(self) -> float:
        return max(piece.bottom for piece in self.pieces)

    @property
    def size(self) -> float:
        return max(piece.size for piece in self.pieces)

    @property
    def bold(self) -> bool:
        return all(piece.bold for piece in self.pieces)

    @property
    def text(self) -> str:
        return " | ".join(" ".join(piece.text for piece in cell) for cell in self.cells)


@dataclass(slots=True)
class PageLines:
    """The lines of a page in reading order."""

    rows: list[Row] = field(default_factory=list)

    def mark_gaps(self) -> None:
        """Set `gap` where the distance between two rows is clearly larger than within the paragraphs of this page.

        That is the distance which a fifth of the rows do not exceed: many paragraphs may have a single row. Within a
        table there are none.
        """
        pairs = list(pairwise(self.rows))
        steps = [after.bottom - before.bottom for before, after in pairs]
        forward = sorted(step for step, row in zip(steps, self.rows, strict=False) if step > row.size / 2)
        usual = forward[len(forward) // 5] if forward else 0.0
        for step, (before, row) in zip(steps, pairs, strict=True):
            in_table = len(before.cells) > 1 and len(row.cells) > 1
            row.gap = row.gap or (not in_table and (step < 0 or step > _WIDE_STEP * usual))


_WIDE_STEP = 1.35
