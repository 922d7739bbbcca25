"""The bytes in which a document is kept in a cache: JSON, read back identically."""

from typing import NamedTuple

import msgspec

from ._errors import StoredDocumentError
from ._types import Box, Document, Heading, Page


class _Page(NamedTuple):
    number: int
    start: int
    end: int
    ocr_confidence: float | None


class _Heading(NamedTuple):
    level: int
    start: int
    end: int


class _Box(NamedTuple):
    start: int
    end: int
    page: int
    left: float
    top: float
    right: float
    bottom: float


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document on the wire. Its spans are arrays and not objects: a long document has many thousands of lines."""

    title: str
    text: str
    media_type: str
    pages: tuple[_Page, ...]
    notes: tuple[str, ...]
    incomplete: bool
    language: str
    headings: tuple[_Heading, ...]
    boxes: tuple[_Box, ...]
    metadata: dict[str, str | int | float | bool]


def encode_document(document: Document) -> bytes:
    """The document as JSON (UTF-8)."""
    return msgspec.json.encode(
        _Stored(
            title=document.title,
            text=document.text,
            media_type=document.media_type,
            pages=tuple(_Page(page.number, page.start, page.end, page.ocr_confidence) for page in document.pages),
            notes=document.notes,
            incomplete=document.incomplete,
            language=document.language,
            headings=tuple(_Heading(heading.level, heading.start, heading.end) for heading in document.headings),
            boxes=tuple(
                _Box(box.start, box.end, box.page, box.left, box.top, box.right, box.bottom) for box in document.boxes
            ),
            metadata=dict(document.metadata),
        )
    )


def decode_document(data: bytes) -> Document:
    """The document that `encode_document` turned into `data`.

    Raises StoredDocumentError (an IntegrityError) when these bytes are no such document.
    """
    try:
        stored = msgspec.json.decode(data, type=_Stored)
        return Document(
            title=stored.title,
            text=stored.text,
            media_type=stored.media_type,
            pages=tuple(Page(*page) for page in stored.pages),
            notes=stored.notes,
            incomplete=stored.incomplete,
            language=stored.language,
            headings=tuple(Heading(*heading) for heading in stored.headings),
            boxes=tuple(Box(*box) for box in stored.boxes),
            metadata=stored.metadata,
        )
    except (msgspec.MsgspecError, ValueError) as error:
        raise StoredDocumentError(str(error)) from error
