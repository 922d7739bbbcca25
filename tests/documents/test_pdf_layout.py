import io
from contextlib import closing
from importlib import import_module
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.documents import Document, LoadSettings, load
from plimsoll.documents.loaders.pdf._layout import arrange
from plimsoll.documents.loaders.pdf._types import Piece

NO_OCR = LoadSettings(ocr="off")
LEFT = [f"left column line {number} of running text" for number in range(8)]
RIGHT = [f"right column line {number} of running text" for number in range(8)]


class Sheet:
    """A page that is drawn on, in points from its top left corner."""

    def __init__(self, *, turned: int = 0) -> None:
        self.target = io.BytesIO()
        self.canvas: Any = import_module("reportlab.pdfgen.canvas").Canvas(self.target, pagesize=(595, 842))
        if turned:
            self.canvas.setPageRotation(turned)

    def write(self, left: float, top: float, text: str, *, size: int = 10, bold: bool = False) -> None:
        self.canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
        self.canvas.drawString(left, 842 - top, text)

    def load(self) -> Document:
        self.canvas.save()
        return load(self.target.getvalue(), "x.pdf", NO_OCR)


def boxed(document: Document) -> dict[str, tuple[float, float, float, float]]:
    return {document.text[b.start : b.end]: (b.left, b.top, b.right, b.bottom) for b in document.boxes}


def test_columns_are_read_one_after_the_other_however_they_were_drawn() -> None:
    sheet = Sheet()
    sheet.write(60, 60, "A title that is wider than any of the columns and so stands above both of them", size=12)
    for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        sheet.write(60, 100 + 12 * number, left)
        sheet.write(320, 100 + 12 * number, right)
    text = sheet.load().text
    assert text.endswith("\n".join(LEFT) + "\n\n" + "\n".join(RIGHT))
    assert text.startswith("A title")


def test_a_table_is_read_row_by_row_however_it_was_drawn() -> None:
    columns = [
        (60, ["Item", "Oil", "Gas", "Coal"]),
        (200, ["Price", "14.50", "", "3"]),
        (300, ["Unit", "l", "m3", "t"]),
    ]
    sheet = Sheet()
    sheet.write(60, 60, "The prices of this year are these:")
    for left, cells in columns:
        for number, cell in enumerate(cells):
            sheet.write(left, 90 + 14 * number, cell)
    sheet.write(60, 180, "They are net of tax.")
    assert sheet.load().text == (
        "The prices of this year are these:\n\n"
        "Item | Price | Unit\nOil | 14.50 | l\nGas |  | m3\nCoal | 3 | t\n\n"
        "They are net of tax."
    )


def test_a_cell_of_several_lines_stays_in_its_row() -> None:
    sheet = Sheet()
    for number, (term, meaning) in enumerate(
        [
            ("Term", "Meaning"),
            ("Seller", "the one who sells the"),
            ("", "goods of this contract"),
            ("Buyer", "the other"),
        ]
    ):
        sheet.write(60, 90 + 12 * number, term)
        sheet.write(200, 90 + 12 * number, meaning)
    document = sheet.load()
    assert document.text == "Term | Meaning\nSeller | the one who sells the goods of this contract\nBuyer | the other"
    assert boxed(document)["goods of this contract"][0] == pytest.approx(200, abs=2)


def test_a_table_that_was_drawn_line_by_line_is_a_table_too() -> None:
    sheet = Sheet()
    for number in range(6):
        sheet.write(60, 60 + 12 * number, "The quick brown fox jumps over the lazy dog and runs away.")
    for number, (item, price) in enumerate([("Item", "Price"), ("Oil", "14.50"), ("Gas", "3")]):
        sheet.canvas._code.append(f"BT /F1 10 Tf 1 0 0 1 60 {690 - 14 * number} Tm [({item}) -9000 ({price})] TJ ET")
    assert sheet.load().text.endswith("\n\nItem | Price\nOil | 14.50\nGas | 3")


def test_the_number_of_a_clause_is_no_column_of_its_own() -> None:
    sheet = Sheet()
    for number in range(6):
        sheet.write(60, 90 + 24 * number, f"({'abcdef'[number]})")
        sheet.write(100, 90 + 24 * number, "the Supplier delivers the goods at its own cost")
        sheet.write(100, 102 + 24 * number, "to the place that is agreed")
    text = sheet.load().text
    assert " | " not in text
    assert "(b) the Supplier delivers" in text


def test_headings_are_told_by_size_and_weight_and_capitals() -> None:
    sheet = Sheet()
    body = "The quick brown fox jumps over the lazy dog, again and again."
    top = 60

    def paragraph(text: str, **style: Any) -> None:
        nonlocal top
        sheet.write(60, top, text, **style)
        top += 40

    paragraph("Report of the year", size=20)
    paragraph(body)
    paragraph("Results", size=14)
    for line in range(3):
        sheet.write(60, top + 12 * line, body)
    top += 64
    paragraph("In short", bold=True)
    paragraph(body)
    paragraph("ARTICLE IV TERM")
    paragraph(body)
    document = sheet.load()
    found = [(heading.level, document.text[heading.start : heading.end]) for heading in document.headings]
    assert found == [(1, "Report of the year"), (2, "Results"), (3, "In short"), (4, "ARTICLE IV TERM")]


def test_paragraphs_are_parted_by_blank_lines() -> None:
    sheet = Sheet()
    for number, top in enumerate((60, 72, 84, 112, 124, 136)):
        sheet.write(60, top, f"line {number}")
    assert sheet.load().text == "line 0\nline 1\nline 2\n\nline 3\nline 4\nline 5"


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_boxes_are_where_the_text_is_seen_however_the_page_is_turned(turned: int) -> None:
    sheet = Sheet(turned=turned)
    sheet.write(60, 400, "Hello over there to you")
    (box,) = sheet.load().boxes
    with closing(pypdfium2.PdfDocument(sheet.target.getvalue())) as file, closing(file[0]) as page:
        picture = page.render(scale=1, grayscale=True).to_pil().point(lambda shade: 255 if shade < 128 else 0)
    assert (box.left, box.top, box.right, box.bottom) == pytest.approx(picture.getbbox(), abs=3)


def test_the_characters_of_a_citation_lead_to_boxes_on_its_page() -> None:
    sheet = Sheet()
    for number, lines in enumerate((LEFT, RIGHT)):
        if number:
            sheet.canvas.showPage()
        for row, line in enumerate(lines):
            sheet.write(60, 100 + 12 * row, line)
    document = sheet.load()
    quoted = "5 of running text\nright column line 6 of running"
    start = document.text.index(quoted)
    end = start + len(quoted)
    found = [box for box in document.boxes if box.start < end and start < box.end]
    assert [box.page for box in found] == [2, 2]
    assert document.pages[1].start <= start < end <= document.pages[1].end
    file = pypdfium2.PdfDocument(sheet.target.getvalue())
    with closing(file), closing(file[1]) as page, closing(page.get_textpage()) as layer:
        seen = [layer.get_text_bounded(b.left, 842 - b.bottom, b.right, 842 - b.top).strip() for b in found]
    assert seen == RIGHT[5:7]


def test_what_lies_outside_of_the_page_is_not_read() -> None:
    sheet = Sheet()
    sheet.write(60, 100, "on the page")
    sheet.write(60, 1200, "below the page")
    assert sheet.load().text == "on the page"


def test_what_the_file_says_about_itself_is_metadata() -> None:
    sheet = Sheet()
    sheet.canvas.setAuthor("Ada Example")
    sheet.canvas.setSubject("Ships")
    sheet.write(60, 100, "text")
    metadata = sheet.load().metadata
    assert (metadata["author"], metadata["subject"]) == ("Ada Example", "Ships")
    assert str(metadata["created"])[:2] == "20"


pieces = st.lists(
    st.builds(
        lambda left, top, width, line, cut: Piece("word", left, top, left + width, top + 10, line, size=10, cut=cut),
        st.integers(0, 500),
        st.integers(0, 800),
        st.integers(1, 300),
        st.integers(0, 40),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(pieces=pieces)
def test_every_piece_is_read_once(pieces: list[Piece]) -> None:
    read = [piece for row in arrange(pieces).rows for piece in row.pieces]
    assert sorted(map(id, read)) == sorted(map(id, pieces))
