import io
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from plimsoll.documents import Document, DocumentError, LoadSettings, load
from plimsoll.documents.loaders.pdf._hyphens import join_cut_words

SETTINGS = LoadSettings()
NO_OCR = LoadSettings(ocr="off")
LONG = "The quick brown fox jumps over the lazy dog."
PdfMaker = Callable[..., bytes]
ImageMaker = Callable[..., Image.Image]


def page_texts(document: Document) -> list[str]:
    return [document.text[page.start : page.end] for page in document.pages]


def refused(data: bytes, loading: LoadSettings = SETTINGS) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(data, "x.pdf", loading)
    assert "x.pdf" in caught.value.message
    assert caught.value.hint
    return caught.value


def test_pages_are_spans_of_the_text(make_pdf: PdfMaker) -> None:
    document = load(make_pdf(f"One.\n{LONG}", f"Two.\n{LONG}", title="A title"), "x.pdf", SETTINGS)
    assert document.title == "A title"
    assert page_texts(document) == [f"One.\n{LONG}", f"Two.\n{LONG}"]
    assert [page.number for page in document.pages] == [1, 2]
    assert document.text == "\n\n".join(page_texts(document))
    assert document.pages[0].ocr_confidence is None
    assert (document.media_type, document.notes) == ("application/pdf", ())


@pytest.mark.parametrize("title", ["Microsoft Word - draft.doc", "untitled", ""])
def test_titles_that_programs_make_up_are_not_used(make_pdf: PdfMaker, title: str) -> None:
    assert load(make_pdf(LONG, title=title), "deal/x.pdf", SETTINGS).title == "x"


@pytest.mark.usefixtures("without_tesseract")
def test_blank_pages_are_noted_and_need_no_ocr(make_pdf: PdfMaker) -> None:
    document = load(make_pdf("", LONG, ""), "x.pdf", SETTINGS)
    assert page_texts(document) == ["", LONG, ""]
    assert document.notes == ("page 1 has no text", "page 3 has no text")


@pytest.mark.usefixtures("without_tesseract")
def test_a_short_page_of_text_is_not_taken_for_a_scan(make_pdf: PdfMaker) -> None:
    document = load(make_pdf("Annex 1", LONG), "x.pdf", SETTINGS)
    assert page_texts(document) == ["Annex 1", LONG]
    assert document.notes == ()


def test_words_cut_at_the_end_of_a_line_are_joined(make_pdf: PdfMaker) -> None:
    document = load(make_pdf("contract and know-how. This con-\ntract is about know-\nhow."), "x.pdf", SETTINGS)
    assert document.text == "contract and know-how. This contract is about know-how."


@pytest.mark.parametrize(
    ("pages", "joined"),
    [
        (["a know\ufffehow"], ["a know-how"]),
        (["con\x02tract", "Contract"], ["contract", "Contract"]),
        (["know\x02how", "KNOW-HOW"], ["know-how", "KNOW-HOW"]),
        (["con\x02tract xy\x02zw", "contract"], ["contract xyzw", "contract"]),
        (["con\x02tract Anglo\x02American", "contract"], ["contract Anglo-American", "contract"]),
        (["look-and\x02feel", "look-and-feel"], ["look-and-feel", "look-and-feel"]),
        (["stray \x02 mark"], ["stray  mark"]),
        (["nothing to do"], ["nothing to do"]),
    ],
)
def test_the_document_knows_which_hyphens_are_real(pages: list[str], joined: list[str]) -> None:
    assert join_cut_words(pages) == joined


def test_what_was_filled_into_a_form_is_text(make_pdf: PdfMaker) -> None:
    document = load(make_pdf(LONG, field="Jane Filled Doe"), "x.pdf", SETTINGS)
    assert document.text == f"{LONG}\nJane Filled Doe"


@pytest.mark.usefixtures("tesseract")
def test_a_scanned_page_is_recognised(make_pdf: PdfMaker, make_image: ImageMaker, contract: str) -> None:
    document = load(make_pdf(LONG, make_image(contract)), "x.pdf", SETTINGS)
    first, second = document.pages
    assert first.ocr_confidence is None
    assert (second.ocr_confidence or 0) > 0.8
    assert page_texts(document)[0] == LONG
    assert page_texts(document)[1].split() == contract.split()


@pytest.mark.usefixtures("tesseract")
def test_a_scan_with_a_stamp_is_recognised(make_pdf: PdfMaker, make_image: ImageMaker, contract: str) -> None:
    scan = make_image(contract, height=1750)
    document = load(make_pdf(scan, stamp="CONFIDENTIAL 000123 from the archive"), "x.pdf", SETTINGS)
    assert "CONFIDENTIAL 000123" in document.text
    assert "Borealis GmbH" in document.text


@pytest.mark.usefixtures("without_tesseract")
def test_without_tesseract_scanned_pages_are_noted_and_the_others_read(
    make_pdf: PdfMaker, make_image: ImageMaker, contract: str
) -> None:
    document = load(make_pdf(make_image(contract), LONG), "x.pdf", SETTINGS)
    assert page_texts(document) == ["", LONG]
    assert document.notes == ("page 1 looks scanned and was not recognised: tesseract is not installed",)


@pytest.mark.usefixtures("without_tesseract")
def test_without_tesseract_a_scan_is_an_error_that_says_what_to_install(
    make_pdf: PdfMaker, make_image: ImageMaker, contract: str
) -> None:
    error = refused(make_pdf(make_image(contract)))
    assert (error.code, error.permanent) == ("ocr_absent", False)
    assert "apt-get install tesseract-ocr" in error.hint


def test_with_ocr_switched_off_a_scan_has_no_text(make_pdf: PdfMaker, make_image: ImageMaker, contract: str) -> None:
    scan = make_image(contract)
    error = refused(make_pdf(scan), NO_OCR)
    assert (error.code, error.permanent) == ("document_no_text", True)
    assert "OCR is switched off" in error.message
    assert load(make_pdf(scan, LONG), "x.pdf", NO_OCR).notes == ("page 1 has no text, and OCR is switched off",)


@pytest.mark.usefixtures("tesseract")
def test_a_blank_scan_is_an_error(make_pdf: PdfMaker) -> None:
    error = refused(make_pdf(Image.new("L", (800, 1000), 255)))
    assert (error.code, error.permanent) == ("document_no_text", True)


def test_a_page_that_fails_in_ocr_is_a_note(
    make_pdf: PdfMaker, make_image: ImageMaker, contract: str, fake_tesseract: Callable[[str], Path]
) -> None:
    fake_tesseract("echo 'out of memory' >&2; exit 1")
    data = make_pdf(make_image(contract), LONG)
    (note,) = load(data, "x.pdf", SETTINGS).notes
    assert note.endswith("the OCR of x.pdf, page 1, failed: out of memory")
    assert refused(make_pdf(make_image(contract))).code == "ocr_failed"


def test_what_was_read_until_the_time_of_the_file_was_over_is_kept(
    make_pdf: PdfMaker, make_image: ImageMaker, contract: str, fake_tesseract: Callable[[str], Path]
) -> None:
    folder = fake_tesseract("echo called > called")
    settings = LoadSettings(ocr_file_timeout_s=0)
    document = load(make_pdf(LONG, make_image(contract)), "x.pdf", settings)
    assert page_texts(document) == [LONG, ""]
    (note,) = document.notes
    assert note.startswith("page 2 looks scanned and was not recognised: the pages before")
    assert document.incomplete
    with pytest.raises(DocumentError) as caught:
        load(make_pdf(make_image(contract)), "x.pdf", settings)
    assert (caught.value.code, caught.value.permanent) == ("ocr_file_timeout", False)
    assert not (folder / "called").exists()


@pytest.mark.usefixtures("without_tesseract")
def test_pictures_of_pages_are_let_go_one_after_the_other(make_pdf: PdfMaker, make_image: ImageMaker) -> None:
    data = make_pdf(*[make_image("A page", width=800, height=1100)] * 12)
    tracemalloc.start()
    try:
        assert refused(data).code == "ocr_absent"
        # One of them has 8.7 MB.
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


def test_a_page_that_cannot_be_read_is_a_note(make_pdf: PdfMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    real = pypdfium2.PdfDocument.get_page

    def failing(document: Any, index: int) -> Any:
        if index == 1:
            raise pypdfium2.PdfiumError("Failed to load page.")
        return real(document, index)

    monkeypatch.setattr(pypdfium2.PdfDocument, "get_page", failing)
    document = load(make_pdf(LONG, LONG, "Three"), "x.pdf", SETTINGS)
    assert page_texts(document) == [LONG, "", "Three"]
    assert document.notes == ("page 2 cannot be read",)


def test_a_poster_is_drawn_smaller(fake_tesseract: Callable[[str], Path]) -> None:
    target = io.BytesIO()
    from importlib import import_module

    canvas = import_module("reportlab.pdfgen.canvas").Canvas(target, pagesize=(14_000, 14_000))
    canvas.rect(0, 0, 9000, 9000, fill=1)
    canvas.save()
    folder = fake_tesseract("cat | /usr/bin/env head -c 30 > header")
    refused(target.getvalue())
    width, height = map(int, (folder / "header").read_bytes().split(b"\n")[1].split())
    assert width * height <= 41_000_000


def test_pdfs_with_a_password_are_refused(make_pdf: PdfMaker) -> None:
    error = refused(make_pdf(LONG, locked_with="word"))
    assert (error.code, error.permanent) == ("document_encrypted", True)
    assert "password" in error.hint


def test_too_many_pages(make_pdf: PdfMaker) -> None:
    error = refused(make_pdf("1", "2", "3"), LoadSettings(max_pages=2))
    assert (error.code, error.permanent) == ("document_too_many_pages", False)
    assert "3 pages" in error.message
    assert "load.max_pages" in error.hint


def test_things_that_are_no_pdf_are_refused(make_pdf: PdfMaker) -> None:
    data = make_pdf(LONG)
    assert refused(data[:200]).code == "document_broken"
    assert refused(b"%PDF-1.7\n" + b"junk" * 50).code == "document_broken"
    assert refused(b"hello").code == "document_broken"
    page = refused(b"\n<!DOCTYPE html><p>Not found")
    assert (page.code, page.hint) == ("document_wrong_suffix", "rename it to end in .html")
    assert refused(b"\x89PNG\r\n\x1a\n").code == "document_wrong_suffix"
    assert load(b"junk before\n" + data, "x.pdf", SETTINGS).text == LONG


@pytest.fixture(scope="module")
def pdf_sample() -> bytes:
    from importlib import import_module

    target = io.BytesIO()
    canvas = import_module("reportlab.pdfgen.canvas").Canvas(target, pageCompression=0)
    for page in range(2):
        canvas.drawString(60, 700, f"Page {page} of a small document that will be damaged")
        canvas.showPage()
    canvas.save()
    return target.getvalue()


@settings(max_examples=150, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0), st.integers(1, 255)), max_size=12), cut=st.integers(0, 30))
def test_damaged_pdfs_raise_nothing_but_document_errors(
    pdf_sample: bytes, flips: list[tuple[int, int]], cut: int
) -> None:
    damaged = bytearray(pdf_sample)
    for place, change in flips:
        damaged[place % len(damaged)] ^= change
    with suppress(DocumentError):
        document = load(bytes(damaged[: len(damaged) - cut * 40]), "a.pdf", NO_OCR)
        assert document.pages[-1].end <= len(document.text)


def test_real_contracts_give_the_words_of_their_reference_text() -> None:
    import gzip
    import json
    import re
    from collections import Counter

    folder = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cuad"
    files = sorted((folder / "dev_pdf").glob("*.pdf"))[:6]
    if not files:
        pytest.skip("the CUAD contracts are not on this machine")
    with gzip.open(folder / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        reference = {row["id"]: row["text"] for row in map(json.loads, lines)}
    for file in files:
        words, expected = (
            Counter(re.findall(r"\w+", text.lower()))
            for text in (load(file.read_bytes(), file.name, NO_OCR).text, reference[file.stem])
        )
        assert (words & expected).total() >= 0.99 * expected.total()
        assert (words & expected).total() >= 0.99 * words.total()
