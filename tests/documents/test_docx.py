import io
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest
from docx.document import Document as DocxDocument
from docx.oxml import parse_xml
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.documents import DocumentError, LoadSettings, load

SETTINGS = LoadSettings()
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DocxMaker = Callable[[Callable[[DocxDocument], None]], bytes]


def one_paragraph(document: DocxDocument) -> None:
    document.add_paragraph("Body.")


def add_xml(document: DocxDocument, xml: str) -> None:
    document.element.body.insert(-1, parse_xml(xml))


def test_paragraphs_and_tables_come_in_their_order(make_docx: DocxMaker) -> None:
    def build(document: DocxDocument) -> None:
        document.sections[0].header.paragraphs[0].text = "repeated header"
        document.add_heading("Supply Agreement", 1)
        document.add_paragraph("First paragraph\twith a tab.")
        table = document.add_table(2, 2)
        for cell, text in zip(
            (c for row in table.rows for c in row.cells), ["Item", "Price", "Oil", "5\n6"], strict=True
        ):
            cell.text = text
        document.add_paragraph("one", style="List Bullet")
        document.add_paragraph("Last.")

    document = load(make_docx(build), "a.docx", SETTINGS)
    assert document.title == "Supply Agreement"
    assert document.text == (
        "Supply Agreement\n\nFirst paragraph\twith a tab.\n\nItem | Price\nOil | 5 6\n\none\n\nLast."
    )
    assert (document.pages[0].start, document.pages[0].end) == (0, len(document.text))
    assert document.media_type.endswith("wordprocessingml.document")


def test_the_title_of_the_properties_comes_first(make_docx: DocxMaker) -> None:
    def build(document: DocxDocument) -> None:
        document.core_properties.title = "Proper title"
        document.add_heading("Heading", 1)

    assert load(make_docx(build), "a.docx", SETTINGS).title == "Proper title"
    assert load(make_docx(one_paragraph), "plain.docx", SETTINGS).title == "plain"


def test_merged_cells_are_read_once(make_docx: DocxMaker) -> None:
    def build(document: DocxDocument) -> None:
        table = document.add_table(2, 3)
        table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
        table.cell(0, 2).text = "c"
        for column, text in enumerate("xyz"):
            table.cell(1, column).text = text

    assert load(make_docx(build), "a.docx", SETTINGS).text == "wide |  | c\nx | y | z"


def test_what_python_docx_leaves_out_is_read_and_what_is_deleted_or_hidden_is_not(make_docx: DocxMaker) -> None:
    def build(document: DocxDocument) -> None:
        add_xml(
            document, f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        )
        add_xml(
            document,
            f"<w:p {W}><w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
            "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom>"
            "<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
            "<w:r><w:noBreakHyphen/><w:t>text</w:t><w:br/><w:t>line</w:t></w:r></w:p>",
        )
        add_xml(
            document,
            f'<w:p {W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:r><w:t>Outside.</w:t>'
            "<mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent>"
            "</mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent>"
            "</mc:Fallback></mc:AlternateContent></w:r></w:p>",
        )

    document = load(make_docx(build), "a.docx", SETTINGS)
    assert document.text == "In a control.\n\nnew-text\nline\n\nOutside.\n\nBoxed."
    assert document.notes == ("tracked deletions were left out",)


def edit(data: bytes, entry: str, change: Callable[[bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == entry else content)
    return target.getvalue()


def test_footnotes_are_read_behind_the_text(make_docx: DocxMaker) -> None:
    data = make_docx(one_paragraph)
    data = edit(
        data,
        "word/_rels/document.xml.rels",
        lambda xml: xml.replace(
            b"</Relationships>",
            b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"'
            b' Target="footnotes.xml"/></Relationships>',
        ),
    )
    notes = (
        f'<w:footnotes {W}><w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:t>---</w:t></w:r></w:p></w:footnote>'
        '<w:footnote w:id="1"><w:p><w:r><w:t>See annex.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    )
    target = io.BytesIO(data)
    with zipfile.ZipFile(target, "a") as package:
        package.writestr("word/footnotes.xml", notes)
    assert load(target.getvalue(), "a.docx", SETTINGS).text == "Body.\n\nSee annex."


def test_entities_are_not_expanded(make_docx: DocxMaker) -> None:
    entities = b'<!DOCTYPE d [<!ENTITY a "AAAA"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    data = edit(
        make_docx(one_paragraph),
        "word/document.xml",
        lambda xml: xml.replace(b"<w:document", entities + b"<w:document", 1).replace(b"Body.", b"x&a;&f;y"),
    )
    try:
        text = load(data, "a.docx", SETTINGS).text
    except DocumentError:
        return
    assert "AAAA" not in text
    assert text in {"x", "xy"}


def refused(data: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(data, "x.docx", SETTINGS)
    assert "x.docx" in caught.value.message
    assert caught.value.hint
    return caught.value


def test_zip_bombs_are_refused_before_they_are_unpacked(make_docx: DocxMaker) -> None:
    data = make_docx(one_paragraph)
    large = edit(data, "word/styles.xml", lambda xml: xml + b" " * 210_000_000)
    assert refused(large).code == "document_unpacked_too_large"
    steep = edit(data, "word/styles.xml", lambda xml: xml + b" " * 30_000_000)
    assert "times its size" in refused(steep).message
    many = io.BytesIO(data)
    with zipfile.ZipFile(many, "a") as package:
        for number in range(10_001):
            package.writestr(f"n{number}", b"")
    assert refused(many.getvalue()).code == "document_unpacked_too_large"


def test_things_that_are_no_docx_are_refused(make_docx: DocxMaker) -> None:
    data = make_docx(one_paragraph)
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as package:
        package.writestr("x.txt", "x")
    assert refused(other.getvalue()).code == "document_broken"
    assert refused(data[:-40]).code == "document_broken"
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)).code == "document_old_office"
    assert refused(b"%PDF-1.4 ...").code == "document_wrong_suffix"
    assert refused(b"hello").code == "document_broken"
    assert refused(make_docx(lambda _: None)).code == "document_no_text"
    encrypted = bytearray(data)
    encrypted[data.index(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(encrypted)).code == "document_encrypted"


@settings(max_examples=80, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), max_size=8), cut=st.integers(0, 4))
def test_damaged_packages_raise_nothing_but_document_errors(
    docx_sample: bytes, flips: list[tuple[int, int]], cut: int
) -> None:
    damaged = bytearray(docx_sample)
    for place, change in flips:
        damaged[place % len(damaged)] ^= change
    with suppress(DocumentError):
        assert load(bytes(damaged[: len(damaged) - cut * 50]), "a.docx", SETTINGS).text


@settings(max_examples=40, deadline=None)
@given(st.text('<>/"= wprtbcl:&;x', max_size=60))
def test_damaged_xml_raises_nothing_but_document_errors(docx_sample: bytes, junk: str) -> None:
    data = edit(docx_sample, "word/document.xml", lambda xml: xml.replace(b"Body", junk.encode()))
    with suppress(DocumentError):
        assert load(data, "a.docx", SETTINGS).text


@pytest.fixture(scope="module")
def docx_sample() -> bytes:
    import docx

    target = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Body")
    document.save(target)
    return target.getvalue()
