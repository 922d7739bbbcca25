"""PDF: the text layer page by page, and OCR for pages that have none.

pdfium is not thread-safe: everything that touches it holds one lock, and the OCR, which takes long, does not.
"""

import math
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

from pypdfium2 import PdfDocument, PdfiumError, PdfPage, raw

from .._assemble import clean, tidy
from .._errors import (
    BrokenFileError,
    DocumentError,
    EncryptedError,
    OcrAbsentError,
    TooManyPagesError,
    UnpackedTooLargeError,
)
from .._hyphens import join_cut_words
from .._ocr import recognise
from .._types import Extract, LoadSettings, PageText

VERSION = 1

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

_LOW_CONFIDENCE = 0.6

# Titles that programs write and nobody means.
_NO_TITLES = ("microsoft word - ", "microsoft powerpoint - ", "untitled", "(anonymous)", "document1")


@dataclass(slots=True)
class _Reading:
    """One page while it is being read: its own text, and a picture of it (binary PGM) where that is not enough."""

    number: int
    text: str = ""
    picture: bytes = b""
    dpi: int = 0
    ocr_confidence: float | None = None
    notes: list[str] = field(default_factory=list)
    incomplete: bool = False


def read(data: bytes, name: str, settings: LoadSettings) -> Extract:
    """The text of each page. A page that fails is a note, and is an error only when no page has text.

    Raises BrokenFileError, EncryptedError, TooManyPagesError, UnpackedTooLargeError; and what the OCR raises when
    nothing but the OCR could have given text.
    """
    with _opened(data, name) as document:
        count, title, has_form = _describe(document, name)
        if count > settings.max_pages:
            raise TooManyPagesError(name, pages=count, limit=settings.max_pages)
        readings: list[_Reading] = []
        failures: list[DocumentError] = []
        characters = 0
        for index in range(count):
            reading = _read_page(document, index, has_form=has_form, may_draw=settings.ocr == "auto")
            characters += len(reading.text)
            if characters > _MOST_CHARACTERS:
                raise UnpackedTooLargeError(name, f"it has more than {_MOST_CHARACTERS:,} characters of text")
            failures += _recognise(reading, name, settings)
            readings.append(reading)
    if failures and not any(reading.text.strip() for reading in readings):
        raise failures[0]
    return _extract(readings, title)


def _extract(readings: list[_Reading], title: str) -> Extract:
    texts = join_cut_words([reading.text for reading in readings])
    pages = [PageText(tidy(text), reading.ocr_confidence) for text, reading in zip(texts, readings, strict=True)]
    notes: list[str] = []
    for page, reading in zip(pages, readings, strict=True):
        notes += reading.notes
        if not page.text and not reading.notes:
            notes.append(f"page {reading.number} has no text")
    incomplete = any(reading.incomplete for reading in readings)
    return Extract(pages=tuple(pages), title=title, notes=tuple(notes), incomplete=incomplete)


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


def _describe(document: PdfDocument, name: str) -> tuple[int, str, bool]:
    """The number of pages, the title (empty when it has none worth showing), and whether it has a form."""
    with _PDFIUM:
        count = len(document)
        title = clean(document.get_metadata_value("Title")).strip()
        has_form = document.get_formtype() in {raw.FORMTYPE_ACRO_FORM, raw.FORMTYPE_XFA_FOREGROUND}
        if has_form:
            with suppress(PdfiumError):
                document.init_forms()
            has_form = document.formenv is not None
    if count == 0:
        raise BrokenFileError(name, kind="PDF", reason="it has no pages")
    if title.lower().startswith(_NO_TITLES):
        title = ""
    return count, title, has_form


def _read_page(document: PdfDocument, index: int, *, has_form: bool, may_draw: bool) -> _Reading:
    reading = _Reading(index + 1)
    with _PDFIUM:
        try:
            if has_form:
                _flatten(document, index)
            with closing(document[index]) as page:
                reading.text = _text_layer(page)
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


def _text_layer(page: PdfPage) -> str:
    with closing(page.get_textpage()) as layer:
        return str(layer.get_text_bounded())


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


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


def _recognise(reading: _Reading, name: str, settings: LoadSettings) -> list[DocumentError]:
    """Replace the text of a page by what is seen on its picture, if that is more. The picture is let go."""
    picture, reading.picture = reading.picture, b""
    if not picture:
        return []
    try:
        pages = recognise(picture, f"{name}, page {reading.number},", settings, dpi=reading.dpi)
    except OcrAbsentError as error:
        reading.notes.append(f"page {reading.number} looks scanned and was not recognised: tesseract is not installed")
        return [error]
    except DocumentError as error:
        reading.notes.append(f"page {reading.number} looks scanned and was not recognised: {error.message}")
        reading.incomplete = not error.permanent
        return [error]
    if pages and _letters(pages[0].text) > _letters(reading.text):
        reading.text, reading.ocr_confidence = pages[0].text, pages[0].ocr_confidence
        if (reading.ocr_confidence or 0) < _LOW_CONFIDENCE:
            reading.notes.append(
                f"page {reading.number} was hard to recognise (confidence {reading.ocr_confidence:.2f})"
            )
    return []
