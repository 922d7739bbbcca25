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

_HASH_BYTES = 8
_MOST_COUNT = 255
_ROW_BITS = 32
_BLOCK_WORDS = 3_000_000


def term_hash(word: str) -> int:
    """The number by which a word is known; two words in 10^13 share one."""
    return int.from_bytes(blake2b(word.encode("utf-8", "replace"), digest_size=_HASH_BYTES).digest(), "little")


class PostingsWriter:
    """Collects the words of rows in their order.

    A block of them is sorted when it is full, and then takes 5 bytes of memory for each different word of each row.
    """

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__
        self._words = array("I")
        self._lengths = array("I")
        self._first_row = 0
        self._blocks: list[_Block] = []

    def add(self, words: Sequence[str]) -> None:
        """The words of the next row."""
        numbers = self._numbers
        self._words.extend([numbers[word] for word in words])
        self._lengths.append(len(words))
        if len(self._words) >= _BLOCK_WORDS:
            self._finish_block()

    def write(self, folder: Path, field: str) -> None:
        """Write the lists of all rows."""
        self._finish_block()
        hashes = np.fromiter(map(term_hash, self._numbers), np.uint64, len(self._numbers))
        order = np.argsort(hashes, kind="stable")
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        sizes = np.zeros(len(order), np.int64)
        for block in self._blocks:
            sizes[rank[block.words]] += block.sizes
        starts = np.concatenate([[0], np.cumsum(sizes)])
        rows, counts = np.empty(starts[-1], "<u4"), np.empty(starts[-1], np.uint8)
        free = starts[:-1].copy()
        # Each block is let go when it is written, so that all of them and the whole lists are never there together.
        self._blocks.reverse()
        while self._blocks:
            block = self._blocks.pop()
            places = rank[block.words]
            began = np.cumsum(block.sizes) - block.sizes
            target = np.repeat(free[places] - began, block.sizes) + np.arange(len(block.rows))
            rows[target], counts[target] = block.rows, block.counts
            free[places] += block.sizes
        write_array(folder / f"{field}.terms", hashes[order].astype("<u8"))
        write_array(folder / f"{field}.starts", starts.astype("<u8"))
        write_array(folder / f"{field}.rows", rows)
        write_array(folder / f"{field}.counts", counts)
        write_array(folder / f"{field}.lengths", np.frombuffer(self._lengths, np.uint32).astype("<u4"))

    def _finish_block(self) -> None:
        lengths = np.array(self._lengths[self._first_row :], np.int64)
        rows = np.repeat(np.arange(self._first_row, self._first_row + len(lengths), dtype=np.uint64), lengths)
        pairs = np.sort((np.array(self._words, np.uint64) << np.uint64(_ROW_BITS)) | rows)
        self._first_row, self._words = len(self._lengths), array("I")
        if not len(pairs):
            return
        first = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]]))
        kept = pairs[first]
        words = (kept >> np.uint64(_ROW_BITS)).astype(np.uint32)
        change = np.flatnonzero(np.concatenate([[True], words[1:] != words[:-1]]))
        self._blocks.append(
            _Block(
                words=words[change],
                sizes=np.diff(change, append=len(words)),
                rows=(kept & np.uint64(2**_ROW_BITS - 1)).astype(np.uint32),
                counts=np.minimum(np.diff(first, append=len(pairs)), _MOST_COUNT).astype(np.uint8),
            )
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """The lists of some rows: numbers of words, ascending, how many rows each has, and these."""

    words: NDArray[np.uint32]
    sizes: NDArray[np.int64]
    rows: NDArray[np.uint32]
    counts: NDArray[np.uint8]


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
