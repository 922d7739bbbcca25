"""Draws the blocks of a document onto pages of a picture, with the Vera fonts that come with reportlab."""

# reportlab ships no types

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import reportlab
from PIL import Image, ImageDraw, ImageFont

from ._blocks import Block, Bullets, Heading, PageBreak, Paragraph, Signature, Stamp, Table, bold_runs, is_number
from ._source import Source

DPI = 150
_WIDTH, _HEIGHT = 1240, 1754
_MARGIN = 120
_BODY_PX = 22
_LEADING = 1.45
_WIDEST_GAP = 80  # wider ones make text recognition read the columns apart
_INK = 20
_FONTS = Path(reportlab.__file__).parent / "fonts"

Word = tuple[str, bool]


def _font(size_px: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONTS / ("VeraBd.ttf" if bold else "Vera.ttf"), size_px)


@dataclass
class _Sheet:
    """The pages so far, and where the next line goes."""

    pages: list[Image.Image] = field(default_factory=list)
    top: float = _MARGIN

    def __post_init__(self) -> None:
        self.turn()

    def turn(self) -> None:
        """Begin a new page."""
        self.pages.append(Image.new("L", (_WIDTH, _HEIGHT), 255))
        self.top = _MARGIN

    def room_for(self, height: float) -> None:
        """Begin a new page unless this one still holds `height` pixels."""
        if self.top + height > _HEIGHT - _MARGIN:
            self.turn()

    @property
    def pen(self) -> ImageDraw.ImageDraw:
        """A pen on the current page."""
        return ImageDraw.Draw(self.pages[-1])


def draw_pages(source: Source) -> list[Image.Image]:
    """The document as clean grey page images of A4 at 150 dots per inch."""
    sheet = _Sheet()
    for index, line in enumerate(source.letterhead):
        _text(sheet, line, size_px=30 if index == 0 else 19, bold=index == 0)
    if source.letterhead:
        sheet.pen.line((_MARGIN, sheet.top + 8, _WIDTH - _MARGIN, sheet.top + 8), fill=90, width=2)
        sheet.top += 34
    for block in source.blocks:
        _draw(sheet, block)
    return sheet.pages


def _draw(sheet: _Sheet, block: Block) -> None:
    match block:
        case Heading(level, text):
            sheet.top += 14
            _text(sheet, text, size_px={1: 32, 2: 25, 3: 22}[level], bold=True)
            sheet.top += 6
        case Paragraph(lines):
            _lines(sheet, lines)
        case Bullets(items):
            _lines(sheet, tuple(f"- {item}" for item in items), indent=24)
        case Table():
            _draw_table(sheet, block)
        case PageBreak():
            sheet.turn()
        case Stamp(text):
            _draw_stamp(sheet, text)
        case Signature(name):
            _draw_signature(sheet, name)


def _lines(sheet: _Sheet, lines: tuple[str, ...], *, indent: int = 0) -> None:
    for line in lines:
        _text(sheet, line, indent=indent)
    sheet.top += 14


def _text(sheet: _Sheet, text: str, *, size_px: int = _BODY_PX, bold: bool = False, indent: int = 0) -> None:
    """One paragraph's line, wrapped to the page's width."""
    width = _WIDTH - 2 * _MARGIN - indent
    for line in _wrap(text, size_px=size_px, bold=bold, width=width):
        sheet.room_for(size_px * _LEADING)
        left = float(_MARGIN + indent)
        for word, heavy in line:
            font = _font(size_px, bold=heavy)
            sheet.pen.text((left, sheet.top), word, font=font, fill=_INK)
            left += font.getlength(word + " ")
        sheet.top += size_px * _LEADING


def _wrap(text: str, *, size_px: int, bold: bool, width: float) -> Iterator[list[Word]]:
    line: list[Word] = []
    used = 0.0
    words = [(word, bold or heavy) for run, heavy in bold_runs(text) for word in run.split()]
    for word, heavy in words:
        need = _font(size_px, bold=heavy).getlength(word + " ")
        if line and used + need > width:
            yield line
            line, used = [], 0.0
        line.append((word, heavy))
        used += need
    if line:
        yield line


def _draw_table(sheet: _Sheet, table: Table) -> None:
    size = 20
    rows = [table.header, *table.rows] if any(table.header) else list(table.rows)
    columns = list(zip(*rows, strict=True))
    widths = [max(_font(size, bold=True).getlength(cell.replace("**", "")) for cell in column) for column in columns]
    gap = min(_WIDEST_GAP, (_WIDTH - 2 * _MARGIN - sum(widths)) / max(1, len(widths) - 1))
    right = _MARGIN + sum(widths) + gap * (len(widths) - 1)
    for cells in rows:
        sheet.room_for(size * 1.8)
        left = float(_MARGIN)
        for cell, width in zip(cells, widths, strict=True):
            font = _font(size, bold=cells is table.header or "**" in cell)
            shown = cell.replace("**", "")
            shift = width - font.getlength(shown) if is_number(shown) else 0.0
            sheet.pen.text((left + shift, sheet.top), shown, font=font, fill=_INK)
            left += width + gap
        sheet.top += size * 1.55
        sheet.pen.line((_MARGIN, sheet.top, right, sheet.top), fill=150, width=1)
        sheet.top += size * 0.35
    sheet.top += 18


def _draw_stamp(sheet: _Sheet, text: str) -> None:
    """A framed stamp, a little askew, in the right half of the page."""
    font = _font(24, bold=True)
    size = (int(font.getlength(text)) + 40, 64)
    stamp = Image.new("L", size, 255)
    pen = ImageDraw.Draw(stamp)
    pen.rectangle((2, 2, size[0] - 3, size[1] - 3), outline=110, width=4)
    pen.text((20, 16), text, font=font, fill=110)
    turned = stamp.rotate(3, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    sheet.room_for(turned.height + 10)
    sheet.pages[-1].paste(turned, (_WIDTH - _MARGIN - turned.width, int(sheet.top)))
    sheet.top += turned.height + 10


def _draw_signature(sheet: _Sheet, name: str) -> None:
    """A squiggle as long as the name, over a dotted line with the typed name."""
    sheet.room_for(110)
    base = sheet.top + 40
    points = [
        (_MARGIN + 20 + step * 2.2, base + 16 * math.sin(step * 0.31 + len(name)) * math.cos(step * 0.047))
        for step in range(14 * len(name) // 2)
    ]
    sheet.pen.line(points, fill=60, width=3)
    sheet.top += 72
    _text(sheet, name, size_px=20)
    sheet.top += 12
