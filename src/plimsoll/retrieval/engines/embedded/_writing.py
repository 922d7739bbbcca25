"""Writing parts, one after the other."""

import ctypes
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plimsoll.kernel.digest import digest_bytes, hex_part

from ..._types import IndexedDocument
from ._files import flush
from ._part import MOST_ROWS, PartWriter

UNFINISHED = ".unfinished"
_NAME_LENGTH = 32


def _give_back() -> None:
    """Give free memory back to the system, where the C library does so when it is told (glibc).

    Writing a part takes memory in large and small pieces by turns. What is between small ones that are still used would
    stay with the process: 140 MB after 200,000 chunks.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class PartWriters:
    """Writes parts one after the other, each as large as it may be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unfinished = folder / f"{os.getpid()}{UNFINISHED}"
        self._writer: PartWriter | None = None
        self._places: dict[bytes, tuple[str, int]] = {}
        self._waiting: set[bytes] = set()

    def add(self, document: IndexedDocument, vectors: NDArray[np.float32], key: bytes) -> None:
        """Write a document, if it was not added before."""
        if key in self._places or key in self._waiting:
            return
        if self._writer is not None and self._writer.row_count + len(document.chunks) > MOST_ROWS:
            self._finish_part()
        if self._writer is None:
            self._unfinished.mkdir()
            self._writer = PartWriter(self._unfinished)
        self._writer.add(document, vectors, key)
        self._waiting.add(key)

    def finish(self) -> Mapping[bytes, tuple[str, int]]:
        """Part and number of every document that was added, by its key."""
        self._finish_part()
        flush(self._folder)
        return self._places

    def close(self) -> None:
        """Let go of an unfinished part, and of the memory that writing took."""
        if self._writer is not None:
            self._writer.close()
        self._writer = None
        _give_back()

    def _finish_part(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        writer.finish()
        name = hex_part(digest_bytes(b"".join(writer.keys)))[:_NAME_LENGTH]
        place = self._folder / name
        if place.exists():  # a damaged one, or one of another format: a whole one would have been found by its keys
            shutil.rmtree(place)
        self._unfinished.rename(place)
        self._places |= {key: (name, number) for number, key in enumerate(writer.keys)}
        self._waiting.clear()
