"""A part: the chunks of some documents in the form in which they are searched, never changed once it is written.

    documents.records   a document's record for each, see `DocumentInfo`
    layouts.records     and where its pages and lines are
    firsts              the first row of each document
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
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..._records import BoxRecord, ChunkRecord, DocumentRecord, PageRecord, document_record, indexed_document
from ..._types import IndexedDocument, MetadataValue
from ..._words import WORDS_FORMAT, words
from ._codes import Bytes, Signs, to_bytes, to_signs
from ._columns import Columns, ColumnWriter, Documents
from ._files import Records, Stretches, Vectors, flush, map_array, write_array, write_records
from ._postings import Postings, PostingsWriter

PART_FORMAT = f"4.{WORDS_FORMAT}"

KEY_BYTES = 16
MOST_ROWS = 262_144
"""Of one part, so that writing it needs little memory (a document with more is a part by itself). Fewer would make
searches slower, which ask each part."""

COMPLETE = "complete.json"
_SECOND = 10**9
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
    """A document without its text, chunks and layout."""

    path: str
    digest: str
    title: str
    media_type: str
    language: str
    metadata: dict[str, MetadataValue]
    access: tuple[str, ...]
    first_byte: int
    last_byte: int
    first_row: int
    rows: int


class _Layout(msgspec.Struct, array_like=True, frozen=True):
    """Apart, since a search does not need it and a long document has thousands of lines."""

    pages: tuple[PageRecord, ...]
    boxes: tuple[BoxRecord, ...]


class _Note(msgspec.Struct, array_like=True, frozen=True, gc=False):
    headings: tuple[str, ...]
    context: str


class _File(msgspec.Struct, array_like=True):
    """How large a file is, and when it was written, in nanoseconds."""

    size: int
    written: int

    def fits(self, now: "_File") -> bool:
        """Whether the file is as it was. A copy may know only the second in which it was written."""
        same = self.written == now.written or (
            now.written % _SECOND == 0 and self.written // _SECOND == now.written // _SECOND
        )
        return self.size == now.size and same


class _Complete(msgspec.Struct):
    format: str
    files: dict[str, _File]


_INFOS = msgspec.msgpack.Decoder(DocumentInfo)
_NOTES = msgspec.msgpack.Decoder(_Note)
_LAYOUTS = msgspec.msgpack.Decoder(_Layout)


def document_key(document: IndexedDocument, vectors: NDArray[np.float32]) -> bytes:
    """What a document is, with its vectors, in 16 bytes: parts hold the same document for as long as this is equal."""
    hashed = blake2b(msgspec.msgpack.encode(document_record(document)), digest_size=KEY_BYTES)
    hashed.update(np.ascontiguousarray(vectors, _VECTOR).tobytes())
    return hashed.digest()


class PartWriter:
    """Writes one part into an empty folder, document after document."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with ExitStack() as files:
            self._text: BinaryIO = files.enter_context((folder / "text.utf8").open("wb"))
            self._vectors: BinaryIO = files.enter_context((folder / "vectors").open("wb"))
            self._numbers: BinaryIO = files.enter_context((folder / "bytes").open("wb"))
            self._files = files.pop_all()
        self._bytes = 0
        self._infos: list[bytes] = []
        self._layouts: list[bytes] = []
        self._firsts: list[int] = []
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
            first_byte=self._bytes,
            last_byte=self._bytes + len(text),
            first_row=self.row_count,
            rows=len(document.chunks),
        )
        self._infos.append(msgspec.msgpack.encode(info))
        self._layouts.append(msgspec.msgpack.encode(_Layout(record.pages, record.boxes)))
        self._firsts.append(self.row_count)
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
        write_records(folder / "layouts.records", self._layouts)
        write_array(folder / "firsts", np.array(self._firsts, "<u4"))
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
        files = _files(folder)
        for name in files:
            flush(folder / name)
        (folder / COMPLETE).write_bytes(msgspec.json.encode(_Complete(PART_FORMAT, files)))
        for name in (COMPLETE, "."):
            flush(folder / name)

    def close(self) -> None:
        """Let go of the files, also of a part that was not finished; of all of them, whatever one says."""
        self._files.close()


def _files(folder: Path) -> dict[str, _File]:
    """Every file of a part but the last one."""
    found = ((path.name, path.stat()) for path in folder.iterdir() if path.name != COMPLETE)
    return {name: _File(stat.st_size, stat.st_mtime_ns) for name, stat in found}


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


class Row(NamedTuple):
    """One `ROW`."""

    document: int
    ordinal: int
    start: int
    end: int
    page: int
    parent_start: int
    parent_end: int
    first_byte: int
    last_byte: int


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A row and what belongs to it."""

    row: Row
    headings: tuple[str, ...]
    context: str
    text: str


class Part:
    """A part that is open."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self._folder = folder
        self.rows: NDArray[np.void] = map_array(folder / "rows", ROW)  # type: ignore[assignment]
        self.keys = (folder / "keys").read_bytes()
        self.vectors = Vectors(folder / "vectors", dimension)
        if len(self.vectors.all) != len(self.rows):
            raise ValueError(folder)
        signs: NDArray[np.uint64] = map_array(folder / "signs", "<u8")  # type: ignore[assignment]
        self.signs: Signs = signs.reshape(-1, len(self.rows)) if len(self.rows) else signs.reshape(1, 0)
        numbers: NDArray[np.int8] = map_array(folder / "bytes", np.int8)  # type: ignore[assignment]
        scales: NDArray[np.float32] = map_array(folder / "scales", "<f4")  # type: ignore[assignment]
        self.bytes = Bytes(numbers.reshape(len(self.rows), dimension), scales)
        self.columns = Columns(folder / "columns")
        self.fields = {name: Postings(folder, name) for name in ("text", "head")}
        firsts: NDArray[np.uint32] = map_array(folder / "firsts", "<u4")  # type: ignore[assignment]
        bounds = np.append(firsts, len(self.rows)).astype(np.int64)
        self._row_counts = bounds[1:] - bounds[:-1]
        self._documents = Records(folder / "documents.records")
        self._notes = Records(folder / "notes.records")
        self._text = Stretches(folder / "text.utf8")

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
        return self._row_counts

    def rows_of(self, documents: Documents) -> NDArray[np.bool_]:
        """For each row what is true of its document."""
        return np.repeat(documents, self._row_counts)

    def info(self, document: int) -> DocumentInfo:
        """A document without its text."""
        return _INFOS.decode(self._documents[document])

    def text(self, first_byte: int, last_byte: int) -> str:
        """A stretch of the texts of all documents."""
        return self._text.read(first_byte, last_byte).decode()

    def chunks(self, numbers: NDArray[np.int64]) -> Iterator[StoredChunk]:
        """Everything about the chunks of some rows."""
        for number, fields in zip(numbers.tolist(), self.rows[numbers].tolist(), strict=True):
            row = Row._make(fields)
            note = _NOTES.decode(self._notes[number])
            yield StoredChunk(row, note.headings, note.context, self.text(row.first_byte, row.last_byte))

    def documents(self, numbers: Sequence[int]) -> Iterator[tuple[IndexedDocument, NDArray[np.float32], bytes]]:
        """Some documents as they were added, with their vectors and keys. Only while nobody removes parts."""
        layouts = Records(self._folder / "layouts.records")
        for number in numbers:
            info, layout = self.info(number), _LAYOUTS.decode(layouts[number])
            chunks = tuple(self._chunk_records(info))
            record = DocumentRecord(
                path=info.path,
                digest=info.digest,
                title=info.title,
                media_type=info.media_type,
                text=self.text(info.first_byte, info.last_byte),
                pages=layout.pages,
                chunks=chunks,
                language=info.language,
                metadata=info.metadata,
                access=info.access,
                boxes=layout.boxes,
            )
            vectors = self.vectors.between(info.first_row, info.first_row + info.rows)
            yield indexed_document(record), vectors, self.key(number)

    def key(self, document: int) -> bytes:
        """What a document is."""
        return self.keys[document * KEY_BYTES : (document + 1) * KEY_BYTES]

    def _chunk_records(self, info: DocumentInfo) -> Iterator[ChunkRecord]:
        last = info.first_row + info.rows
        for number, fields in enumerate(self.rows[info.first_row : last].tolist(), info.first_row):
            row, note = Row._make(fields), _NOTES.decode(self._notes[number])
            own, parent = (row.start, row.end), (row.parent_start, row.parent_end)
            yield ChunkRecord(*own, row.page, note.headings, None if parent == own else parent, note.context)


def open_part(folder: Path, dimension: int) -> Part | None:
    """The part in a folder; None when it is missing, unfinished, of another format, or was changed since."""
    try:
        complete = msgspec.json.decode((folder / COMPLETE).read_bytes(), type=_Complete)
        now = _files(folder)
        whole = now.keys() == complete.files.keys() and all(
            file.fits(now[name]) for name, file in complete.files.items()
        )
        return Part(folder, dimension) if whole and complete.format == PART_FORMAT else None
    except (FileNotFoundError, NotADirectoryError, ValueError):  # msgspec's errors are ValueErrors too
        return None
