"""Images: everything in them is recognised by OCR. A TIFF may have many pages."""

from .._errors import BrokenFileError, ImageTooLargeError, OcrOffError, TooManyPagesError
from .._image_size import image_sizes
from .._ocr import doubt, recognise
from .._types import Extract, LoadSettings, PageText

VERSION = 3

_MEGAPIXELS = 100


def read(data: bytes, name: str, settings: LoadSettings) -> Extract:
    """The recognised text of each page.

    Raises OcrOffError, BrokenFileError, ImageTooLargeError, TooManyPagesError, and what the OCR raises.
    """
    sizes = _checked_sizes(data, name, settings)
    if settings.ocr == "off":
        raise OcrOffError(name)
    pages = recognise(data, name, settings, pages=len(sizes))
    notes = [f"page {number} has no text" for number, page in enumerate(pages, start=1) if not page.text]
    notes += [said for number, page in enumerate(pages, start=1) if (said := doubt(number, page))]
    notes += [f"page {number} cannot be read" for number in range(len(pages) + 1, len(sizes) + 1)]
    pages += [PageText("")] * (len(sizes) - len(pages))
    return Extract(pages=tuple(pages), notes=tuple(notes))


def _checked_sizes(data: bytes, name: str, settings: LoadSettings) -> list[tuple[int, int]]:
    try:
        sizes = image_sizes(data, most=settings.max_pages + 1)
    except ValueError as error:
        raise BrokenFileError(name, kind="image", reason=str(error)) from error
    if len(sizes) > settings.max_pages:
        raise TooManyPagesError(name, pages=len(sizes), limit=settings.max_pages)
    for width, height in sizes:
        if width * height > _MEGAPIXELS * 1_000_000:
            raise ImageTooLargeError(name, width=width, height=height, limit_megapixels=_MEGAPIXELS)
    return sizes
