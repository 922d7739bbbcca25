"""The text layer of a page as pieces with their places. Everything here touches pdfium: the caller holds its lock.

Boxes are asked for a line at a time, because a call for each character would make reading four times as slow; only
lines that may have wide gaps are looked at closely.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from ctypes import byref, c_double, c_int, create_string_buffer
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from pypdfium2 import PdfPage, PdfTextPage, raw

from ..._assemble import clean
from ._types import Piece

# What pdfium writes in place of a hyphen and line break between two letters. U+FFFE is its other spelling of it.
_LINE = re.compile("[^\r\n\x02\ufffe]+")
_CUT = frozenset("\x02\ufffe")
_SPACES = re.compile(r" {3,}")
_MOST_PIECES = 100_000

# In units of the size of the font: a gap this wide parts two pieces.
_GAP = 1.2
# A line whose characters are this much wider than is usual on the page may have a gap inside one of its objects. What
# is usual cannot be known from the font, whose height does not say how wide it is, but it is neither very small nor
# very large.
_WIDER = 1.35
_USUAL_WIDTHS = (0.45, 0.85)
_SLACK = 2.0
_BOLD = 600
_REGULAR = 400
_LONGEST_NAME = 80


class _Box(NamedTuple):
    left: float
    bottom: float
    right: float
    top: float


class _Stretch(NamedTuple):
    """A range of characters with its box in the coordinates of the file."""

    start: int
    end: int
    box: _Box


class _Line(NamedTuple):
    """A line of the text layer."""

    number: int
    start: int
    text: str
    boxes: list[_Box]
    whole: _Box
    """Around all of them."""
    size: float

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def character(self) -> float:
        """How wide a character is, in units of the size."""
        return (self.whole.right - self.whole.left) / max(len(self.text.strip()), 1) / max(self.size, 0.1)


def page_pieces(page: PdfPage) -> list[Piece] | None:
    """The pieces of a page in the order of its text layer.

    None where there are too many of them, or where the characters of the layer cannot be told apart, which happens
    with text outside of Unicode's first plane.
    """
    with closing(page.get_textpage()) as layer:
        count = layer.count_chars()
        text = layer.get_text_range(0, count) if count > 0 else ""
        if len(text) != count:
            return None
        lines = list(_lines(layer, text))
        usual = median(line.character for line in lines) if lines else 0.0
        widest = _WIDER * min(max(usual, _USUAL_WIDTHS[0]), _USUAL_WIDTHS[1])
        place = _Placement(page)
        pieces: list[Piece] = []
        for line in lines:
            for stretch in _stretches(layer, line, widest):
                words = clean(text[stretch.start : stretch.end]).strip()
                sides = place(stretch.box)
                if words and sides:
                    size, bold = _font(layer, text, stretch, line)
                    cut = stretch.end == line.end and text[line.end : line.end + 1] in _CUT
                    if len(pieces) >= _MOST_PIECES:
                        return None
                    pieces.append(Piece(words, *sides, line=line.number, size=size, bold=bold, cut=cut))
        return pieces


def _lines(layer: PdfTextPage, text: str) -> Iterator[_Line]:
    for number, found in enumerate(_LINE.finditer(text)):
        boxes = _boxes(layer, found.start(), len(found[0]))
        if boxes and not found[0].isspace():
            size = _height(layer, found.start() + len(found[0]) - len(found[0].lstrip()))
            yield _Line(number, found.start(), found[0], boxes, _union(boxes), size)


class _Placement:
    """From the coordinates of the file to points from the top left of the page as it is shown."""

    def __init__(self, page: PdfPage) -> None:
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._turned = page.get_rotation()

    def __call__(self, box: _Box) -> tuple[float, float, float, float] | None:
        """Left, top, right and bottom; None for a box outside of the page."""
        left, right = sorted((box.left, box.right))
        bottom, top = sorted((box.bottom, box.top))
        if right < self._left or left > self._right or top < self._bottom or bottom > self._top:
            return None
        if self._turned == 90:  # noqa: PLR2004 - degrees, clockwise
            sides = (bottom - self._bottom, left - self._left, top - self._bottom, right - self._left)
        elif self._turned == 180:  # noqa: PLR2004
            sides = (self._right - right, bottom - self._bottom, self._right - left, top - self._bottom)
        elif self._turned == 270:  # noqa: PLR2004
            sides = (self._top - top, self._right - right, self._top - bottom, self._right - left)
        else:
            sides = (left - self._left, self._top - top, right - self._left, self._top - bottom)
        return (round(sides[0], 1), round(sides[1], 1), round(sides[2], 1), round(sides[3], 1))


def _stretches(layer: PdfTextPage, line: _Line, widest: float) -> Iterator[_Stretch]:
    """The line, parted where it has wide gaps."""
    if _may_have_gaps(line, widest):
        yield from _parted(layer, line)
    else:
        yield _Stretch(line.start, line.end, line.whole)


def _may_have_gaps(line: _Line, widest: float) -> bool:
    jumps = (after.left - before.right for before, after in pairwise(line.boxes))
    if any(jump > _GAP * line.size or jump < -line.size for jump in jumps):
        return True
    return bool(_SPACES.search(line.text.strip())) or line.character > widest + _SLACK / len(line.text)


def _boxes(layer: PdfTextPage, start: int, count: int) -> list[_Box]:
    """A box for each object of the file that the characters were drawn by."""
    left, top, right, bottom = c_double(), c_double(), c_double(), c_double()
    boxes = []
    for index in range(max(raw.FPDFText_CountRects(layer, start, count), 0)):
        raw.FPDFText_GetRect(layer, index, byref(left), byref(top), byref(right), byref(bottom))
        boxes.append(_Box(left.value, bottom.value, right.value, top.value))
    return boxes


def _union(boxes: list[_Box]) -> _Box:
    if len(boxes) == 1:
        return boxes[0]
    return _Box(
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    )


def _parted(layer: PdfTextPage, line: _Line) -> Iterator[_Stretch]:
    """Runs of characters between which there is a wide gap, or a step back."""
    gap = _GAP * line.size
    left, right, bottom, top = c_double(), c_double(), c_double(), c_double()
    first, boxes = line.start, list[_Box]()
    for index, character in enumerate(line.text, start=line.start):
        if character.isspace():
            continue
        raw.FPDFText_GetCharBox(layer, index, byref(left), byref(right), byref(bottom), byref(top))
        box = _Box(left.value, bottom.value, right.value, top.value)
        if boxes and (box.left - boxes[-1].right > gap or box.right < boxes[-1].left - gap):
            yield _Stretch(first, index, _union(boxes))
            first, boxes = index, []
        boxes.append(box)
    if boxes:
        yield _Stretch(first, line.end, _union(boxes))


def _height(layer: PdfTextPage, index: int) -> float:
    """The size of the font of a character as it is drawn: the height of its loose box."""
    box = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(layer, index, byref(box)):
        return 0.0
    return round(min(abs(box.top - box.bottom) or 1.0, 1000.0), 1)


def _font(layer: PdfTextPage, text: str, stretch: _Stretch, line: _Line) -> tuple[float, bool]:
    """The size of the font of a stretch, and whether its first and last letters are bold."""
    words = text[stretch.start : stretch.end]
    first = stretch.start + len(words) - len(words.lstrip())
    last = stretch.start + len(words.rstrip()) - 1
    size = line.size if stretch.start == line.start else _height(layer, first)
    return size, _is_bold(layer, first) and _is_bold(layer, last)


def _is_bold(layer: PdfTextPage, index: int) -> bool:
    weight = raw.FPDFText_GetFontWeight(layer, index)
    if weight > 0 and weight != _REGULAR:
        return bool(weight >= _BOLD)
    # Many fonts do not say how heavy they are, or say what is usual.
    name, flags = create_string_buffer(_LONGEST_NAME), c_int()
    raw.FPDFText_GetFontInfo(layer, index, name, _LONGEST_NAME, byref(flags))
    return b"bold" in name.value.lower()
