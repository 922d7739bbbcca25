import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from importlib import import_module
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


@pytest.mark.parametrize("name", list(KINDS))
def test_very_deep_nesting_is_refused(name: str, make_docx: DocxMaker) -> None:
    deep = b"<x>" * 200_000 + b"</x>" * 200_000
    assert refused(changed(plain(name, make_docx), **{KINDS[name][0]: deep}), name).code == "document_broken"


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
