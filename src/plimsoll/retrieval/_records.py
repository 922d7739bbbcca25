"""How a document of an index is written down: its text once, and everything else as places in it."""

import msgspec

from plimsoll.documents import Box, Page

from ._types import Chunk, IndexedDocument, MetadataValue


class ChunkRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A chunk without its text."""

    start: int
    end: int
    page: int
    headings: tuple[str, ...] = ()
    parent: tuple[int, int] | None = None
    context: str = ""


class PageRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A page of the document."""

    number: int
    start: int
    end: int
    ocr_confidence: float | None = None


class BoxRecord(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of text and its place on a page."""

    start: int
    end: int
    page: int
    left: float
    top: float
    right: float
    bottom: float


class DocumentRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A document with its chunks."""

    path: str
    digest: str
    title: str
    media_type: str
    text: str
    pages: tuple[PageRecord, ...]
    chunks: tuple[ChunkRecord, ...]
    language: str
    metadata: dict[str, MetadataValue]
    access: tuple[str, ...]
    boxes: tuple[BoxRecord, ...]


def document_record(document: IndexedDocument) -> DocumentRecord:
    """The record of a document; equal documents have equal records."""
    return DocumentRecord(
        path=document.path,
        digest=document.digest,
        title=document.title,
        media_type=document.media_type,
        text=document.text,
        pages=tuple(PageRecord(page.number, page.start, page.end, page.ocr_confidence) for page in document.pages),
        chunks=tuple(
            ChunkRecord(chunk.start, chunk.end, chunk.page, chunk.headings, chunk.parent, chunk.context)
            for chunk in document.chunks
        ),
        language=document.language,
        metadata={name: document.metadata[name] for name in sorted(document.metadata)},
        access=tuple(sorted(set(document.access))),
        boxes=tuple(
            BoxRecord(box.start, box.end, box.page, box.left, box.top, box.right, box.bottom) for box in document.boxes
        ),
    )


def indexed_document(record: DocumentRecord) -> IndexedDocument:
    """The document of a record. Raises ValueError for a chunk outside the text."""
    text = record.text
    if any(not 0 <= chunk.start <= chunk.end <= len(text) for chunk in record.chunks):
        msg = f"a chunk of {record.path!r} lies outside its {len(text)} characters"
        raise ValueError(msg)
    return IndexedDocument(
        path=record.path,
        digest=record.digest,
        title=record.title,
        media_type=record.media_type,
        text=text,
        pages=tuple(Page(page.number, page.start, page.end, page.ocr_confidence) for page in record.pages),
        chunks=tuple(
            Chunk(
                ordinal,
                chunk.start,
                chunk.end,
                chunk.page,
                text[chunk.start : chunk.end],
                headings=chunk.headings,
                parent=chunk.parent,
                context=chunk.context,
            )
            for ordinal, chunk in enumerate(record.chunks)
        ),
        language=record.language,
        metadata=record.metadata,
        access=record.access,
        boxes=tuple(
            Box(box.start, box.end, box.page, box.left, box.top, box.right, box.bottom) for box in record.boxes
        ),
    )
