"""PDFs with a text layer, set by reportlab in the standard fonts, which need not be embedded."""

# reportlab ships no types

import html
from io import BytesIO
from typing import Any

from reportlab import platypus
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm

from ._blocks import Bullets, Heading, PageBreak, Paragraph, Table, TextBlock, bold_runs, is_number, typed
from ._source import Source

_WIDTH = A4[0] - 44 * mm


class _Styles:
    """The paragraph styles of one document."""

    def __init__(self, *, serif: bool) -> None:
        plain, bold = ("Times-Roman", "Times-Bold") if serif else ("Helvetica", "Helvetica-Bold")
        size = 10.5 if serif else 9.5
        self.plain = plain
        self.body = ParagraphStyle("body", fontName=plain, fontSize=size, leading=size * 1.38, spaceAfter=2.2 * mm)
        self.right = ParagraphStyle("right", parent=self.body, alignment=TA_RIGHT, spaceAfter=0)
        self.cell = ParagraphStyle("cell", parent=self.body, spaceAfter=0)
        self.headings = {
            level: ParagraphStyle(
                f"h{level}",
                fontName=bold,
                fontSize=points,
                leading=points * 1.25,
                spaceBefore=(7 - 1.5 * level) * mm,
                spaceAfter=1.5 * mm,
                keepWithNext=True,
            )
            for level, points in ((1, 15), (2, 11.5), (3, 10))
        }


def write_pdf(source: Source) -> bytes:
    """The document as an A4 PDF with letterhead, footer and page numbers."""
    styles = _Styles(serif=source.serif)
    sheet = BytesIO()
    template = platypus.SimpleDocTemplate(
        sheet,
        pagesize=A4,
        leftMargin=22 * mm,
        rightMargin=22 * mm,
        topMargin=(20 + 4.2 * len(source.letterhead)) * mm,
        bottomMargin=20 * mm,
        title=source.title,
        author=source.letterhead[0] if source.letterhead else "",
        invariant=1,
    )
    story = [flowable for block in source.blocks for flowable in _flowables(typed(block), styles)]

    def furnish(canvas: Any, _: Any) -> None:
        _furnish(canvas, source, styles)

    template.build(story, onFirstPage=furnish, onLaterPages=furnish)
    return sheet.getvalue()


def _furnish(canvas: Any, source: Source, styles: _Styles) -> None:
    """Letterhead and footer, on every page."""
    top = A4[1] - 14 * mm
    for index, line in enumerate(source.letterhead):
        canvas.setFont("Helvetica-Bold" if index == 0 else "Helvetica", 11 if index == 0 else 8)
        canvas.drawString(22 * mm, top - index * 4.2 * mm, line)
    if source.letterhead:
        rule = top - (len(source.letterhead) - 0.4) * 4.2 * mm
        canvas.line(22 * mm, rule, A4[0] - 22 * mm, rule)
    canvas.setFont(styles.plain, 8)
    canvas.drawString(22 * mm, 11 * mm, source.footer)
    canvas.drawRightString(A4[0] - 22 * mm, 11 * mm, f"Page {canvas.getPageNumber()}")


def _markup(text: str) -> str:
    """A line in reportlab's inline markup."""
    return "".join(f"<b>{html.escape(run)}</b>" if bold else html.escape(run) for run, bold in bold_runs(text))


def _flowables(block: TextBlock, styles: _Styles) -> list[Any]:
    match block:
        case Heading(level, text):
            return [platypus.Paragraph(_markup(text), styles.headings[level])]
        case Paragraph(lines):
            return [platypus.Paragraph("<br/>".join(map(_markup, lines)), styles.body)]
        case Bullets(items):
            rows = [platypus.Paragraph(_markup(item), styles.body) for item in items]
            return [platypus.ListFlowable(rows, bulletType="bullet", start="•", leftIndent=12, bulletFontSize=8)]
        case Table():
            return [_table(block, styles), platypus.Spacer(1, 3 * mm)]
        case PageBreak():
            return [platypus.PageBreak()]


def _table(table: Table, styles: _Styles) -> Any:
    def cell(text: str) -> Any:
        return platypus.Paragraph(_markup(text), styles.right if is_number(text) else styles.cell)

    header = [platypus.Paragraph(f"<b>{html.escape(text)}</b>", styles.cell) for text in table.header]
    body = [[cell(text) for text in row] for row in table.rows]
    has_header = any(table.header)
    grid = platypus.Table(
        [header, *body] if has_header else body,
        colWidths=_widths(table),
        repeatRows=1 if has_header else 0,
    )
    rules: list[Any] = [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.grey),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
    ]
    if has_header:
        rules.append(("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke))
    grid.setStyle(rules)
    return grid


def _widths(table: Table) -> list[float]:
    """Column widths by the longest cell, within bounds, so that long descriptions do not starve the amounts."""
    columns = zip(table.header, *table.rows, strict=True)
    shares = [min(max(9, *(len(cell) for cell in column)), 46) for column in columns]
    return [_WIDTH * share / sum(shares) for share in shares]
