"""Scanned pages: text drawn as a picture, then tilted, softened and dirtied as an office scanner does.

There is no text layer, so that only optical character recognition reads them.
"""

# reportlab ships no types

from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter
from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from ._page_image import DPI, draw_pages
from ._source import Source

_PAPER = 238
_NOISE_LEVELS = 5.0
_SPECKS = 60
_PNG_STEP = 34


def write_scan_png(source: Source) -> bytes:
    """The first page as a PNG of a few grey levels, the lightest of them the paper, so that most noise disappears."""
    page = _scanned(source)[0]
    levels = page.point([_PAPER - round((_PAPER - value) / _PNG_STEP) * _PNG_STEP for value in range(256)])
    return _encode(levels.quantize(colors=8, dither=Image.Dither.NONE), "PNG", optimize=True, dpi=(DPI, DPI))


def write_scan_jpg(source: Source) -> bytes:
    """The first page as a grey JPEG."""
    return _jpeg(_scanned(source)[0])


def write_scan_pdf(source: Source) -> bytes:
    """Every page as a grey JPEG that fills a PDF page."""
    rl_config.useA85 = 0  # without this, reportlab writes pictures as text, a quarter larger
    sheet = BytesIO()
    canvas = Canvas(sheet, pagesize=A4, invariant=1)
    canvas.setTitle(source.title)
    for page in _scanned(source):
        canvas.drawImage(ImageReader(BytesIO(_jpeg(page))), 0, 0, width=A4[0], height=A4[1])
        canvas.showPage()
    canvas.save()
    return sheet.getvalue()


def _jpeg(page: Image.Image) -> bytes:
    return _encode(page, "JPEG", quality=32, optimize=True, dpi=(DPI, DPI))


def _encode(page: Image.Image, kind: str, **options: object) -> bytes:
    data = BytesIO()
    page.save(data, kind, **options)
    return data.getvalue()


def _scanned(source: Source) -> list[Image.Image]:
    random = np.random.default_rng(source.seed)
    pages = draw_pages(source)
    return [_weather(page, random, source.tilt_degrees * (1 - 1.6 * index)) for index, page in enumerate(pages)]


def _weather(page: Image.Image, random: np.random.Generator, tilt_degrees: float) -> Image.Image:
    """Tilt, blur, paper tone, a shadow along one edge, specks and noise."""
    tilted = page.rotate(tilt_degrees, Image.Resampling.BICUBIC, fillcolor=255)
    soft = tilted.filter(ImageFilter.GaussianBlur(0.6))
    grey = np.asarray(soft, dtype=np.float64) * (_PAPER / 255) + 18 * (1 - np.asarray(soft, dtype=np.float64) / 255)
    height, width = grey.shape
    shadow = np.clip(1 - np.arange(width) / (width * 0.04), 0, 1) * 40
    grey -= shadow[np.newaxis, :]
    for _ in range(_SPECKS):
        row, column = int(random.integers(0, height - 2)), int(random.integers(0, width - 2))
        grey[row : row + 2, column : column + 2] -= random.integers(30, 110)
    grey += np.round(random.normal(0, _NOISE_LEVELS, size=grey.shape) / 3) * 3
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
