"""Which loader reads a file: by its suffix, and its first bytes must not say otherwise."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from ._errors import BrokenFileError, NotTextError, OldOfficeError, UnsupportedError, WrongSuffixError

Loader = Literal[
    "csv", "docx", "email", "html", "image", "json", "markdown", "pdf", "pptx", "text", "xlsx"
]  # fmt: skip
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
_PPTX = Kind("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation")
_XLSX = Kind("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_EMAIL = Kind("email", "message/rfc822")
_CSV = Kind("csv", "text/csv")
_TSV = Kind("csv", "text/tab-separated-values")
_JSON = Kind("json", "application/json")
_JSON_LINES = Kind("json", "application/jsonl")
_PNG = Kind("image", "image/png")
_JPEG = Kind("image", "image/jpeg")
_TIFF = Kind("image", "image/tiff")

_KINDS = {
    ".csv": _CSV,
    ".docm": _DOCX,
    ".docx": _DOCX,
    ".eml": _EMAIL,
    ".htm": _HTML,
    ".html": _HTML,
    ".jpeg": _JPEG,
    ".jpg": _JPEG,
    ".json": _JSON,
    ".jsonl": _JSON_LINES,
    ".markdown": _MARKDOWN,
    ".md": _MARKDOWN,
    ".ndjson": _JSON_LINES,
    ".pdf": _PDF,
    ".png": _PNG,
    ".pptm": _PPTX,
    ".pptx": _PPTX,
    ".text": _TEXT,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".tsv": _TSV,
    ".txt": _TEXT,
    ".xlsm": _XLSX,
    ".xlsx": _XLSX,
}
_SUFFIXES_BY_TYPE = {kind.media_type: suffix for suffix, kind in reversed(_KINDS.items())}

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
_LABELS = {"pdf": "PDF", "docx": "DOCX", "pptx": "PPTX", "xlsx": "XLSX", "image": "image"}
_OFFICE = {_DOCX, _PPTX, _XLSX}
_NO_MARK: frozenset[Loader] = frozenset({"csv", "email", "html", "json", "markdown", "text"})
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def supported_suffixes() -> tuple[str, ...]:
    """The file suffixes that can be loaded, in lower case with their dot."""
    return tuple(_KINDS)


def kind_by_name(name: str) -> Kind | None:
    """The kind that the suffix of `name` stands for, in any case; None for one that cannot be loaded."""
    return _KINDS.get(PurePosixPath(name).suffix.lower())


def suffix_of_type(media_type: str) -> str:
    """The suffix that stands for a media type, with its dot; empty for a type that cannot be loaded."""
    return _SUFFIXES_BY_TYPE.get(media_type.lower(), "")


def kind_of(data: bytes, name: str) -> Kind:
    """The kind by suffix, when the first bytes do not say otherwise. An image may have the suffix of another image.

    Which loader reads a name must not depend on its bytes: the loader's version is part of the cache key, and that key
    is made from the name. So a PDF named `.txt` is an error that says how to rename it.

    Raises UnsupportedError, WrongSuffixError, BrokenFileError, NotTextError or OldOfficeError.
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
    if kind.loader in _NO_MARK:
        if is_zip or is_ole:
            raise NotTextError(name)
    elif kind in _OFFICE and is_ole:
        raise OldOfficeError(name)
    elif not ((kind in _OFFICE and is_zip) or (kind == _PDF and _PDF_HEADER.match(data))):
        if _WEB_PAGE.match(data):
            raise WrongSuffixError(name, found="a web page", suffix=".html")
        raise BrokenFileError(name, kind=_LABELS[kind.loader], reason="it does not begin like one")
