"""Word documents (DOCX): paragraphs and tables in the order of the document, as its reader sees it.

Content controls, tracked insertions and text boxes are read as well; fields show what was stored with them.
"""

import re
from collections.abc import Iterator
from typing import Final

from .._errors import BrokenFileError, broken_unless_readable
from .._lines import LineWriter, SpannedCells
from .._office import Element, OfficePackage
from .._types import Extract, LoadSettings

VERSION = 2

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TEXT = frozenset({f"{_W}t", _MATH_TEXT})
_DELETED = frozenset({f"{_W}del", f"{_W}moveFrom"})
_SKIPPED = _DELETED | {_FALLBACK, f"{_W}pPr", f"{_W}rPr", f"{_W}instrText", f"{_W}delText", f"{_W}sectPr", f"{_W}sdtPr"}
_SIGNS = {f"{_W}tab": "\t", f"{_W}ptab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_SPAN = re.compile(r"[1-9][0-9]?")
_HEADING = re.compile(r"heading ([1-9])")
_MOST_ANCESTORS = 10


def read(data: bytes, name: str, _settings: LoadSettings) -> Extract:
    """The text of the body with its footnotes behind it; headers and footers, which repeat, are left out.

    Tracked insertions are read and tracked deletions are not. Raises BrokenFileError, EncryptedError, and
    UnpackedTooLargeError for a package that unpacks to more than it should.
    """
    package = OfficePackage(data, name, "DOCX")
    with broken_unless_readable(name, "DOCX"):
        return _read(package, name)


def _read(package: OfficePackage, name: str) -> Extract:
    main = package.main()
    body = package.xml(main).find(f"{_W}body")
    if body is None:
        raise BrokenFileError(name, kind="DOCX", reason="its main part is no text document")
    reader = _Reader(_levels(package, main), name)
    writer = LineWriter()
    reader.blocks(body, writer)
    for kind in ("footnotes", "endnotes"):
        for part in package.related(main, kind):
            _write_notes(package.xml(part), reader, writer)
    page = writer.page()
    title, metadata = package.properties()
    first = page.headings[:1]
    notes = list(package.notes)
    if any(next(body.iter(tag), None) is not None for tag in _DELETED):
        notes.append("tracked deletions were left out")
    return Extract(
        pages=(page,),
        title=title or "".join(page.text[heading.start : heading.end] for heading in first),
        notes=tuple(notes),
        metadata=metadata,
    )


def _write_notes(notes: Element, reader: "_Reader", writer: LineWriter) -> None:
    for note in notes:
        # Separator lines have a type, notes have none.
        if note.get(f"{_W}type") in {None, "normal"}:
            reader.blocks(note, writer)


def _levels(package: OfficePackage, main: str) -> dict[str, int]:
    """The heading level of every paragraph style that stands for a heading."""
    styles: dict[str, Element] = {}
    for part in package.related(main, "styles"):
        for style in package.xml(part).iterfind(f"{_W}style"):
            styles[style.get(f"{_W}styleId", "")] = style
    return {name: level for name in styles if (level := _style_level(name, styles))}


def _style_level(name: str, styles: dict[str, Element]) -> int:
    """The level by the style's own name or outline, or that of a style that it is based on; 0 for none."""
    for _ in range(_MOST_ANCESTORS):
        style = styles.get(name)
        if style is None:
            return 0
        called = _value(style.find(f"{_W}name")).lower()
        if called == "title":
            return 1
        if match := _HEADING.fullmatch(called):
            return int(match[1])
        if outlined := _outline(style):
            return outlined
        name = _value(style.find(f"{_W}basedOn"))
    return 0


def _outline(element: Element) -> int:
    """The outline level that a style or paragraph sets itself, 1 to 9; 0 for none."""
    value = _value(element.find(f"{_W}pPr/{_W}outlineLvl"))
    return int(value) + 1 if value in set("012345678") else 0


def _value(element: Element | None) -> str:
    return "" if element is None else str(element.get(f"{_W}val") or "")


class _Reader:
    """Writes the blocks of a document, which nest."""

    def __init__(self, levels: dict[str, int], name: str) -> None:
        self._levels = levels
        self._spanned = SpannedCells(name)

    def blocks(self, container: Element, writer: LineWriter) -> None:
        for child in container:
            if child.tag == f"{_W}p":
                self._paragraph(child, writer)
            elif child.tag == f"{_W}tbl":
                writer.table(list(self._rows(child)))
            elif child.tag not in _SKIPPED:
                self.blocks(child, writer)

    def _paragraph(self, paragraph: Element, writer: LineWriter) -> None:
        boxes: list[Element] = []
        for piece in _inline(paragraph, boxes):
            writer.verbatim(piece)
        level = _outline(paragraph) or self._levels.get(_value(paragraph.find(f"{_W}pPr/{_W}pStyle")), 0)
        # Items of a list stand together, other paragraphs apart.
        writer.end_block(blank_line=bool(level) or paragraph.find(f"{_W}pPr/{_W}numPr") is None, heading=level)
        for box in boxes:
            self.blocks(box, writer)

    def _rows(self, table: Element) -> Iterator[list[str]]:
        for row in _nearest(table, f"{_W}tr"):
            cells: list[str] = []
            for cell in _nearest(row, f"{_W}tc"):
                writer = LineWriter()
                self.blocks(cell, writer)
                cells.extend([writer.text(), *self._spanned.cells(_columns(cell) - 1)])
            yield cells


def _inline(element: Element, boxes: list[Element]) -> Iterator[str]:
    """The text within a paragraph; text boxes anchored in it are put into `boxes`."""
    for child in element:
        tag = child.tag
        if tag in _TEXT:
            yield child.text or ""
        elif tag in _SIGNS:
            yield _SIGNS[tag]
        elif tag == f"{_W}txbxContent":
            boxes.append(child)
        elif tag not in _SKIPPED and not _is_hidden(child):
            yield from _inline(child, boxes)


def _is_hidden(run: Element) -> bool:
    mark = run.find(f"{_W}rPr/{_W}vanish") if run.tag == f"{_W}r" else None
    return mark is not None and _value(mark) not in {"0", "false", "off"}


def _nearest(element: Element, tag: str) -> Iterator[Element]:
    """The elements named `tag` directly below, or below content controls and tracked changes."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _nearest(child, tag)


def _columns(cell: Element) -> int:
    value = _value(cell.find(f"{_W}tcPr/{_W}gridSpan"))
    return int(value) if _SPAN.fullmatch(value) else 1
