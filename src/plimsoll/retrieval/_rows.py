"""The rows of an open index: what a hit shows, read from disk one by one."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from ._types import Chunk, IndexedDocument

_OFFSET = np.dtype("<u8")
_ID_LENGTH = 16


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A passage without its score, see `plimsoll.models.Passage`."""

    id: str
    document: str
    title: str
    page: int
    start: int
    end: int
    text: str


def document_rows(document: IndexedDocument) -> Iterator[Row]:
    """The rows of a document, in the order of its chunks."""
    for chunk in document.chunks:
        yield Row(
            id=_chunk_id(document, chunk),
            document=document.path,
            title=document.title,
            page=chunk.page,
            start=chunk.start,
            end=chunk.end,
            text=chunk.text,
        )


def _chunk_id(document: IndexedDocument, chunk: Chunk) -> str:
    """A stable name, 16 hexadecimal digits: the same stretch of the same file has it in every snapshot."""
    name = f"{document.digest}:{chunk.start}:{chunk.end}"
    return hashlib.sha256(name.encode()).hexdigest()[:_ID_LENGTH]


class RowWriter:
    """Writes rows one after the other, and where each one ends."""

    def __init__(self, rows: BinaryIO, offsets: BinaryIO) -> None:
        self._rows = rows
        self._offsets = offsets
        self._end = 0
        self._note_end()

    def add(self, row: Row) -> None:
        """Write one row."""
        record = msgspec.msgpack.encode(row)
        self._rows.write(record)
        self._end += len(record)
        self._note_end()

    def _note_end(self) -> None:
        self._offsets.write(np.array(self._end, _OFFSET).tobytes())


class RowTable:
    """The rows that a RowWriter wrote, by number, through the page cache and not in memory of our own."""

    def __init__(self, rows: Path, offsets: Path) -> None:
        self._records = np.memmap(rows, np.uint8, "r")
        self._offsets = np.memmap(offsets, _OFFSET, "r")

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, number: int) -> Row:
        record = self._records[int(self._offsets[number]) : int(self._offsets[number + 1])]
        return msgspec.msgpack.decode(record.tobytes(), type=Row)
