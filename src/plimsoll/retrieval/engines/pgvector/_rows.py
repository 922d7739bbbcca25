"""Documents as rows of tables."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..._segments import Segment
from ..._types import Found, IndexedDocument, MetadataValue
from ..._words import WORDS_FORMAT, words
from .._documents import chunk_id, fields_of, for_everybody, group_hashes
from .._joined import key_number
from .._store import ChunkRow, DocumentRow
from ..embedded._part import document_key
from ..embedded._postings import term_hash
from ._filter import json_of

ROWS_FORMAT = f"1.{WORDS_FORMAT}"
"""Goes up whenever the same segments would give other rows; part of the name of the schema."""
_SIGN = 1 << 63


class Info(msgspec.Struct, array_like=True, frozen=True):
    """A document without its text."""

    path: str
    digest: str
    title: str
    language: str
    metadata: dict[str, MetadataValue]


class Note(msgspec.Struct, array_like=True, frozen=True):
    """A chunk without its text."""

    start: int
    end: int
    page: int
    headings: tuple[str, ...]
    parent: tuple[int, int] | None
    context: str


def rows_of(segment: Segment) -> Iterator[DocumentRow]:
    """The documents of a segment that have chunks."""
    first = 0
    for document in segment.documents:
        vectors = segment.vectors[first : first + len(document.chunks)]
        first += len(document.chunks)
        if document.chunks:
            yield _row(document, vectors)


def signed_hash(word: str) -> int:
    """The number by which a word is known, as a signed one of 64 bits."""
    return term_hash(word) - _SIGN


def found(ordinal: int, note: bytes, info: bytes, body: bytes) -> Found:
    """A chunk as an index gives it back."""
    chunk, document = msgspec.msgpack.decode(note, type=Note), msgspec.msgpack.decode(info, type=Info)
    return Found(
        id=chunk_id(document.digest, chunk.start, chunk.end),
        document=document.path,
        title=document.title,
        page=chunk.page,
        ordinal=ordinal,
        start=chunk.start,
        end=chunk.end,
        text=body.decode(),
        headings=chunk.headings,
        parent=chunk.parent,
        context=chunk.context,
        language=document.language,
        metadata=document.metadata,
    )


def _row(document: IndexedDocument, vectors: NDArray[np.float32]) -> DocumentRow:
    key = document_key(document, vectors)
    info = Info(document.path, document.digest, document.title, document.language, dict(document.metadata))
    fields = ", ".join(f"{json.dumps(name)}: {json_of(value)}" for name, value in fields_of(document).items())
    return DocumentRow(
        key=key,
        place=key_number(key.hex()) - _SIGN,
        info=msgspec.msgpack.encode(info),
        body=document.text.encode(),
        everybody=for_everybody(document),
        access=group_hashes(document.access),
        fields=f"{{{fields}}}",
        chunks=tuple(_chunk_rows(document, vectors)),
    )


def _chunk_rows(document: IndexedDocument, vectors: NDArray[np.float32]) -> Iterator[ChunkRow]:
    last, above = None, _counted("")
    for chunk, head, vector in zip(document.chunks, document.heads(), vectors, strict=True):
        if head != last:
            last, above = head, _counted(head)
        note = Note(chunk.start, chunk.end, chunk.page, chunk.headings, chunk.parent, chunk.context)
        yield ChunkRow(
            ordinal=chunk.ordinal,
            note=msgspec.msgpack.encode(note),
            first_byte=len(document.text[: chunk.start].encode()),
            bytes=len(chunk.text.encode()),
            vector=vector,
            in_text=_counted(chunk.text),
            in_head=above,
        )


def _counted(text: str) -> Mapping[int, int]:
    return Counter(map(signed_hash, words(text)))
