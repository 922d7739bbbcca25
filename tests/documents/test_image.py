import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from plimsoll.documents import DocumentError, LoadSettings, load, ocr_available
from plimsoll.documents._image_size import image_sizes
from plimsoll.documents._ocr import recognise

SETTINGS = LoadSettings()
ImageMaker = Callable[..., Image.Image]
Encoder = Callable[..., bytes]
Fake = Callable[[str], Path]
ROW = "echo '5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t90.0\tHi'"
PAGE = "echo '1\t1\t0\t0\t0\t0\t0\t0\t9\t9\t-1\t'"


def refused(data: bytes, name: str = "x.png", settings: LoadSettings = SETTINGS) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load(data, name, settings)
    assert name in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.mark.usefixtures("tesseract")
@pytest.mark.parametrize(("name", "kind"), [("x.png", "PNG"), ("x.jpg", "JPEG"), ("x.TIFF", "TIFF"), ("y.png", "JPEG")])
def test_images_are_recognised_by_what_they_are(
    make_image: ImageMaker, encode_image: Encoder, contract: str, *, name: str, kind: str
) -> None:
    document = load(encode_image(make_image(contract), kind), name, SETTINGS)
    assert document.text.split() == contract.split()
    assert document.media_type == f"image/{kind.lower()}"
    (page,) = document.pages
    assert 0.8 < (page.ocr_confidence or 0) <= 1


@pytest.mark.usefixtures("tesseract")
def test_every_page_of_a_tiff_is_a_page(make_image: ImageMaker, encode_image: Encoder, contract: str) -> None:
    blank = Image.new("L", (400, 400), 255)
    data = encode_image(make_image("First page here"), "TIFF", more=[blank, make_image(contract)])
    document = load(data, "x.tif", SETTINGS)
    texts = [document.text[page.start : page.end] for page in document.pages]
    assert texts[0] == "First page here"
    assert texts[1] == ""
    assert texts[2].split() == contract.split()
    assert [page.ocr_confidence is None for page in document.pages] == [False, True, False]
    assert document.notes == ("page 2 has no text",)


@pytest.mark.usefixtures("tesseract")
def test_a_turned_image_is_read(make_image: ImageMaker, encode_image: Encoder, contract: str) -> None:
    turned = make_image(f"{contract} {contract} {contract}").rotate(90, expand=True)
    assert "Borealis GmbH" in " ".join(load(encode_image(turned), "x.png", SETTINGS).text.split())


def test_lines_and_paragraphs_are_kept(fake_tesseract: Fake, encode_image: Encoder) -> None:
    rows = [PAGE]
    words = [
        (1, 1, 1, 90, "One"),
        (1, 1, 1, 80, "two"),
        (1, 1, 2, 70, "three"),
        (1, 2, 1, 60, "four"),
        (2, 1, 1, 50, "'|"),
    ]
    for block, paragraph, line, confidence, word in words:
        rows.append(f'cat <<"E"\n5\t1\t{block}\t{paragraph}\t{line}\t1\t0\t0\t9\t9\t{confidence}.0\t{word}\nE')
    fake_tesseract("\n".join(rows).replace("cat <<", "/bin/cat <<"))
    document = load(encode_image(Image.new("L", (9, 9))), "x.png", SETTINGS)
    assert document.text == "One two\nthree\n\nfour\n\n'|"
    assert document.pages[0].ocr_confidence == 0.7


@pytest.mark.usefixtures("tesseract")
def test_an_image_without_text_is_an_error(encode_image: Encoder) -> None:
    error = refused(encode_image(Image.new("L", (300, 300), 255)))
    assert (error.code, error.permanent) == ("document_no_text", True)


@pytest.mark.usefixtures("without_tesseract")
def test_without_tesseract_the_error_says_what_to_install(encode_image: Encoder) -> None:
    error = refused(encode_image(Image.new("L", (300, 300), 255)))
    assert (error.code, error.permanent) == ("ocr_absent", False)
    assert ocr_available() is None


def test_with_ocr_switched_off_an_image_is_an_error(encode_image: Encoder) -> None:
    error = refused(encode_image(Image.new("L", (9, 9))), settings=LoadSettings(ocr="off"))
    assert (error.code, error.permanent) == ("ocr_off", True)


@pytest.mark.parametrize("language", ["xyz", "../../etc/passwd", "-c", ""])
def test_a_language_that_is_not_installed_is_an_error(
    encode_image: Encoder, fake_tesseract: Fake, language: str
) -> None:
    fake_tesseract("exit 9")
    with pytest.raises(DocumentError, match="is not installed") as caught:
        load(encode_image(Image.new("L", (9, 9))), "x.png", LoadSettings(ocr_languages=("eng", language)))
    assert (caught.value.code, caught.value.permanent) == ("ocr_language", False)


def test_tesseract_that_takes_too_long_is_stopped(encode_image: Encoder, fake_tesseract: Fake) -> None:
    fake_tesseract("exec /bin/sleep 30")
    error = refused(encode_image(Image.new("L", (9, 9))), settings=LoadSettings(ocr_timeout_s=0.2))
    assert (error.code, error.permanent) == ("ocr_timeout", False)


def test_tesseract_that_fails_is_an_error_with_its_complaint(encode_image: Encoder, fake_tesseract: Fake) -> None:
    fake_tesseract("printf '\\nbad \\033[31mimage\\n' >&2; exit 1")
    error = refused(encode_image(Image.new("L", (9, 9))))
    assert error.message == "the OCR of x.png failed: bad \\x1b[31mimage"


def test_a_tesseract_that_does_not_run_is_absent(encode_image: Encoder, fake_tesseract: Fake) -> None:
    program = fake_tesseract("exit 1") / "tesseract"
    program.write_text("#!/nonexistent/interpreter\n")
    assert refused(encode_image(Image.new("L", (9, 9)))).code == "ocr_absent"


def test_tesseract_gets_no_secrets_one_thread_and_a_list_without_a_shell(
    encode_image: Encoder, fake_tesseract: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fake_tesseract(f'/usr/bin/env > seen; echo "$@" >> seen\n{PAGE}\n{ROW}')
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert load(encode_image(Image.new("L", (9, 9))), "x.png", SETTINGS).text == "Hi"
    seen = (folder / "seen").read_text()
    assert "sk-secret" not in seen
    assert "OMP_THREAD_LIMIT=1" in seen
    assert "stdin stdout --psm 3 -c tessedit_create_tsv=1 -l eng" in seen


@pytest.mark.parametrize("data", [b"/etc/passwd\n", b"http://example.com/x.png\n", b"", b"P6\n1 1\n255\n000"])
def test_bytes_that_are_no_image_never_reach_tesseract(data: bytes, fake_tesseract: Fake) -> None:
    # It would take them for a list of files or addresses to open.
    folder = fake_tesseract("echo called > called")
    with pytest.raises(DocumentError, match="does not begin like an image"):
        recognise(data, "x.png", SETTINGS)
    assert not (folder / "called").exists()
    if data:
        assert refused(data).code == "document_broken"


def test_pixel_bombs_are_refused_by_their_header(encode_image: Encoder, fake_tesseract: Fake) -> None:
    folder = fake_tesseract("echo called > called")
    data = bytearray(encode_image(Image.new("L", (9, 9))))
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    error = refused(bytes(data))
    assert (error.code, error.permanent) == ("document_image_too_large", True)
    assert "60,000 x 60,000" in error.message
    assert not (folder / "called").exists()


def test_a_tiff_with_too_many_pages(encode_image: Encoder) -> None:
    page = Image.new("L", (9, 9))
    data = encode_image(page, "TIFF", more=[page, page])
    assert refused(data, "x.tif", LoadSettings(max_pages=2)).code == "document_too_many_pages"


def test_pages_that_tesseract_could_not_open_are_noted(encode_image: Encoder, fake_tesseract: Fake) -> None:
    fake_tesseract(f"{PAGE}\n{ROW}")
    page = Image.new("L", (9, 9))
    document = load(encode_image(page, "TIFF", more=[page]), "x.tif", SETTINGS)
    assert len(document.pages) == 2
    assert document.notes == ("page 2 cannot be read",)


DOUBTFUL = ROW.replace("90.0", "41.5")


def test_a_page_that_was_hard_to_recognise_is_noted(
    encode_image: Encoder, make_pdf: Callable[..., bytes], fake_tesseract: Fake
) -> None:
    fake_tesseract(f"{PAGE}\n{DOUBTFUL}")
    note = "page 1 was hard to recognise (confidence 0.41)"
    assert load(encode_image(Image.new("L", (9, 9))), "x.png", SETTINGS).notes == (note,)
    assert load(make_pdf(Image.new("L", (90, 90))), "x.pdf", SETTINGS).notes == (note,)


def pixels(kind: str, image: Image.Image) -> Image.Image:
    """The picture in another form; `transparent` is black on nothing."""
    if kind == "16 bits":
        return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    if kind == "transparent":
        clear = Image.new("LA", image.size, (0, 0))
        clear.putalpha(ImageOps.invert(image))
        return clear
    return image.convert("RGB").convert(kind)


@pytest.mark.usefixtures("tesseract")
@pytest.mark.parametrize(
    ("kind", "name"),
    [("16 bits", "PNG"), ("16 bits", "TIFF"), ("CMYK", "JPEG"), ("CMYK", "TIFF"), ("1", "PNG"), ("P", "PNG"),
     ("transparent", "PNG")],
)  # fmt: skip
def test_pictures_of_every_kind_of_pixel_are_read(
    make_image: ImageMaker, encode_image: Encoder, contract: str, *, kind: str, name: str
) -> None:
    suffix = {"PNG": "png", "JPEG": "jpg", "TIFF": "tif"}[name]
    document = load(encode_image(pixels(kind, make_image(contract)), name), f"x.{suffix}", SETTINGS)
    assert document.text.split() == contract.split()


@pytest.mark.usefixtures("tesseract")
def test_of_an_animated_picture_the_first_is_read(make_image: ImageMaker, encode_image: Encoder) -> None:
    data = encode_image(make_image("First page here"), more=[make_image("Second page there")])
    assert load(data, "x.png", SETTINGS).text == "First page here"


def tiff(*entries: tuple[int, int, int, int]) -> bytes:
    """The head of a TIFF with these entries: tag, type, count and value."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\x00" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4)


@pytest.mark.parametrize(
    "entries",
    [
        [(256, 4, 1, 60_000), (257, 4, 1, 60_000), (256, 4, 1, 9), (257, 4, 1, 9)],
        [(256, 9, 1, 60_000), (257, 9, 1, 60_000), (256, 4, 1, 9), (257, 4, 1, 9)],
        [(256, 3, 2, 9), (257, 3, 2, 9)],
    ],
)
def test_a_tiff_that_tells_its_size_in_an_odd_way_is_refused(
    fake_tesseract: Fake, entries: list[tuple[int, int, int, int]]
) -> None:
    folder = fake_tesseract("echo called > called")
    assert "a size twice, or in an odd way" in refused(tiff(*entries), "x.tif").message
    assert not (folder / "called").exists()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_sizes_are_read_from_the_header(encode_image: Encoder, kind: str) -> None:
    assert image_sizes(encode_image(Image.new("RGB", (31, 17)), kind), most=9) == [(31, 17)]


def test_a_tiff_whose_pages_form_a_loop_is_refused(encode_image: Encoder) -> None:
    data = bytearray(encode_image(Image.new("L", (9, 9)), "TIFF"))
    (first,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * entries, first)
    assert "point back" in refused(bytes(data), "x.tif").message


@given(st.binary(max_size=80), st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b""]))
def test_damaged_headers_raise_nothing_but_value_errors(tail: bytes, magic: bytes) -> None:
    with suppress(ValueError):
        assert all(width and height for width, height in image_sizes(magic + tail, most=99))


@pytest.mark.usefixtures("tesseract")
def test_every_recognised_line_has_its_place(make_image: ImageMaker, encode_image: Encoder, contract: str) -> None:
    image = make_image(contract)
    document = load(encode_image(image), "a.png", SETTINGS)
    lines = [document.text[box.start : box.end] for box in document.boxes]
    assert lines == document.text.split("\n")
    tops = [box.top for box in document.boxes]
    assert tops == sorted(tops)
    assert all(0 < box.left < box.right < image.width and box.bottom < image.height for box in document.boxes)
