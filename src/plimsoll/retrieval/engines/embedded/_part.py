"""A part: the chunks of some documents in the form in which they are searched, never changed once it is written.

    documents.records   a document's record for each, see `DocumentInfo`
    text.utf8           the texts of all documents
    rows                one `ROW` for each chunk
    notes.records       headings and context of each chunk
    vectors             float32, a row for each chunk
    signs               short forms of the vectors, see `_codes`
    bytes, scales       and longer ones
    keys                16 bytes for each document: what it is, with its vectors
    columns             see `_columns`
    text.*, head.*      see `_postings`
    complete.json       written last

The row of a chunk is its place in the part; a document's rows lie together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..._records import BoxRecord, ChunkRecord, DocumentRecord, PageRecord, document_record, indexed_document
from ..._types import IndexedDocument, MetadataValue
from ..._words import WORDS_FORMAT, words
from ._codes import Bytes, Signs, to_bytes, to_signs
from ._columns import Columns, ColumnWriter
from ._files import Records, flush, map_array, write_array, write_records
from ._postings import Postings, PostingsWriter

PART_FORMAT = f"3.{WORDS_FORMAT}"

KEY_BYTES = 16
MOST_ROWS = 262_144
"""Of one part, so that writing it needs little memory (a document with more is a part by itself). Fewer would make
searches slower, which ask each part."""

COMPLETE = "complete.json"
_VECTOR = np.dtype("<f4")
_LAST_OF_WIDTH = (0x7F, 0x7FF, 0xFFFF)
"""The last characters that take one, two and three bytes in UTF-8."""
ROW = np.dtype(
    [
        ("document", "<u4"), ("ordinal", "<u4"), ("start", "<u4"), ("end", "<u4"), ("page", "<u4"),
        ("parent_start", "<u4"), ("parent_end", "<u4"), ("first_byte", "<u8"), ("last_byte", "<u8"),
    ]
)  # fmt: skip


class DocumentInfo(msgspec.Struct, array_like=True, frozen=True):
    """A document without its text and chunks."""

    path: str
    digest: str
    title: str
    media_type: str
    language: str
    metadata: dict[str, MetadataValue]
    access: tuple[str, ...]
    pages: msgspec.Raw
    """Written, since a search does not need them and a long document has thousands of lines."""
    boxes: msgspec.Raw
    first_byte: int
    last_byte: int
    first_row: int
    rows: int


class _Note(msgspec.Struct, array_like=True, frozen=True, gc=False):
    headings: tuple[str, ...]
    context: str


class _Complete(msgspec.Struct):
    format: str
    sizes: dict[str, int]


def document_key(document: IndexedDocument, vectors: NDArray[np.float32]) -> bytes:
    """What a document is, with its vectors, in 16 bytes: parts hold the same document for as long as this is equal."""
    hashed = blake2b(msgspec.msgpack.encode(document_record(document)), digest_size=KEY_BYTES)
    hashed.update(np.ascontiguousarray(vectors, _VECTOR).tobytes())
    return hashed.digest()


class PartWriter:
    """Writes one part into an empty folder, document after document."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._text: BinaryIO = (folder / "text.utf8").open("wb")
        self._vectors: BinaryIO = (folder / "vectors").open("wb")
        self._numbers: BinaryIO = (folder / "bytes").open("wb")
        self._bytes = 0
        self._infos: list[bytes] = []
        self._rows: list[NDArray[np.void]] = []
        self._notes: list[bytes] = []
        self._signs: list[NDArray[np.uint64]] = []
        self._scales: list[NDArray[np.float32]] = []
        self.keys: list[bytes] = []
        self._columns = ColumnWriter()
        self._words, self._heads = PostingsWriter(), PostingsWriter()
        self.row_count = 0

    def add(self, document: IndexedDocument, vectors: NDArray[np.float32], key: bytes) -> None:
        """The next document, with a vector for each chunk."""
        text, record = document.text.encode(), document_record(document)
        info = DocumentInfo(
            path=document.path,
            digest=document.digest,
            title=document.title,
            media_type=document.media_type,
            language=document.language,
            metadata=record.metadata,
            access=record.access,
            pages=msgspec.Raw(msgspec.msgpack.encode(record.pages)),
            boxes=msgspec.Raw(msgspec.msgpack.encode(record.boxes)),
            first_byte=self._bytes,
            last_byte=self._bytes + len(text),
            first_row=self.row_count,
            rows=len(document.chunks),
        )
        self._infos.append(msgspec.msgpack.encode(info))
        self._rows.append(_rows(document, len(self.keys), self._bytes))
        self._notes += [msgspec.msgpack.encode(_Note(chunk.headings, chunk.context)) for chunk in document.chunks]
        self._add_words(document)
        self._text.write(text)
        self._vectors.write(np.ascontiguousarray(vectors, _VECTOR).tobytes())
        short = to_bytes(vectors)
        self._numbers.write(short.numbers.tobytes())
        self._scales.append(short.scales)
        self._signs.append(to_signs(vectors))
        self._columns.add(document)
        self.keys.append(key)
        self._bytes += len(text)
        self.row_count += len(document.chunks)

    def _add_words(self, document: IndexedDocument) -> None:
        last, known = None, words("")
        for head, chunk in zip(document.heads(), document.chunks, strict=True):
            if head != last:
                last, known = head, words(head)
            self._heads.add(known)
            self._words.add(words(chunk.text))

    def finish(self) -> None:
        """Write everything to the disk."""
        self.close()
        folder = self._folder
        write_records(folder / "documents.records", self._infos)
        write_array(folder / "rows", np.concatenate(self._rows) if self._rows else np.empty(0, ROW))
        write_records(folder / "notes.records", self._notes)
        signs = np.concatenate(self._signs) if self._signs else np.empty((0, 1), np.uint64)
        write_array(folder / "signs", signs.T)
        write_array(
            folder / "scales", np.concatenate(self._scales).astype("<f4") if self._scales else np.empty(0, "<f4")
        )
        (folder / "keys").write_bytes(b"".join(self.keys))
        self._columns.write(folder / "columns")
        self._words.write(folder, "text")
        self._heads.write(folder, "head")
        sizes = file_sizes(folder)
        (folder / COMPLETE).write_bytes(msgspec.json.encode(_Complete(PART_FORMAT, sizes)))
        for name in (*sizes, COMPLETE, "."):
            flush(folder / name)

    def close(self) -> None:
        """Let go of the files, also of a part that was not finished."""
        for file in (self._text, self._vectors, self._numbers):
            file.close()


def file_sizes(folder: Path) -> dict[str, int]:
    """Size of every file of a part but the last one."""
    return {path.name: path.stat().st_size for path in folder.iterdir() if path.name != COMPLETE}


def _rows(document: IndexedDocument, number: int, first_byte: int) -> NDArray[np.void]:
    rows = np.zeros(len(document.chunks), ROW)
    rows["document"] = number
    for name in ("ordinal", "start", "end", "page"):
        rows[name] = [getattr(chunk, name) for chunk in document.chunks]
    parents = [chunk.parent or (chunk.start, chunk.end) for chunk in document.chunks]
    rows["parent_start"], rows["parent_end"] = zip(*parents, strict=True) if parents else ((), ())
    rows["first_byte"] = first_byte + _bytes_before(document.text, rows["start"])
    rows["last_byte"] = first_byte + _bytes_before(document.text, rows["end"])
    return rows


def _bytes_before(text: str, places: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """How many bytes stand before some characters, in UTF-8."""
    if text.isascii():
        return places.astype(np.uint64)
    points = np.frombuffer(text.encode("utf-32-le"), "<u4")
    widths = 1 + sum((points > last).astype(np.uint8) for last in _LAST_OF_WIDTH)
    ends = np.concatenate([[0], np.cumsum(widths, dtype=np.uint64)])
    return ends[places].astype(np.uint64)


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A row and what belongs to it."""

    row: np.void
    headings: tuple[str, ...]
    context: str
    text: str


class Part:
    """A part that is open."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.rows: NDArray[np.void] = map_array(folder / "rows", ROW)  # type: ignore[assignment]
        self.keys = (folder / "keys").read_bytes()
        vectors: NDArray[np.float32] = map_array(folder / "vectors", _VECTOR)  # type: ignore[assignment]
        self.vectors = vectors.reshape(len(self.rows), dimension)
        signs: NDArray[np.uint64] = map_array(folder / "signs", "<u8")  # type: ignore[assignment]
        self.signs: Signs = signs.reshape(-1, len(self.rows)) if len(self.rows) else signs.reshape(1, 0)
        numbers: NDArray[np.int8] = map_array(folder / "bytes", np.int8)  # type: ignore[assignment]
        scales: NDArray[np.float32] = map_array(folder / "scales", "<f4")  # type: ignore[assignment]
        self.bytes = Bytes(numbers.reshape(len(self.rows), dimension), scales)
        self.columns = Columns(folder / "columns")
        self.fields = {name: Postings(folder, name) for name in ("text", "head")}
        self._documents = Records(folder / "documents.records")
        self._notes = Records(folder / "notes.records")
        self._text: NDArray[np.uint8] = map_array(folder / "text.utf8", np.uint8)  # type: ignore[assignment]

    @property
    def document_count(self) -> int:
        """Number of documents, living and dead."""
        return len(self._documents)

    @property
    def names(self) -> NDArray[np.uint64]:
        """For each document a number that belongs to it, in whatever part it lies."""
        return np.frombuffer(self.keys, "<u8")[:: KEY_BYTES // 8]

    def row_counts(self) -> NDArray[np.int64]:
        """How many chunks each document has."""
        return np.bincount(self.rows["document"], minlength=self.document_count)

    def info(self, document: int) -> DocumentInfo:
        """A document without its text."""
        return msgspec.msgpack.decode(self._documents[document], type=DocumentInfo)

    def text(self, first_byte: int, last_byte: int) -> str:
        """A stretch of the texts of all documents."""
        return self._text[first_byte:last_byte].tobytes().decode()

    def chunk(self, row: int) -> StoredChunk:
        """Everything about one chunk."""
        found = self.rows[row]
        note = msgspec.msgpack.decode(self._notes[row], type=_Note)
        text = self.text(int(found["first_byte"]), int(found["last_byte"]))
        return StoredChunk(found, note.headings, note.context, text)

    def documents(self, numbers: Sequence[int]) -> Iterator[tuple[IndexedDocument, NDArray[np.float32], bytes]]:
        """Some documents as they were added, with their vectors and keys."""
        for number in numbers:
            info = self.info(number)
            chunks = tuple(self._chunk_records(info))
            record = DocumentRecord(
                path=info.path,
                digest=info.digest,
                title=info.title,
                media_type=info.media_type,
                text=self.text(info.first_byte, info.last_byte),
                pages=msgspec.msgpack.decode(info.pages, type=tuple[PageRecord, ...]),
                chunks=chunks,
                language=info.language,
                metadata=info.metadata,
                access=info.access,
                boxes=msgspec.msgpack.decode(info.boxes, type=tuple[BoxRecord, ...]),
            )
            vectors = self.vectors[info.first_row : info.first_row + info.rows]
            yield indexed_document(record), vectors, self.key(number)

    def key(self, document: int) -> bytes:
        """What a document is."""
        return self.keys[document * KEY_BYTES : (document + 1) * KEY_BYTES]

    def _chunk_records(self, info: DocumentInfo) -> Iterator[ChunkRecord]:
        for number in range(info.first_row, info.first_row + info.rows):
            row = self.rows[number]
            note = msgspec.msgpack.decode(self._notes[number], type=_Note)
            own = (int(row["start"]), int(row["end"]))
            parent = (int(row["parent_start"]), int(row["parent_end"]))
            kept = None if parent == own else parent
            yield ChunkRecord(*own, int(row["page"]), note.headings, kept, note.context)


def open_part(folder: Path, dimension: int) -> Part | None:
    """The part in a folder; None when it is missing, unfinished, of another format, or damaged."""
    try:
        complete = msgspec.json.decode((folder / COMPLETE).read_bytes(), type=_Complete)
        if complete.format != PART_FORMAT or file_sizes(folder) != complete.sizes:
            return None
        return Part(folder, dimension)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # msgspec's errors are ValueErrors too
        return None
