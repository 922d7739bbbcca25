"""Inputs are made here, so that no binary files lie in the repository."""

import io
import os
import shutil
import textwrap
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import docx
import pytest
from docx.document import Document as DocxDocument
from PIL import Image, ImageDraw, ImageFont

# reportlab has no types.
Canvas = import_module("reportlab.pdfgen.canvas").Canvas
ImageReader = import_module("reportlab.lib.utils").ImageReader
StandardEncryption = import_module("reportlab.lib.pdfencrypt").StandardEncryption

CONTRACT = (
    "This Supply Agreement is made on 12 March 2019 between Acme Holdings Ltd and Borealis GmbH. "
    "The Supplier shall deliver 1,200 units per month at a price of EUR 14.50 each."
)

PdfPage = str | Image.Image
PdfMaker = Callable[..., bytes]
ImageMaker = Callable[..., Image.Image]
DocxMaker = Callable[..., bytes]


def draw_text(text: str, *, width: int = 1240, height: int = 600, size: int = 28) -> Image.Image:
    image = Image.new("L", (width, height), 255)
    canvas, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    for number, line in enumerate(textwrap.wrap(text, 2 * width // size - 8)):
        canvas.text((60, 60 + number * size * 3 // 2), line, font=font, fill=0)
    return image


def image_bytes(image: Image.Image, kind: str = "PNG", *, more: Sequence[Image.Image] = ()) -> bytes:
    target = io.BytesIO()
    if more:
        image.save(target, kind, save_all=True, append_images=list(more))
    else:
        image.save(target, kind)
    return target.getvalue()


def pdf_bytes(*pages: PdfPage, title: str = "", locked_with: str = "", stamp: str = "", field: str = "") -> bytes:
    """A PDF with a page for each text (its lines as given) or image (filling the page)."""
    target = io.BytesIO()
    encrypt = StandardEncryption(locked_with, canPrint=0) if locked_with else None
    canvas = Canvas(target, pagesize=(595, 842), encrypt=encrypt)
    if title:
        canvas.setTitle(title)
    for page in pages:
        if isinstance(page, str):
            for number, line in enumerate(page.split("\n")):
                canvas.drawString(60, 780 - 16 * number, line)
        else:
            canvas.drawImage(
                ImageReader(page), 0, 842 - 595 * page.height / page.width, 595, 595 * page.height / page.width
            )
        if stamp:
            canvas.drawString(60, 20, stamp)
        if field:
            canvas.acroForm.textfield(name="party", x=60, y=100, width=300, value=field)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def docx_bytes(build: Callable[[DocxDocument], None]) -> bytes:
    document = docx.Document()
    build(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


@pytest.fixture
def contract() -> str:
    """Two sentences of a contract."""
    return CONTRACT


@pytest.fixture
def make_pdf() -> PdfMaker:
    return pdf_bytes


@pytest.fixture
def make_image() -> ImageMaker:
    return draw_text


@pytest.fixture
def encode_image() -> Callable[..., bytes]:
    return image_bytes


@pytest.fixture
def make_docx() -> DocxMaker:
    return docx_bytes


@pytest.fixture
def tesseract() -> str:
    """The path of tesseract. Without it the test is skipped, or fails where PLIMSOLL_TEST_REQUIRE_TOOLS is 1."""
    path = shutil.which("tesseract")
    if path:
        return path
    message = "tesseract is not installed: apt-get install tesseract-ocr"
    if os.environ.get("PLIMSOLL_TEST_REQUIRE_TOOLS") == "1":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture
def without_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which tesseract is not installed."""
    empty = tmp_path / "no-programs"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))


@pytest.fixture
def fake_tesseract(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """Put a shell script in the place of tesseract: it knows the language `eng`, and runs `body` to recognise.

    Returns the folder of the script, in which it may leave files.
    """

    def install(body: str) -> Path:
        folder = tmp_path / "programs"
        folder.mkdir()
        program = folder / "tesseract"
        program.write_text(
            "#!/bin/sh\n"
            'case "$1" in\n'
            "--version) echo 'tesseract 9.9.9' ;;\n"
            "--list-langs) printf 'List of languages:\\neng\\n' ;;\n"
            f"*) cd {folder}\n{body}\n;;\nesac\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return install
