"""Which loader reads a file: by its suffix, and its first bytes must not say otherwise."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from ._errors import BrokenFileError, NotTextError, OldWordError, UnsupportedError, WrongSuffixError

Loader = Literal["text", "markdown", "html", "pdf", "docx", "image"]
"""The modules in `loaders/`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: who reads it, and its media type (IANA)."""

    loader: Loader
    media_type: str


_TEXT = Kind("text", "text/plain")
_MARKDOWN = Kind("markdown", "text/markdown")
_HTML = Kind("html", "text/html")
_PDF = Kind("pdf", "application/pdf")
_DOCX = Kind("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
_PNG = Kind("image", "image/png")
_JPEG = Kind("image", "image/jpeg")
_TIFF = Kind("image", "image/tiff")

_KINDS = {
    ".docx": _DOCX,
    ".htm": _HTML,
    ".html": _HTML,
    ".jpeg": _JPEG,
    ".jpg": _JPEG,
    ".markdown": _MARKDOWN,
    ".md": _MARKDOWN,
    ".pdf": _PDF,
    ".png": _PNG,
    ".text": _TEXT,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".txt": _TEXT,
}

# PDF readers accept anything before the header as long as it begins within the first 1,024 bytes.
_PDF_HEADER = re.compile(rb"(?s).{0,1019}%PDF-")
_MAGIC = (
    (b"%PDF-", "a PDF", ".pdf", _PDF),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", ".png", _PNG),
    (b"\xff\xd8\xff", "a JPEG image", ".jpg", _JPEG),
    (b"II*\x00", "a TIFF image", ".tif", _TIFF),
    (b"MM\x00*", "a TIFF image", ".tif", _TIFF),
)
_WEB_PAGE = re.compile(rb"(?i)\s{0,256}<(?:!doctype\s+html|html)\b")
_LABELS = {"pdf": "PDF", "docx": "DOCX", "image": "image"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def supported_suffixes() -> tuple[str, ...]:
    """The file suffixes that can be loaded, in lower case with their dot."""
    return tuple(_KINDS)


def kind_by_name(name: str) -> Kind | None:
    """The kind that the suffix of `name` stands for, in any case; None for one that cannot be loaded."""
    return _KINDS.get(PurePosixPath(name).suffix.lower())


def kind_of(data: bytes, name: str) -> Kind:
    """The kind by suffix, when the first bytes do not say otherwise. An image may have the suffix of another image.

    Which loader reads a name must not depend on its bytes: the loader's version is part of the cache key, and that key
    is made from the name. So a PDF named `.txt` is an error that says how to rename it.

    Raises UnsupportedError, WrongSuffixError, BrokenFileError, NotTextError or OldWordError.
    """
    kind = kind_by_name(name)
    if kind is None:
        raise UnsupportedError(name, supported_suffixes())
    for magic, found, suffix, actual in _MAGIC:
        if data.startswith(magic):
            if actual.loader != kind.loader:
                raise WrongSuffixError(name, found=found, suffix=suffix)
            return actual
    _refuse_other(data, name, kind)
    return kind


def _refuse_other(data: bytes, name: str, kind: Kind) -> None:
    """Complain about bytes without a known mark although their kind has one, and about containers that are no text."""
    is_zip, is_ole = data.startswith(_ZIP), data.startswith(_OLE)
    if kind.loader in {"text", "markdown", "html"}:
        if is_zip or is_ole:
            raise NotTextError(name)
    elif kind == _DOCX and is_ole:
        raise OldWordError(name)
    elif not ((kind == _DOCX and is_zip) or (kind == _PDF and _PDF_HEADER.match(data))):
        if _WEB_PAGE.match(data):
            raise WrongSuffixError(name, found="a web page", suffix=".html")
        raise BrokenFileError(name, kind=_LABELS[kind.loader], reason="it does not begin like one")
