"""Arrays and records in files: written one after the other, flushed, and mapped when they are read."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

_OFFSET = np.dtype("<u8")


def write_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array without a header; its type and shape are known by whoever reads it."""
    with path.open("wb") as file:
        np.ascontiguousarray(array).tofile(file)


def map_array(path: Path, kind: DTypeLike) -> NDArray[np.generic]:
    """The array in a file, through the page cache. An empty file is an empty array, which cannot be mapped."""
    if path.stat().st_size == 0:
        return np.empty(0, kind)
    # A plain view of the mapping: arithmetic on a memmap object would make more of them.
    return np.asarray(np.memmap(path, kind, "r"))


class Records:
    """Byte strings by number."""

    def __init__(self, path: Path) -> None:
        self._data = map_array(path, np.uint8)
        self._ends = map_array(path.with_suffix(".ends"), _OFFSET)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, number: int) -> bytes:
        start = int(self._ends[number - 1]) if number else 0
        return self._data[start : int(self._ends[number])].tobytes()


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
