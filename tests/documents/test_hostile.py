"""Files that were made to harm: they end as a document or as an error that names them, and never as anything else."""

import io
import os
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from plimsoll.documents import DocumentError, LoadSettings, digest_file, load, load_file
from plimsoll.documents.sources import scan

NO_OCR = LoadSettings(ocr="off")


def pdf(objects: list[bytes], root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1."""
    target = io.BytesIO()
    target.write(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(target.tell())
        target.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = target.tell()
    target.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    target.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    target.write(b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, root, start))
    return target.getvalue()


def stream(data: bytes, entries: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    return b"<< /Filter /FlateDecode /Length %d %s >>\nstream\n%s\nendstream" % (len(packed), entries, packed)


def page(content: bytes, resources: bytes = b"", *more: bytes, box: bytes = b"[0 0 612 792]") -> bytes:
    return pdf([
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox %s /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> %s >> >>"
        % (box, resources),
        content,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *more,
    ])  # fmt: skip


HELLO = b"BT /F1 12 Tf 72 700 Td (Hello over there) Tj ET"


def twice(packed: bytes, entries: bytes = b"") -> bytes:
    data = zlib.compress(zlib.compress(packed, 9), 9)
    return b"<< /Filter [/FlateDecode /FlateDecode] /Length %d %s >>\nstream\n%s\nendstream" % (
        len(data),
        entries,
        data,
    )


PDFS = {
    "deep arrays": page(stream(HELLO), b"/X " + b"[" * 50_000 + b"]" * 50_000),
    "deep dictionaries": page(stream(HELLO), b"/X " + b"<</A " * 20_000 + b"1" + b">>" * 20_000),
    "deep operators": page(stream(b"q " * 200_000 + HELLO)),
    "pages in a circle": pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"]),
    "more pages than there are": pdf([
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 2147483647 >>",
    ]),
    "stream that unpacks to 60 MB": page(twice(HELLO + b" " * 60_000_000)),
    "object stream that unpacks to 60 MB": page(
        stream(HELLO), b"", twice(b"1 0 " * 15_000_000, b"/Type /ObjStm /N 15000000 /First 10")
    ),
    "image of 10 gigapixels": page(
        stream(HELLO + b" q 600 0 0 700 0 0 cm /I Do Q"),
        b"/XObject << /I 6 0 R >>",
        stream(b"\0" * 1000, b"/Type /XObject /Subtype /Image /Width 100000 /Height 100000 "
               b"/ColorSpace /DeviceGray /BitsPerComponent 8"),
    ),
    "form that draws itself": page(
        stream(b"/X Do " + HELLO), b"/XObject << /X 6 0 R >>",
        stream(b"/X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>"),
    ),
    "page of absurd size": page(stream(HELLO), box=b"[0 0 1e30 1e30]"),
    "page of no size": page(stream(HELLO), box=b"[0 0 0 0]"),
    "numbers that are none": page(stream(b"BT /F1 1e38 Tf 1e38 -1e38 Td (Hello over there) Tj ET")),
    "script that opens something": pdf([
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.launchURL('http://127.0.0.1')) >> >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
    ]),
}  # fmt: skip


@pytest.mark.parametrize("data", PDFS.values(), ids=list(PDFS))
def test_hostile_pdfs_end_as_documents_or_document_errors(data: bytes) -> None:
    assert len(data) < 1_000_000
    with suppress(DocumentError):
        document = load(data, "x.pdf", NO_OCR)
        assert document.text.strip() in {"", "Hello over there"}


def test_very_many_letters_on_a_page_are_read_in_bounded_work() -> None:
    line = b"BT /F1 1 Tf 72 %d Td (" + b"ab " * 300 + b") Tj ET "
    document = load(page(stream(b"".join(line % (50 + 3 * row) for row in range(200)))), "x.pdf", NO_OCR)
    assert document.text.count("ab") == 200 * 300


def test_one_sparse_file_of_2_gb_is_refused_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "huge.txt"
    with place.open("wb") as file:
        file.truncate(2_000_000_000)
    real = os.fdopen

    class Unread(io.RawIOBase):
        """A file that must not be read."""

        def read(self, _size: int = -1) -> bytes:
            pytest.fail("it was read")

    def unread(handle: int, mode: str) -> object:
        real(handle, mode).close()
        return Unread()

    monkeypatch.setattr(os, "fdopen", unread)
    real_stat = place.stat()
    monkeypatch.setattr(os, "fstat", lambda _handle: real_stat)
    for attempt in (load_file, digest_file):
        with pytest.raises(DocumentError, match=r"huge\.txt has 2,000\.0 MB, and the limit is 100 MB"):
            attempt(place, "huge.txt", NO_OCR)
    assert len(scan(tmp_path).files) == 1


def test_10_000_tiny_files_are_found_once_each(tmp_path: Path) -> None:
    for folder in range(100):
        (tmp_path / str(folder)).mkdir()
        for number in range(100):
            (tmp_path / str(folder) / f"{number}.txt").write_bytes(b"x")
    result = scan(tmp_path)
    assert len({file.path for file in result.files}) == 10_000
    assert result.skipped == ()


MIXED = {
    "utf-8": "Grüße aus Köln, žluťoučký kůň, 契約".encode(),
    "utf-8 with a mark": "Grüße aus Köln".encode("utf-8-sig"),
    "utf-16": "Grüße aus Köln".encode("utf-16"),
    "windows-1252": ("Grüße aus Köln über die Brücke. " * 5).encode("cp1252"),
    "both in one file": "Grüße aus Köln. ".encode() * 5 + "Grüße aus Köln. ".encode("cp1252") * 5,
}


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".csv"])
@pytest.mark.parametrize("data", MIXED.values(), ids=list(MIXED))
def test_mixed_encodings_become_text(data: bytes, suffix: str) -> None:
    text = load(data, f"a{suffix}", NO_OCR).text
    assert "aus K" in text
    text.encode("utf-8")


def test_text_from_right_to_left_keeps_the_order_in_which_it_is_read() -> None:
    hebrew, arabic = "הסכם זה נערך בין הספק לבין הקונה", "تم إبرام هذه الاتفاقية بين المورد والمشتري"
    for name, data in {
        "a.txt": f"{hebrew}\n{arabic}",
        "a.md": f"# {hebrew}\n\n{arabic}",
        "a.html": f"<div dir=rtl><h1>{hebrew}</h1><p>{arabic}</div>",
        "a.json": f'{{"a": "{hebrew}", "b": "{arabic}"}}',
    }.items():
        document = load(data.encode(), name, NO_OCR)
        assert hebrew in document.text
        assert arabic in document.text


def test_names_cannot_be_written_backwards_into_a_message() -> None:
    with pytest.raises(DocumentError) as caught:
        load(b"", "invoice\u202efdp.txt", NO_OCR)
    assert "\u202e" not in caught.value.message
