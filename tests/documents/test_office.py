import io
import random
import re
import socket
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pptx
import pytest
from docx.document import Document as DocxDocument
from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.documents import Document, DocumentError, LoadSettings, load

SETTINGS = LoadSettings()
# It has no types.
openpyxl = import_module("openpyxl")
DocxMaker = Callable[[Callable[[DocxDocument], None]], bytes]


SHEET = """Prices

Item | Price | From | Open | Took
Oil heavy | 14.5 | 2024-03-01 | TRUE | 2:00:00
Gas | 3 | 2024-03-01 12:30:00"""


def one_paragraph(document: DocxDocument) -> None:
    document.add_paragraph("Body.")


def pptx_bytes(build: Callable[[Any], None]) -> bytes:
    presentation = pptx.Presentation()
    build(presentation)
    target = io.BytesIO()
    presentation.save(target)
    return target.getvalue()


def xlsx_bytes(build: Callable[[Any], None]) -> bytes:
    workbook = openpyxl.Workbook()
    build(workbook)
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def slide(presentation: Any, title: str, body: str = "") -> Any:
    made = presentation.slides.add_slide(presentation.slide_layouts[1])
    made.shapes.title.text = title
    made.placeholders[1].text = body
    return made


def changed(data: bytes, **parts: bytes) -> bytes:
    """The archive with some of its parts replaced, or with more of them; `__` stands for `/` and `_o_` for a dot."""
    named = {name.replace("__", "/").replace("_o_", "."): content for name, content in parts.items()}
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename not in named:
                new.writestr(entry, old.read(entry))
        for name, content in named.items():
            new.writestr(name, content)
    return target.getvalue()


def part(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)


def pages(document: Document) -> list[str]:
    return [document.text[page.start : page.end] for page in document.pages]


def headings(document: Document) -> list[tuple[int, str]]:
    return [(heading.level, document.text[heading.start : heading.end]) for heading in document.headings]


def refused(data: bytes, name: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(data, name, SETTINGS)
    assert name in caught.value.message
    assert caught.value.hint
    return caught.value


def test_slides_are_pages_with_their_tables_and_notes() -> None:
    def build(presentation: Any) -> None:
        presentation.core_properties.title = "Proper title"
        presentation.core_properties.author = "Ada"
        first = slide(presentation, "The plan", "one\ntwo")
        first.notes_slide.notes_text_frame.text = "say hello"
        table = first.shapes.add_table(2, 2, 0, 0, 9, 9).table
        for place, text in enumerate(["Item", "Price", "Oil", "5"]):
            table.cell(place // 2, place % 2).text = text
        slide(presentation, "Secret")._element.set("show", "0")
        group = slide(presentation, "Last").shapes.add_group_shape()
        group.shapes.add_textbox(0, 0, 9, 9).text_frame.text = "in a group"

    document = load(pptx_bytes(build), "a.pptx", SETTINGS)
    assert pages(document) == [
        "The plan\n\none\ntwo\n\nItem | Price\nOil | 5\n\nNotes: say hello",
        "",
        "Last\n\nin a group",
    ]
    assert headings(document) == [(1, "The plan"), (1, "Last")]
    assert (document.title, document.metadata["author"]) == ("Proper title", "Ada")
    assert document.notes == ("slide 2 is hidden and was left out",)


def test_sheets_are_pages_and_rows_are_lines() -> None:
    def build(workbook: Any) -> None:
        sheet = workbook.active
        sheet.title = "Prices"
        sheet.append(["Item", "Price", None, "From", "Open", "Took"])
        sheet.append(["Oil\nheavy", 14.5, None, date(2024, 3, 1), True, timedelta(hours=2)])
        sheet.append([])
        sheet.append(["Gas", 3.0, None, datetime.fromisoformat("2024-03-01T12:30")])
        workbook.create_sheet("Empty")
        hidden = workbook.create_sheet("Secret")
        hidden.append(["x"])
        hidden.sheet_state = "veryHidden"

    document = load(xlsx_bytes(build), "a.xlsx", SETTINGS)
    assert pages(document) == [
        SHEET,
        "",
        "",
    ]
    assert headings(document) == [(1, "Prices")]
    assert document.notes == ("sheet Secret is hidden and was left out",)


def test_formulas_are_never_computed() -> None:
    def build(workbook: Any) -> None:
        workbook.active.append(["total", "=1+1", '=WEBSERVICE("http://127.0.0.1/")', '=cmd|"/c calc"!A1'])

    document = load(xlsx_bytes(build), "a.xlsx", SETTINGS)
    assert document.text == "Sheet\n\ntotal"
    assert document.notes == ("cells with formulas show the values that were stored with them; none was computed",)


def test_the_size_that_a_sheet_claims_is_not_believed() -> None:
    data = xlsx_bytes(lambda workbook: workbook.active.append(["only cell"]))
    sheet = part(data, "xl/worksheets/sheet1.xml")
    claimed = changed(data, xl__worksheets__sheet1_o_xml=sheet.replace(b'ref="A1"', b'ref="A1:XFD1048576"'))
    assert b"XFD" in part(claimed, "xl/worksheets/sheet1.xml")
    assert load(claimed, "a.xlsx", SETTINGS).text == "Sheet\n\nonly cell"


def test_macros_and_embedded_files_are_ignored_and_said(make_docx: DocxMaker) -> None:
    more = {"word__vbaProject_o_bin": b"Sub AutoOpen()", "word__embeddings__x_o_exe": b"MZ"}
    data = changed(make_docx(one_paragraph), **more)
    document = load(data, "a.docm", SETTINGS)
    assert document.text == "Body."
    assert document.notes == (
        "it has macros, which were ignored",
        "it has embedded files, which were not read",
    )


def test_headings_of_word_files_are_told_by_style_and_outline(make_docx: DocxMaker) -> None:
    def build(document: DocxDocument) -> None:
        document.core_properties.author = "Ada"
        document.add_heading("Agreement", 0)
        document.add_heading("Parties", 1)
        document.add_paragraph("Acme and Borealis.")
        document.add_heading("Addresses", 2)
        own = document.styles.add_style("Clause title", 1)
        own.base_style = document.styles["Heading 3"]
        document.add_paragraph("By a style of its own", style="Clause title")

    document = load(make_docx(build), "a.docx", SETTINGS)
    assert headings(document) == [
        (1, "Agreement"), (1, "Parties"), (2, "Addresses"), (3, "By a style of its own"),
    ]  # fmt: skip
    assert document.metadata["author"] == "Ada"


def test_strict_files_are_read_like_others(make_docx: DocxMaker) -> None:
    data = make_docx(one_paragraph)
    strict = part(data, "word/document.xml").replace(
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        b"http://purl.oclc.org/ooxml/wordprocessingml/main",
    )
    assert load(changed(data, word__document_o_xml=strict), "a.docx", SETTINGS).text == "Body."


LAUGHS = b"".join(
    [b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">']
    + [b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)]
    + [b"]><x>&a11;</x>"]
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
UTF16 = LAUGHS.decode().replace('"1.0"', '"1.0" encoding="utf-16"').encode("utf-16")
HIDDEN = b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x+AD4-<x/>'
KINDS = {
    "a.docx": ("word__document_o_xml", "xl"),
    "a.pptx": ("ppt__presentation_o_xml", ""),
    "a.xlsx": ("xl__workbook_o_xml", ""),
}


def plain(name: str, make_docx: DocxMaker) -> bytes:
    if name == "a.docx":
        return make_docx(one_paragraph)
    if name == "a.pptx":
        return pptx_bytes(lambda presentation: slide(presentation, "Title") and None)
    return xlsx_bytes(lambda workbook: workbook.active.append(["cell"]))


@pytest.mark.parametrize("bomb", [LAUGHS, OUTSIDE, UTF16, HIDDEN], ids=["laughs", "outside", "utf16", "utf7"])
@pytest.mark.parametrize("name", list(KINDS))
def test_xml_bombs_and_entities_from_outside_are_refused(name: str, bomb: bytes, make_docx: DocxMaker) -> None:
    data = changed(plain(name, make_docx), **{KINDS[name][0]: bomb})
    error = refused(data, name)
    assert (error.code, error.permanent) == ("document_broken", True)
    assert "root:" not in error.message
    assert "document type or an odd encoding" in error.message


def test_a_bomb_in_any_part_of_a_workbook_is_refused() -> None:
    data = xlsx_bytes(lambda workbook: workbook.active.append(["cell"]))
    for place in ("xl__sharedStrings_o_xml", "xl__styles_o_xml", "xl__theme__theme1_o_xml", "docProps__core_o_xml"):
        assert refused(changed(data, **{place: LAUGHS}), "a.xlsx").code == "document_broken"


@pytest.mark.parametrize("name", list(KINDS))
def test_zip_bombs_are_refused_before_they_are_unpacked(name: str, make_docx: DocxMaker) -> None:
    bomb = changed(plain(name, make_docx), bomb_o_xml=bytes(210_000_000))
    assert refused(bomb, name).code == "document_unpacked_too_large"
    assert len(bomb) < 1_000_000


def lying(data: bytes, name: str) -> bytes:
    """The archive, of which the directory says that the part `name` is a hundred bytes long."""
    place = data.rindex(name.encode(), 0, data.rindex(b"PK\x05\x06")) - 46
    assert data[place : place + 4] == b"PK\x01\x02"
    return data[: place + 24] + (100).to_bytes(4, "little") + data[place + 28 :]


def peak_of_refusing(data: bytes, name: str) -> tuple[DocumentError, int]:
    tracemalloc.start()
    try:
        return refused(data, name), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", list(KINDS))
def test_sizes_that_lie_are_not_believed(name: str, make_docx: DocxMaker) -> None:
    place = KINDS[name][0].replace("__", "/").replace("_o_", ".")
    bomb = changed(plain(name, make_docx), **{KINDS[name][0]: b"<x>" + b" " * 100_000_000})
    error, peak = peak_of_refusing(lying(bomb, place), name)
    assert error.code == "document_broken"
    assert peak < 20_000_000


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packing_that_cannot_be_bounded_is_refused(method: int) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("word/document.xml", b"<x>" + b" " * 100_000_000)
    error, peak = peak_of_refusing(lying(target.getvalue(), "word/document.xml"), "a.docx")
    assert error.code == "document_unpacked_too_large"
    assert peak < 20_000_000


def test_a_sheet_under_another_name_is_not_read_behind_the_back_of_the_checks() -> None:
    data = xlsx_bytes(lambda workbook: workbook.active.append(["cell"]))
    named = {
        name.replace("/", "__").replace(".", "_o_"): part(data, name).replace(
            b"xl/worksheets/sheet1.xml", b"xl/a/b.dat"
        )
        for name in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml")
    }
    sheet = part(data, "xl/worksheets/sheet1.xml")
    assert load(changed(data, xl__a__b_o_dat=sheet, **named), "a.xlsx", SETTINGS).text == "Sheet\n\ncell"
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]>' + sheet
    assert refused(changed(data, xl__a__b_o_dat=bomb, **named), "a.xlsx").code == "document_broken"


TABLE = (b"<a:tbl><a:tr><a:tc>", b"</a:tc></a:tr></a:tbl>")


@pytest.mark.parametrize("around", ["p", "tbl"])
def test_text_that_nests_is_read_once_and_not_at_every_depth(around: str) -> None:
    data = pptx_bytes(lambda presentation: slide(presentation, "Title", "BODY") and None)
    words = b"word " * 2000
    inner = b"<a:p><a:r><a:t>%s</a:t></a:r></a:p>" % words
    opened, closed = {"p": (b"<a:p>", b"</a:p>"), "tbl": TABLE}[around]
    deep = TABLE[0] + opened * 60 + inner + closed * 60 + TABLE[1]
    changed_slide = re.sub(rb"(?s)<a:p>((?!<a:p>).)*BODY.*?</a:p>", deep, part(data, "ppt/slides/slide1.xml"))
    assert deep in changed_slide
    text = load(changed(data, ppt__slides__slide1_o_xml=changed_slide), "a.pptx", SETTINGS).text
    assert 2000 <= text.count("word") <= 4000


@pytest.mark.parametrize("name", list(KINDS))
def test_very_deep_nesting_is_refused(name: str, make_docx: DocxMaker) -> None:
    deep = b"<x>" * 200_000 + b"</x>" * 200_000
    assert refused(changed(plain(name, make_docx), **{KINDS[name][0]: deep}), name).code == "document_broken"


@pytest.mark.parametrize("mode", [b"", b' TargetMode="External"'])
@pytest.mark.parametrize("name", list(KINDS))
def test_relations_that_lead_out_of_the_file_are_not_followed(
    name: str, mode: bytes, make_docx: DocxMaker, tmp_path: Path
) -> None:
    data = plain(name, make_docx)
    (tmp_path / "secret.xml").write_text("SECRET")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        server = f"http://127.0.0.1:{listening.getsockname()[1]}/a.xml".encode()
        for target in (
            server,
            f"file://{tmp_path}/secret.xml".encode(),
            b"../../../../../../.." + bytes(tmp_path / "secret.xml"),
        ):
            rels = {
                part_name.replace("/", "__").replace(".", "_o_"): re.sub(
                    rb'Target="[^"]*"', b'Target="%s"%s' % (target, mode), part(data, part_name)
                )
                for part_name in zipfile.ZipFile(io.BytesIO(data)).namelist()
                if part_name.endswith(".rels") and part_name.count("/") > 1
            }
            assert rels
            with suppress(DocumentError):
                assert "SECRET" not in load(changed(data, **rels), name, SETTINGS).text
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize("name", ["a.docx", "a.pptx"])
def test_very_many_tags_are_refused(name: str, make_docx: DocxMaker) -> None:
    # Noise beside it, because so small a file would be refused for how much it unpacks to.
    noise = random.Random(7).randbytes(400_000)
    data = changed(plain(name, make_docx), **{KINDS[name][0]: b"<x>" + b"<x/>" * 10_000_000, "noise_o_bin": noise})
    assert "more than 10,000,000 tags" in refused(data, name).message


@pytest.mark.parametrize("name", list(KINDS))
def test_files_of_another_kind_are_refused(name: str, make_docx: DocxMaker) -> None:
    for other in KINDS:
        if other != name:
            assert refused(plain(other, make_docx), name).code in {"document_broken", "document_no_text"}
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), name).code == "document_old_office"
    assert refused(b"PK\x03\x04junk", name).code == "document_broken"
    assert refused(b"hello", name).code == "document_broken"


SAMPLES = {
    "a.pptx": pptx_bytes(lambda presentation: slide(presentation, "Title", "body") and None),
    "a.xlsx": xlsx_bytes(lambda workbook: workbook.active.append(["cell", 1, True])),
}


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    flips=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), max_size=6),
    cut=st.integers(0, 20),
)
def test_damaged_files_raise_nothing_but_document_errors(name: str, flips: list[tuple[int, int]], cut: int) -> None:
    damaged = bytearray(SAMPLES[name])
    for place, change in flips:
        damaged[place % len(damaged)] ^= change
    with suppress(DocumentError):
        load(bytes(damaged[: len(damaged) - cut * 40]), name, SETTINGS)


def test_cells_that_span_very_many_columns_are_refused(make_docx: DocxMaker) -> None:
    row = b'<w:tr><w:tc><w:tcPr><w:gridSpan w:val="99"/></w:tcPr><w:p/></w:tc></w:tr>'
    body = (
        b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:tbl>'
        + row * 25_000
        + b"</w:tbl></w:body></w:document>"
    )
    data = make_docx(one_paragraph)
    with pytest.raises(DocumentError, match="span more than 2,000,000 columns"):
        load(changed(data, word__document_o_xml=body), "a.docx", SETTINGS)
