"""Arrays and records in files: written one after the other, flushed, and mapped or read when they are needed."""

import mmap
import os
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..._errors import IndexFolderError

_OFFSET = np.dtype("<u8")
_VECTOR = np.dtype("<f4")
_MOST_READ = 2_000
"""Vectors that are read one by one; more of them are quicker taken out of the mapping."""


def write_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array without a header; its type and shape are known by whoever reads it."""
    with path.open("wb") as file:
        np.ascontiguousarray(array).tofile(file)


def map_array(path: Path, kind: DTypeLike) -> NDArray[np.generic]:
    """The array in a file, through the page cache. An empty file is an empty array, which cannot be mapped."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return np.empty(0, kind)
        # numpy's memmap looks up where the file really is, which takes longer than all the rest.
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), kind)


class Stretches:
    """A file of which a little is read here and there.

    It is not mapped, because each page of a mapping that was ever looked at, and its neighbours, stay in the memory of
    the process; and a file that is cut short while it is mapped ends the process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY)
        # Whoever searches still may go on reading when the index is closed, so the last one closes the file.
        weakref.finalize(self, os.close, self._descriptor).atexit = False

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`. Raises IndexFolderError when the file ends before."""
        found = os.pread(self._descriptor, end - start, start) if start < end else b""
        if len(found) != end - start:
            raise IndexFolderError(self._path.parent, f"{self._path.name} is damaged or was cut short")
        return found


class Vectors:
    """A vector for each row of a part, float32."""

    def __init__(self, path: Path, dimension: int) -> None:
        self._bytes = dimension * _VECTOR.itemsize
        mapped: NDArray[np.float32] = map_array(path, _VECTOR)  # type: ignore[assignment]
        self.all = mapped.reshape(-1, dimension)
        """Mapped; shape (rows, dimension)."""
        self._file = Stretches(path)

    def of(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """The vectors of some rows, shape (rows, dimension)."""
        if len(rows) > _MOST_READ:
            some: NDArray[np.float32] = self.all[rows]
            return some
        firsts = (np.asarray(rows, np.int64) * self._bytes).tolist()
        found = b"".join([self._file.read(first, first + self._bytes) for first in firsts])
        return np.frombuffer(found, _VECTOR).reshape(len(firsts), self.all.shape[1])

    def between(self, first: int, last: int) -> NDArray[np.float32]:
        """The vectors of rows that lie together."""
        found = self._file.read(first * self._bytes, last * self._bytes)
        return np.frombuffer(found, _VECTOR).reshape(last - first, self.all.shape[1])


class Records:
    """Byte strings by number."""

    def __init__(self, path: Path) -> None:
        self._data = Stretches(path)
        self._ends = map_array(path.with_suffix(".ends"), _OFFSET)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> bytes:
        start = int(self._ends[number - 1]) if number else 0
        return self._data.read(start, int(self._ends[number]))


def write_records(path: Path, records: Sequence[bytes]) -> None:
    """Write byte strings, to be read as `Records`."""
    with path.open("wb") as file:
        file.writelines(records)
    ends = np.cumsum(np.fromiter(map(len, records), _OFFSET, len(records)), dtype=_OFFSET)
    write_array(path.with_suffix(".ends"), ends)


def flush(path: Path) -> None:
    """Make sure that a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
