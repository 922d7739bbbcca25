"""The derived folder of a snapshot: what a search needs on a local disk, made from the segments and never the truth.

    <root>/<hex of the snapshot's digest>/
        vectors.f32    all vectors as one matrix, little-endian float32
        rows.msgpack   what a hit shows, one record for each row; offsets.u64 says where each one begins
        text/          the tantivy index (its file names are random, so it cannot be addressed by its content)
        complete.json  written last: format, snapshot, and the size of every other file

A folder is built under another name, flushed to the disk and then renamed, all under one lock on the root. So a folder
is whole, or it is not opened: whatever `kill -9` left behind is removed by the next builder, which is sure to be alone.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import Digest, hex_part

from ._errors import IndexFolderError
from ._rows import RowTable, RowWriter, document_rows
from ._segments import Segment
from ._snapshot import Snapshot
from ._text import TEXT_FORMAT, TextIndex, TextWriter

_FORMAT = f"1.{TEXT_FORMAT}"
_PART = ".part"
_COMPLETE = "complete.json"
_VECTORS = "vectors.f32"
_ROWS = "rows.msgpack"
_OFFSETS = "offsets.u64"
_TEXT = "text"


@dataclass(frozen=True, slots=True)
class IndexParts:
    """The three views of the same rows, in the same order."""

    vectors: NDArray[np.float32]
    """Shape (rows, dimension), mapped from the disk."""
    rows: RowTable
    text: TextIndex


class _Complete(msgspec.Struct):
    format: str
    snapshot: Digest
    sizes: dict[str, int]


class IndexFolder:
    """The place under which derived folders are kept."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, snapshot: Snapshot, segments: Iterable[Segment]) -> IndexParts:
        """Open the derived folder of a snapshot; `segments` are only read when it has to be built.

        Raises IndexFolderError when the disk says no, and whatever reading a segment raises.
        """
        place = self._root / hex_part(snapshot.digest)
        try:
            return _open_whole(place, snapshot) or self._build(place, snapshot, segments)
        except OSError as error:
            raise IndexFolderError(place, error.strerror or str(error)) from error
        except ValueError as error:  # tantivy reports a full disk like this
            raise IndexFolderError(place, str(error)) from error

    def prune(self, keep: Collection[Digest]) -> None:
        """Remove the derived folders of all snapshots but these. Who has one open can go on searching in it."""
        if not self._root.is_dir():
            return
        kept = {hex_part(digest) for digest in keep}
        try:
            with _alone(self._root):
                for place in self._root.iterdir():
                    if place.is_dir() and not place.name.startswith(".") and place.name not in kept:
                        place.rename(self._root / f".{place.name}.pruned{_PART}")
                self._sweep()
        except OSError as error:
            raise IndexFolderError(self._root, error.strerror or str(error)) from error

    def _build(self, place: Path, snapshot: Snapshot, segments: Iterable[Segment]) -> IndexParts:
        self._root.mkdir(parents=True, exist_ok=True)
        with _alone(self._root):
            parts = _open_whole(place, snapshot)  # somebody else may have built it while we waited
            if parts is not None:
                return parts
            self._sweep()
            part = self._root / f".{place.name}{_PART}"
            try:
                _write_parts(part, snapshot, segments)
                if place.exists():
                    place.rename(self._root / f".{place.name}.broken{_PART}")
                part.rename(place)
                _flush(self._root)
            finally:
                self._sweep()
            return _open_parts(place, snapshot.dimension)

    def _sweep(self) -> None:
        """Remove what a builder left unfinished. Only under the lock, where nobody else is building."""
        for left_over in self._root.glob(f".*{_PART}"):
            shutil.rmtree(left_over, ignore_errors=True)


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the lock on `root`. The system gives it back when the process ends, however it ends."""
    with (root / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_whole(place: Path, snapshot: Snapshot) -> IndexParts | None:
    """The parts of a finished folder; None when it is missing, unfinished, of another format, or damaged."""
    if not _is_whole(place, snapshot.digest):
        return None
    try:
        return _open_parts(place, snapshot.dimension)
    except (ValueError, FileNotFoundError):  # what tantivy and numpy say to damaged files, and a folder just pruned
        return None


def _is_whole(place: Path, snapshot: Digest) -> bool:
    try:
        complete = msgspec.json.decode((place / _COMPLETE).read_bytes(), type=_Complete)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return False
    if (complete.format, complete.snapshot) != (_FORMAT, snapshot):
        return False
    try:
        sizes = _sizes(place)
    except FileNotFoundError:  # another process is pruning it just now
        return False
    return all(sizes.get(name) == size for name, size in complete.sizes.items())


def _sizes(place: Path) -> dict[str, int]:
    """Size of every file that matters, by its path under `place`."""
    files = (path for path in place.rglob("*") if path.is_file() and path.suffix != ".lock" and path.name != _COMPLETE)
    return {path.relative_to(place).as_posix(): path.stat().st_size for path in files}


def _write_parts(part: Path, snapshot: Snapshot, segments: Iterable[Segment]) -> None:
    (part / _TEXT).mkdir(parents=True)
    text = TextWriter(part / _TEXT, chunks=snapshot.chunks)
    with (
        (part / _VECTORS).open("wb") as vectors,
        (part / _ROWS).open("wb") as rows,
        (part / _OFFSETS).open("wb") as offsets,
    ):
        writer = RowWriter(rows, offsets)
        number = 0
        for segment in segments:
            vectors.write(segment.vectors.astype("<f4", copy=False).tobytes())
            for document in segment.documents:
                for row in document_rows(document):
                    writer.add(row)
                    text.add(number, text=row.text, title=row.title)
                    number += 1
    text.finish()
    sizes = _sizes(part)
    complete = _Complete(_FORMAT, snapshot.digest, sizes)
    (part / _COMPLETE).write_bytes(msgspec.json.encode(complete))
    for name in (*sizes, _COMPLETE, _TEXT, "."):
        _flush(part / name)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_parts(place: Path, dimension: int) -> IndexParts:
    # A plain view of the mapping: arithmetic on a memmap object would make more of them.
    vectors = np.asarray(np.memmap(place / _VECTORS, "<f4", "r"))
    rows = RowTable(place / _ROWS, place / _OFFSETS)
    return IndexParts(vectors.reshape(len(rows), dimension), rows, TextIndex(place / _TEXT))
