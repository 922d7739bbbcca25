"""Presentations (PPTX): each slide is a page, with its tables and the speaker's notes.

Shapes come in the order of the file, which is the order in which a screen reader reads them, but titles come first.
"""

from collections.abc import Iterator
from typing import Final

from .._errors import BrokenFileError, TooManyPagesError, broken_unless_readable
from .._lines import LineWriter
from .._office import Element, OfficePackage
from .._types import Extract, LoadSettings, PageText

VERSION = 2

_P: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_ID: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"dt", "ftr", "hdr", "sldNum", "sldImg"})


def read(data: bytes, name: str, settings: LoadSettings) -> Extract:
    """The text of each slide that is shown; hidden ones are empty pages.

    Raises BrokenFileError, EncryptedError, TooManyPagesError, and UnpackedTooLargeError.
    """
    package = OfficePackage(data, name, "PPTX")
    with broken_unless_readable(name, "PPTX"):
        return _read(package, name, settings)


def _read(package: OfficePackage, name: str, settings: LoadSettings) -> Extract:
    main = package.main()
    slides = _slides(package, main)
    if not slides:
        raise BrokenFileError(name, kind="PPTX", reason="it has no slides")
    if len(slides) > settings.max_pages:
        raise TooManyPagesError(name, pages=len(slides), limit=settings.max_pages)
    pages: list[PageText] = []
    notes = list(package.notes)
    for number, part in enumerate(slides, start=1):
        slide = package.xml(part)
        hidden = slide.get("show") in {"0", "false"}
        pages.append(PageText("") if hidden else _slide(package, part, slide))
        if hidden:
            notes.append(f"slide {number} is hidden and was left out")
    title, metadata = package.properties()
    first = next(((page, page.headings[0]) for page in pages if page.headings), None)
    if not title.strip() or title == "PowerPoint Presentation":
        title = first[0].text[first[1].start : first[1].end] if first else ""
    return Extract(pages=tuple(pages), title=title, notes=tuple(notes), metadata=metadata)


def _slides(package: OfficePackage, main: str) -> list[str]:
    """The parts of the slides in the order in which they are shown."""
    relations = package.relations(main)
    named = [relations.get(entry.get(_ID, "")) for entry in package.xml(main).iterfind(f"{_P}sldIdLst/{_P}sldId")]
    return [relation.target for relation in named if relation and relation.target in package.parts]


def _slide(package: OfficePackage, part: str, slide: Element) -> PageText:
    writer = LineWriter()
    shapes = list(_shapes(slide))
    for shape in sorted(shapes, key=lambda shape: _placeholder(shape) not in _TITLES):
        _write_shape(shape, writer)
    for notes in package.related(part, "notesSlide"):
        texts = LineWriter()
        for shape in _shapes(package.xml(notes)):
            if _placeholder(shape) == "body":
                _write_shape(shape, texts)
        if text := texts.text():
            writer.block(f"Notes: {text}")
    return writer.page()


def _shapes(element: Element) -> Iterator[Element]:
    """The shapes with text, and the tables, however they are grouped."""
    for child in element:
        if child.tag in {f"{_P}sp", f"{_P}graphicFrame"}:
            yield child
        elif child.tag != _FALLBACK:
            yield from _shapes(child)


def _placeholder(shape: Element) -> str:
    """What the shape stands for in the layout, such as `title`; empty for a shape of its own."""
    mark = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return "" if mark is None else str(mark.get("type") or "body")


def _write_shape(shape: Element, writer: LineWriter) -> None:
    kind = _placeholder(shape)
    if kind in _FURNITURE:
        return
    for table in _outermost(shape, f"{_A}tbl"):
        writer.table([[_text(cell) for cell in row.iterfind(f"{_A}tc")] for row in table.iterfind(f"{_A}tr")])
    body = shape.find(f"{_P}txBody")
    if body is None:
        return
    if kind in _TITLES:
        writer.block(" ".join(_text(body).split()), heading=1)
        return
    writer.end_block(blank_line=True)
    for paragraph in body.iterfind(f"{_A}p"):
        writer.verbatim(_paragraph(paragraph))
        writer.end_block()
    writer.end_block(blank_line=True)


def _text(body: Element) -> str:
    return "\n".join(_paragraph(paragraph) for paragraph in _outermost(body, f"{_A}p"))


def _outermost(element: Element, tag: str) -> Iterator[Element]:
    """The elements named `tag`, but not those within them: what nests would be read again at every depth."""
    for child in element:
        if child.tag == tag:
            yield child
        else:
            yield from _outermost(child, tag)


def _paragraph(paragraph: Element) -> str:
    pieces = paragraph.iter(f"{_A}t", f"{_A}br", f"{_A}tab")
    return "".join((piece.text or "") if piece.tag == f"{_A}t" else "\n" for piece in pieces)
