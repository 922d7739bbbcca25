"""The pages of a PDF, one after the other.

pdfium is not thread-safe: everything that touches it holds one lock, and the OCR, which takes long, does not.
"""

import math
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from pypdfium2 import PdfDocument, PdfiumError, PdfPage, raw

from ..._assemble import one_line, tidy
from ..._errors import (
    BrokenFileError,
    DocumentError,
    EncryptedError,
    OcrAbsentError,
    OcrFileTimeoutError,
    TooManyPagesError,
    UnpackedTooLargeError,
)
from ..._ocr import doubt, recognise
from ..._types import Extract, LoadSettings, PageText
from ._headings import find_headings
from ._hyphens import CutWords, join_cut_words
from ._layout import arrange
from ._pieces import page_pieces
from ._text import marked, write
from ._types import PageLines

VERSION = 2

_PDFIUM = threading.Lock()

# 300 dots per inch is what tesseract is trained for; a poster is drawn smaller than that.
_DPI = 300
_POINTS_PER_INCH = 72
_MOST_PIXELS = 40_000_000
_MOST_CHARACTERS = 100_000_000

# With fewer letters than this a page with anything drawn on it is taken for a scan; and with fewer than the second
# figure (a stamp, a running title) when an image covers at least half of it.
_NO_TEXT_LETTERS = 16
_LITTLE_TEXT_LETTERS = 150
_SCAN_SHARE = 0.5

_FACTS = {
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "CreationDate": "created",
    "ModDate": "modified",
}
_TIMES = frozenset({"created", "modified"})
_DATE = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?")

# Titles that programs write and nobody means.
_NO_TITLES = ("microsoft word - ", "microsoft powerpoint - ", "untitled", "(anonymous)", "document1")


@dataclass(slots=True)
class _Reading:
    """One page while it is being read: its own text, and a picture of it (binary PGM) where that is not enough."""

    number: int
    text: str = ""
    lines: PageLines | None = None
    """The text in reading order; None where only the text as it stands in the file is known."""
    recognised: PageText | None = None
    picture: bytes = b""
    dpi: int = 0
    notes: list[str] = field(default_factory=list)
    incomplete: bool = False


def read(data: bytes, name: str, settings: LoadSettings) -> Extract:
    """The text of each page. A page that fails is a note, and is an error only when no page has text.

    Raises BrokenFileError, EncryptedError, TooManyPagesError, UnpackedTooLargeError; and what the OCR raises when
    nothing but the OCR could have given text.
    """
    with _opened(data, name) as document:
        count, has_form = _describe(document, name)
        title, metadata = _properties(document)
        if count > settings.max_pages:
            raise TooManyPagesError(name, pages=count, limit=settings.max_pages)
        readings: list[_Reading] = []
        failure: DocumentError | None = None
        characters = 0
        ends_at = time.monotonic() + settings.ocr_file_timeout_s
        for index in range(count):
            reading = _read_page(document, index, has_form=has_form, may_draw=settings.ocr == "auto")
            characters += len(reading.text)
            if characters > _MOST_CHARACTERS:
                raise UnpackedTooLargeError(name, f"it has more than {_MOST_CHARACTERS:,} characters of text")
            left_s = max(ends_at - time.monotonic(), 0.0)
            found = _recognise(reading, name, replace(settings, ocr_file_timeout_s=left_s))
            # Each of them holds on to the picture of its page.
            failure = failure or found
            readings.append(reading)
    if failure and not any(reading.text.strip() for reading in readings):
        raise failure
    pages = _pages(readings)
    notes: list[str] = []
    for page, reading in zip(pages, readings, strict=True):
        notes += reading.notes
        if not page.text and not reading.notes:
            notes.append(f"page {reading.number} has no text")
    incomplete = any(reading.incomplete for reading in readings)
    return Extract(tuple(pages), title, tuple(notes), incomplete, metadata)


def _pages(readings: list[_Reading]) -> list[PageText]:
    """The text of each page: what was recognised, or its lines in reading order, or its text as it stands."""
    arranged = [reading.lines if reading.lines and not reading.recognised else PageLines() for reading in readings]
    plain = ["" if reading.lines or reading.recognised else reading.text for reading in readings]
    words = CutWords(marked(arranged))
    written = [write(lines, words) for lines in arranged]
    headings = find_headings(arranged, [page.spans for page in written])
    texts = join_cut_words(plain)
    return [
        reading.recognised
        or (
            PageText(page.text, headings=tuple(found), boxes=tuple(page.boxes))
            if reading.lines
            else PageText(tidy(text))
        )
        for reading, page, found, text in zip(readings, written, headings, texts, strict=True)
    ]


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[PdfDocument]:
    with _PDFIUM:
        try:
            document = PdfDocument(data)
        except PdfiumError as error:
            if error.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
                raise EncryptedError(name) from error
            raise BrokenFileError(name, kind="PDF", reason="its structure is damaged") from error
    try:
        yield document
    finally:
        with _PDFIUM:
            document.close()


def _describe(document: PdfDocument, name: str) -> tuple[int, bool]:
    """The number of pages, and whether it has a form."""
    with _PDFIUM:
        count = len(document)
        has_form = document.get_formtype() in {raw.FORMTYPE_ACRO_FORM, raw.FORMTYPE_XFA_FOREGROUND}
        if has_form:
            with suppress(PdfiumError):
                document.init_forms()
            has_form = document.formenv is not None
    if count == 0:
        raise BrokenFileError(name, kind="PDF", reason="it has no pages")
    return count, has_form


def _properties(document: PdfDocument) -> tuple[str, dict[str, str]]:
    """The title (empty when it has none worth showing), and what else the file says about itself."""
    with _PDFIUM:
        values = {name: one_line(document.get_metadata_value(name)) for name in ("Title", *_FACTS)}
    title = values.pop("Title")
    if title.lower().startswith(_NO_TITLES):
        title = ""
    facts = {_FACTS[name]: _day(value) if _FACTS[name] in _TIMES else value for name, value in values.items()}
    return title, {fact: value for fact, value in facts.items() if value}


def _day(value: str) -> str:
    """A PDF date (ISO 32000-1, 7.9.4), such as `D:20190312140509+01'00'`, as ISO 8601; empty for anything else."""
    found = _DATE.match(value)
    if not found:
        return ""
    year, month, day, hour, minute, second = (int(part) for part in found.groups(default="0"))
    try:
        moment = datetime(year, max(month, 1), max(day, 1), hour, minute, min(second, 59))  # noqa: DTZ001 - as written
    except ValueError:
        return ""
    return moment.isoformat() if found[4] else moment.date().isoformat()


def _read_page(document: PdfDocument, index: int, *, has_form: bool, may_draw: bool) -> _Reading:
    reading = _Reading(index + 1)
    with _PDFIUM:
        try:
            if has_form:
                _flatten(document, index)
            with closing(document[index]) as page:
                _read_layer(page, reading)
                if _looks_scanned(page, reading.text):
                    if may_draw:
                        reading.picture, reading.dpi = _draw(page)
                    elif not _letters(reading.text):
                        reading.notes.append(f"page {reading.number} has no text, and OCR is switched off")
        except (PdfiumError, ValueError, OSError, MemoryError):
            # What pypdfium2 raises for a damaged page, and for one of no or of absurd size.
            reading.notes.append(f"page {reading.number} cannot be read")
    return reading


def _flatten(document: PdfDocument, index: int) -> None:
    """Make what was filled into the page's form part of its text. It shows only when the page is opened anew."""
    with closing(document[index]) as page:
        page.flatten()


def _read_layer(page: PdfPage, reading: _Reading) -> None:
    pieces = page_pieces(page)
    if pieces is None:
        with closing(page.get_textpage()) as layer:
            reading.text = str(layer.get_text_bounded())
    else:
        reading.lines = arrange(pieces)
        reading.text = "\n".join(piece.text for piece in pieces)


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _looks_scanned(page: PdfPage, text: str) -> bool:
    """Whether the page shows more than its text layer says.

    Text that has no characters behind its shapes counts as drawn: it has no letters here, and OCR can read it.
    """
    letters = _letters(text)
    if letters >= _LITTLE_TEXT_LETTERS:
        return False
    objects = list(page.get_objects(max_depth=1))
    if letters < _NO_TEXT_LETTERS:
        unreadable = letters == 0 and bool(text.strip() or objects)
        return unreadable or any(drawn.type != raw.FPDF_PAGEOBJ_TEXT for drawn in objects)
    area = page.get_width() * page.get_height()
    pictures = [o for o in objects if o.type in {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM}]
    return any(_covered(o.get_bounds()) >= _SCAN_SHARE * area for o in pictures)


def _covered(bounds: tuple[float, float, float, float]) -> float:
    left, bottom, right, top = bounds
    return max(right - left, 0) * max(top - bottom, 0)


def _draw(page: PdfPage) -> tuple[bytes, int]:
    """The page as a grey picture (binary PGM), and its resolution in dots per inch."""
    area = max(page.get_width() * page.get_height(), 1)
    scale = min(_DPI / _POINTS_PER_INCH, math.sqrt(_MOST_PIXELS / area))
    with closing(page.render(scale=scale, grayscale=True)) as bitmap:
        height, width = bitmap.height, bitmap.width
        rows = bitmap.to_numpy().reshape(height, width)
        return b"P5\n%d %d\n255\n" % (width, height) + rows.tobytes(), max(round(scale * _POINTS_PER_INCH), 70)


def _recognise(reading: _Reading, name: str, settings: LoadSettings) -> DocumentError | None:
    """Replace the text of a page by what is seen on its picture, if that is more. The picture is let go."""
    picture, reading.picture = reading.picture, b""
    if not picture:
        return None
    called = f"{name}, page {reading.number},"
    try:
        if settings.ocr_file_timeout_s <= 0:
            raise OcrFileTimeoutError(called)
        pages = recognise(picture, called, settings, dpi=reading.dpi)
    except OcrAbsentError as error:
        reading.notes.append(f"page {reading.number} looks scanned and was not recognised: tesseract is not installed")
        return error
    except DocumentError as error:
        reading.notes.append(f"page {reading.number} looks scanned and was not recognised: {error.message}")
        reading.incomplete = not error.permanent
        return error
    if pages and _letters(pages[0].text) > _letters(reading.text):
        reading.text, reading.recognised = pages[0].text, pages[0]
        if said := doubt(reading.number, pages[0]):
            reading.notes.append(said)
    return None
