"""Which chunks hold a word, and how often: the inverted lists of one part.

    <field>.terms    hashes of the words, ascending (8 bytes of BLAKE2b)
    <field>.starts   where the list of each word begins, and at last where all end
    <field>.rows     the rows of all lists, ascending in each
    <field>.counts   how often the word stands there, at most 255
    <field>.lengths  the number of words of each row

A field is the text of chunks, or what stands above them.
"""

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ._files import map_array, write_array

Words = NDArray[np.uint32]

_HASH_BYTES = 8
_MOST_COUNT = 255
_ROW_BITS = 32


def term_hash(word: str) -> int:
    """The number by which a word is known; two words in 10^13 share one."""
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=_HASH_BYTES).digest(), "little")


class PostingsWriter:
    """Collects the words of rows in their order; about 9 bytes of memory a word."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__
        self._words = array("I")
        self._lengths = array("I")

    def add(self, words: Sequence[str]) -> None:
        """The words of the next row."""
        numbers = self._numbers
        self._words.extend([numbers[word] for word in words])
        self._lengths.append(len(words))

    def write(self, folder: Path, field: str) -> None:
        """Write the lists of all rows."""
        words = np.frombuffer(self._words, np.uint32) if self._words else np.empty(0, np.uint32)
        lengths = np.frombuffer(self._lengths, np.uint32) if self._lengths else np.empty(0, np.uint32)
        hashes = np.fromiter(map(term_hash, self._numbers), np.uint64, len(self._numbers))
        order = np.argsort(hashes, kind="stable")
        place = np.empty(len(order), np.uint64)
        place[order] = np.arange(len(order), dtype=np.uint64)
        rows = np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)
        pairs = np.sort((place[words] << np.uint64(_ROW_BITS)) | rows)
        first = np.flatnonzero(np.diff(pairs, prepend=np.uint64(2**64 - 1))) if len(pairs) else np.empty(0, np.int64)
        kept = pairs[first]
        counts = np.diff(first, append=len(pairs))
        starts = np.searchsorted(kept >> np.uint64(_ROW_BITS), np.arange(len(order) + 1, dtype=np.uint64))
        write_array(folder / f"{field}.terms", hashes[order].astype("<u8"))
        write_array(folder / f"{field}.starts", starts.astype("<u8"))
        write_array(folder / f"{field}.rows", (kept & np.uint64(2**_ROW_BITS - 1)).astype("<u4"))
        write_array(folder / f"{field}.counts", np.minimum(counts, _MOST_COUNT).astype(np.uint8))
        write_array(folder / f"{field}.lengths", lengths.astype("<u4"))


@dataclass(frozen=True, slots=True)
class PostingList:
    """The rows that hold a word, ascending, and how often each does."""

    rows: NDArray[np.uint32]
    counts: NDArray[np.uint8]


class Postings:
    """The lists of one field of one part."""

    def __init__(self, folder: Path, field: str) -> None:
        self._terms = map_array(folder / f"{field}.terms", "<u8")
        self._starts = map_array(folder / f"{field}.starts", "<u8")
        self._rows = map_array(folder / f"{field}.rows", "<u4")
        self._counts = map_array(folder / f"{field}.counts", np.uint8)
        self.lengths: NDArray[np.uint32] = map_array(folder / f"{field}.lengths", "<u4")  # type: ignore[assignment]

    def of(self, term: int) -> PostingList | None:
        """The list of a word by its hash; None where no row holds it."""
        place = int(np.searchsorted(self._terms, np.uint64(term)))
        if place >= len(self._terms) or int(self._terms[place]) != term:
            return None
        start, end = int(self._starts[place]), int(self._starts[place + 1])
        return PostingList(self._rows[start:end], self._counts[start:end])  # type: ignore[arg-type]
