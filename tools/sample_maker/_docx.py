"""Word documents by python-docx, made smaller and byte-identical from run to run."""

import zipfile
from datetime import datetime, time
from io import BytesIO

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.shared import Pt
from docx.text.paragraph import Paragraph as WordParagraph

from ._blocks import Bullets, Heading, PageBreak, Paragraph, Table, TextBlock, bold_runs, is_number, typed
from ._source import Source

_UNUSED_PARTS = ("stylesWithEffects", "thumbnail", "customXml")
"""Parts of python-docx's template that no reader needs; they double the size of a short letter."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_docx(source: Source) -> bytes:
    """The document as a DOCX file with real headings, lists and tables."""
    document = docx.Document()
    font = document.styles["Normal"].font
    font.name = "Georgia" if source.serif else "Calibri"
    font.size = Pt(11)
    _furnish(document, source)
    for block in source.blocks:
        _add(document, typed(block))
    _drop_unused(document)
    sheet = BytesIO()
    document.save(sheet)
    return _repack(sheet.getvalue())


def _furnish(document: Document, source: Source) -> None:
    """Properties, letterhead and footer."""
    moment = datetime.combine(source.written, time(9, 0))
    properties = document.core_properties
    properties.title = source.title
    properties.author = source.letterhead[0] if source.letterhead else ""
    properties.comments = ""
    properties.created = moment
    properties.modified = moment
    section = document.sections[0]
    section.header.paragraphs[0].text = "\n".join(source.letterhead)
    section.footer.paragraphs[0].text = source.footer


def _add(document: Document, block: TextBlock) -> None:
    match block:
        case Heading(level, text):
            document.add_heading(text, level=level)
        case Paragraph(lines):
            _write(document.add_paragraph(), lines)
        case Bullets(items):
            for item in items:
                _write(document.add_paragraph(style="List Bullet"), (item,))
        case Table():
            _add_table(document, block)
        case PageBreak():
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _write(paragraph: WordParagraph, lines: tuple[str, ...]) -> None:
    for index, line in enumerate(lines):
        if index:
            paragraph.add_run().add_break()
        for text, bold in bold_runs(line):
            paragraph.add_run(text).bold = bold or None


def _add_table(document: Document, table: Table) -> None:
    rows = [table.header, *table.rows] if any(table.header) else list(table.rows)
    grid = document.add_table(rows=len(rows), cols=len(table.header), style="Table Grid")
    for row, cells in zip(grid.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            paragraph = cell.paragraphs[0]
            _write(paragraph, (f"**{text}**" if cells is table.header else text,))
            if is_number(text):
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    document.add_paragraph()


def _drop_unused(document: Document) -> None:
    for relations in (document.part.rels, document.part.package.rels):
        for name, relation in list(relations.items()):
            if any(part in str(relation.reltype) or part in str(relation.target_ref) for part in _UNUSED_PARTS):
                del relations[name]


def _repack(data: bytes) -> bytes:
    """The same ZIP archive with fixed times and the best compression."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            fixed = zipfile.ZipInfo(entry.filename, date_time=_ZIP_EPOCH)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.external_attr = 0o600 << 16
            new.writestr(fixed, old.read(entry.filename), compresslevel=9)
    return packed.getvalue()
