"""Word documents (DOCX): paragraphs and tables in the order of the document, as its reader sees it.

python-docx opens the package; the text is walked here, because its own iteration leaves out content controls, tracked
insertions and text boxes.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any, Final

import docx
from docx.oxml import parse_xml

from .._assemble import tidy
from .._errors import BrokenFileError, EncryptedError, UnpackedTooLargeError
from .._lines import LineWriter
from .._types import Extract, LoadSettings, PageText

VERSION = 1

_MOST_BYTES = 200_000_000
_MOST_ENTRIES = 10_000
_MOST_RATIO = 200
_RATIO_MATTERS_ABOVE_BYTES = 20_000_000
_ENCRYPTED = 0x1

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TEXT = frozenset({f"{_W}t", _MATH_TEXT})
_DELETED = frozenset({f"{_W}del", f"{_W}moveFrom"})
_SKIPPED = _DELETED | {_FALLBACK, f"{_W}pPr", f"{_W}rPr", f"{_W}instrText", f"{_W}delText", f"{_W}sectPr", f"{_W}sdtPr"}
_SIGNS = {f"{_W}tab": "\t", f"{_W}ptab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_SPAN = re.compile(r"[1-9][0-9]?")

# An lxml element; python-docx gives its classes no useful type.
_Element = Any


def read(data: bytes, name: str, _settings: LoadSettings) -> Extract:
    """The text of the body with its footnotes behind it; headers and footers, which repeat, are left out.

    Tracked insertions are read and tracked deletions are not. Raises BrokenFileError, EncryptedError, and
    UnpackedTooLargeError for a package that unpacks to more than it should.
    """
    _check_package(data, name)
    try:
        return _read(data)
    except Exception as error:
        # python-docx and lxml raise anything at all on a hostile package.
        raise BrokenFileError(name, kind="DOCX", reason=_reason(error)) from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _check_package(data: bytes, name: str) -> None:
    """Look at the directory of the archive before anything in it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
    except Exception as error:
        # zipfile raises half a dozen kinds of error on damaged directories.
        raise BrokenFileError(name, kind="DOCX", reason=_reason(error)) from error
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise EncryptedError(name)
    # zipfile never unpacks more of an entry than its directory says, so these sizes can be trusted as limits.
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _MOST_BYTES or len(entries) > _MOST_ENTRIES:
        reason = (
            f"its {len(entries):,} parts take {unpacked / 1e6:,.0f} MB, and the limit is {_MOST_BYTES / 1e6:,.0f} MB"
        )
        raise UnpackedTooLargeError(name, reason)
    if unpacked > _RATIO_MATTERS_ABOVE_BYTES and unpacked > _MOST_RATIO * len(data):
        raise UnpackedTooLargeError(name, f"it unpacks to {unpacked // len(data):,} times its size")


def _read(data: bytes) -> Extract:
    document = docx.Document(io.BytesIO(data))
    styles = {style.style_id: (style.name or "").lower() for style in document.styles}
    body = document.element.body
    writer = LineWriter()
    _write_blocks(body, writer)
    _write_footnotes(document, writer)
    deleted = any(next(body.iter(tag), None) is not None for tag in _DELETED)
    return Extract(
        pages=(PageText(tidy(writer.text())),),
        title=(document.core_properties.title or "").strip() or _first_heading(body, styles),
        notes=("tracked deletions were left out",) if deleted else (),
    )


def _first_heading(body: _Element, styles: dict[str, str]) -> str:
    for paragraph in body.iter(f"{_W}p"):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        name = styles.get(style.get(f"{_W}val"), "") if style is not None else ""
        if name == "title" or name.startswith("heading"):
            text = " ".join("".join(_inline(paragraph, [])).split())
            if text:
                return text
    return ""


def _write_footnotes(document: Any, writer: LineWriter) -> None:
    for relation in document.part.rels.values():
        if not relation.is_external and re.search(r"/(footnotes|endnotes)$", relation.reltype):
            for note in parse_xml(relation.target_part.blob):
                # Separator lines have a type, notes have none.
                if note.get(f"{_W}type") in {None, "normal"}:
                    _write_blocks(note, writer)


def _write_blocks(container: _Element, writer: LineWriter) -> None:
    for child in container:
        if child.tag == f"{_W}p":
            _write_paragraph(child, writer)
        elif child.tag == f"{_W}tbl":
            writer.table(list(_rows(child)))
        elif child.tag not in _SKIPPED:
            _write_blocks(child, writer)


def _write_paragraph(paragraph: _Element, writer: LineWriter) -> None:
    boxes: list[_Element] = []
    for piece in _inline(paragraph, boxes):
        writer.verbatim(piece)
    # Items of a list stand together, other paragraphs apart.
    writer.end_block(blank_line=paragraph.find(f"{_W}pPr/{_W}numPr") is None)
    for box in boxes:
        _write_blocks(box, writer)


def _inline(element: _Element, boxes: list[_Element]) -> Iterator[str]:
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


def _is_hidden(run: _Element) -> bool:
    mark = run.find(f"{_W}rPr/{_W}vanish") if run.tag == f"{_W}r" else None
    return mark is not None and mark.get(f"{_W}val") not in {"0", "false", "off"}


def _rows(table: _Element) -> Iterator[list[str]]:
    for row in _nearest(table, f"{_W}tr"):
        cells: list[str] = []
        for cell in _nearest(row, f"{_W}tc"):
            writer = LineWriter()
            _write_blocks(cell, writer)
            cells.extend([writer.text(), *[""] * (_columns(cell) - 1)])
        yield cells


def _nearest(element: _Element, tag: str) -> Iterator[_Element]:
    """The elements named `tag` directly below, or below content controls and tracked changes."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in _SKIPPED:
            yield from _nearest(child, tag)


def _columns(cell: _Element) -> int:
    span = cell.find(f"{_W}tcPr/{_W}gridSpan")
    value = (span.get(f"{_W}val") or "") if span is not None else ""
    return int(value) if _SPAN.fullmatch(value) else 1
