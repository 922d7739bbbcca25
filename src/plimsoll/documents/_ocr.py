"""Recognising text in images with tesseract, a program of its own.

Two things about it that are easy to miss and dangerous: bytes that are no image are taken for a list of file names (or
addresses) to be opened, so only bytes that begin like an image are ever handed over; and it parses hostile input, so it
gets a clean environment without the secrets of this process. It finds its language data where it was built to look.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import fmean

from ._assemble import clean
from ._errors import OcrAbsentError, OcrFailedError, OcrLanguageError, OcrTimeoutError
from ._types import Box, LoadSettings, PageText

VERSION = 2

_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"P5\n")
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "OMP_THREAD_LIMIT": "1"}
_QUERY_TIMEOUT_S = 20
_LANGUAGE = re.compile(r"\w+(?:/\w+)?", re.ASCII)
_VERSION = re.compile(r"tesseract\s+v?(\S+)")

# Page segmentation: automatic with detection of turned pages (needs the `osd` data), or without.
_TURNED, _UPRIGHT = "1", "3"

# Columns of tesseract's TSV output, and the levels of its rows.
_COLUMNS = 12
_LEVEL, _BLOCK, _PARAGRAPH, _LINE, _CONFIDENCE, _TEXT = 0, 2, 3, 4, 10, 11
_LEFT, _TOP, _WIDTH, _HEIGHT = 6, 7, 8, 9
_POINTS_PER_INCH = 72
_LOW_CONFIDENCE = 0.6
_PAGE_ROW, _WORD_ROW = "1", "5"


@dataclass(frozen=True, slots=True)
class _Engine:
    path: str
    version: str
    languages: tuple[str, ...]


def ocr_available() -> str | None:
    """The version of tesseract on this machine, or None without it."""
    engine = _engine()
    return engine.version if engine else None


def _engine() -> _Engine | None:
    path = shutil.which("tesseract")
    return _inspect(path) if path else None


@lru_cache(maxsize=8)
def _inspect(path: str) -> _Engine | None:
    """What the program says about itself; None when it cannot even do that."""
    version = _VERSION.search(_ask(path, "--version"))
    if not version:
        return None
    return _Engine(path, version[1], tuple(_ask(path, "--list-langs").split("\n")[1:]))


def _ask(path: str, question: str) -> str:
    try:
        done = subprocess.run(
            [path, question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_QUERY_TIMEOUT_S,
            check=False,
            env=_ENVIRONMENT,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr).decode("utf-8", errors="replace").strip()


def recognise(image: bytes, name: str, settings: LoadSettings, *, pages: int = 1, dpi: int = 0) -> list[PageText]:
    """The text of each page of `image` (PNG, JPEG, TIFF or binary PGM), lines and paragraphs as tesseract sees them.

    `dpi` is the resolution, 0 where the image itself may know it: then boxes are in pixels. `pages` multiplies the time
    that is allowed, up to that of a file.
    Raises OcrAbsentError, OcrLanguageError, OcrFailedError or OcrTimeoutError; `name` is what they call the image.
    """
    if not image.startswith(_MAGIC):
        raise OcrFailedError(name, "it does not begin like an image")
    engine = _engine()
    if engine is None:
        raise OcrAbsentError(name)
    # The program must not outlive this process, which is ended when a file takes too long.
    timeout_s = min(settings.ocr_timeout_s * max(pages, 1), settings.ocr_file_timeout_s)
    try:
        done = subprocess.run(
            _command(engine, settings, dpi),
            input=image,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=_ENVIRONMENT,
        )
    except subprocess.TimeoutExpired as error:
        raise OcrTimeoutError(name, timeout_s) from error
    except OSError as error:
        raise OcrFailedError(name, error.strerror or str(error)) from error
    if done.returncode:
        raise OcrFailedError(name, _complaint(done.stderr, done.returncode))
    return _read_tsv(done.stdout.decode("utf-8", errors="replace"), dpi)


def doubt(number: int, page: PageText) -> str:
    """What a reader should know of a page that was hard to recognise; empty for any other."""
    confidence = page.ocr_confidence
    if confidence is None or confidence >= _LOW_CONFIDENCE:
        return ""
    return f"page {number} was hard to recognise (confidence {confidence:.2f})"


def _command(engine: _Engine, settings: LoadSettings, dpi: int) -> list[str]:
    for language in settings.ocr_languages:
        if language not in engine.languages or not _LANGUAGE.fullmatch(language):
            raise OcrLanguageError(language, engine.languages)
    mode = _TURNED if "osd" in engine.languages else _UPRIGHT
    command = [engine.path, "stdin", "stdout", "--psm", mode, "-c", "tessedit_create_tsv=1"]
    if settings.ocr_languages:
        command += ["-l", "+".join(settings.ocr_languages)]
    return [*command, "--dpi", str(dpi)] if dpi else command


def _complaint(stderr: bytes, code: int) -> str:
    lines = [line for line in stderr.decode("utf-8", errors="replace").splitlines() if line.strip()]
    return lines[0][:200] if lines else f"tesseract ended with status {code}"


@dataclass(slots=True)
class _Words:
    """The words of one page in reading order, each with its line and paragraph. `scale` makes points of pixels."""

    scale: float
    text: list[str] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    _place: tuple[str, ...] = ()
    _length: int = 0

    def add(self, row: list[str]) -> None:
        word = clean(row[_TEXT]).strip()
        if not word:
            return
        place = (row[_BLOCK], row[_PARAGRAPH], row[_LINE])
        same_line = place == self._place
        if self._place:
            same_paragraph = place[:2] == self._place[:2]
            self._append(" " if same_line else "\n" if same_paragraph else "\n\n")
        self._place = place
        box = self._box(row, len(word))
        self.boxes.append(self.boxes.pop().joined(box) if same_line else box)
        self._append(word)
        self.confidences.append(float(row[_CONFIDENCE]) / 100)

    def _append(self, text: str) -> None:
        self.text.append(text)
        self._length += len(text)

    def _box(self, row: list[str], length: int) -> Box:
        left, top, width, height = (int(row[column]) for column in (_LEFT, _TOP, _WIDTH, _HEIGHT))
        sides = (round(side * self.scale, 1) for side in (left, top, left + width, top + height))
        return Box(self._length, self._length + length, 1, *sides)

    def page(self) -> PageText:
        if not self.confidences:
            return PageText("")
        confidence = round(min(max(fmean(self.confidences), 0.0), 1.0), 4)
        return PageText("".join(self.text), confidence, boxes=tuple(self.boxes))


def _read_tsv(table: str, dpi: int) -> list[PageText]:
    scale = _POINTS_PER_INCH / dpi if dpi else 1.0
    pages: list[_Words] = []
    for line in table.split("\n"):
        row = line.split("\t", _COLUMNS - 1)
        if len(row) < _COLUMNS:
            continue
        if row[_LEVEL] == _PAGE_ROW:
            pages.append(_Words(scale))
        elif row[_LEVEL] == _WORD_ROW and pages:
            pages[-1].add(row)
    return [page.page() for page in pages]
