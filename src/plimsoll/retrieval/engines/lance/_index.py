"""One version of a dataset, open for searches."""

from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..._errors import IndexClosedError
from ..._types import Candidates, Found, Query
from ..._words import words
from .._documents import chunk_id, piece_at, piece_bounds
from .._joined import NOTHING, joined, key_number
from .._nearest import Looked, cosines_of, nearest
from ._failures import Explained
from ._filter import condition_of
from ._text import TextSearch

if TYPE_CHECKING:
    from lance import LanceDataset

_PROBED_SHARE: Final = 10
_LEAST_PROBES: Final = 16
_REFINE: Final = 2
_MOST_COUNTS: Final = 256
_FOUND: Final = [
    "digest", "path", "title", "page", "ordinal", "start", "end", "text", "headings",
    "parent_start", "parent_end", "context", "language", "metadata",
]  # fmt: skip


class LanceIndex:
    """One snapshot, ready to be searched; implements `plimsoll.retrieval.Index`."""

    def __init__(
        self, dataset: "LanceDataset", *, partitions: int, exact_up_to: int, explained: Explained = nullcontext
    ) -> None:
        self._explained = explained
        self._dataset: LanceDataset | None = dataset
        self._exact_up_to = exact_up_to
        self._counts: dict[str, int] = {}
        self._columns = frozenset(dataset.schema.names)
        self._probes = max(_LEAST_PROBES, partitions // _PROBED_SHARE)
        self.chunk_count = dataset.count_rows()
        """Number of chunks that can be found."""
        self._text = TextSearch(dataset, self.chunk_count)

    def find(self, query: Query) -> Candidates:
        """The best chunks of each search, of those that the query allows; equal ones in an order of the documents'.

        Raises IndexPlaceError, as the other methods do, when the place cannot be read any more.
        """
        self._opened()
        with self._explained():
            return self._find(query)

    def _find(self, query: Query) -> Candidates:
        limit = min(query.limit, self.chunk_count)
        condition = condition_of(query.filter, query.groups, self._columns)
        text = vector = NOTHING
        if query.text and limit:
            text = self._text.search(words(query.text), limit, condition)
        if query.vector is None or not limit:
            return joined(text, vector, None)
        wanted = query.vector
        vector, known = nearest(wanted, limit, self.chunk_count, partial(self._look, wanted, condition))
        return joined(text, vector, lambda rows: cosines_of(rows, wanted, known, self.vectors))

    def read(self, rows: Sequence[int]) -> list[Found]:
        """The chunks of some rows, in that order."""
        with self._explained():
            return [_found(row) for row in self._rows(rows, _FOUND)]

    def span(self, row: int, start: int, end: int) -> str:
        """Any stretch of the document to which a row belongs, in characters."""
        with self._explained():
            return self._span(row, start, end)

    def _span(self, row: int, start: int, end: int) -> str:
        (at,) = self._rows([row], ["key", "ordinal", "chunks", "length"])
        length, count = at["length"], at["chunks"]
        start, end = min(max(start, 0), length), min(max(end, 0), length)
        if start >= end:
            return ""
        first, last = piece_at(length, count, start), piece_at(length, count, end - 1)
        numbers = range(first, last + 1)
        offset = piece_bounds(length, count, first)[0]
        text = "".join(self._pieces(row - at["ordinal"], at["key"], numbers))
        return text[start - offset : end - offset]

    def vectors(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """The vectors of some rows, shape (rows, dimension)."""
        with self._explained():
            return self._vectors([int(row) for row in rows])

    def _vectors(self, wanted: list[int]) -> NDArray[np.float32]:
        dataset = self._opened()
        if not wanted:
            return np.empty((0, dataset.schema.field("vector").type.list_size), np.float32)
        condition = f"_rowid IN ({_listed(wanted)})"
        found = dataset.scanner(columns=["vector"], filter=condition, with_row_id=True).to_table()
        place = {row: number for number, row in enumerate(found["_rowid"].to_pylist())}
        matrix = _matrix(found["vector"], dataset.schema.field("vector").type.list_size)
        return matrix[[place[row] for row in wanted]]

    def close(self) -> None:
        """Let go of the dataset; searches that are running still finish."""
        self._dataset = None

    def _opened(self) -> "LanceDataset":
        dataset = self._dataset
        if dataset is None:
            raise IndexClosedError
        return dataset

    def _look(self, wanted: NDArray[np.float32], condition: str | None, looks: int) -> Looked:
        found = (
            self._opened()
            .scanner(
                columns=["key", "ordinal", "vector"],
                nearest={
                    "column": "vector",
                    "q": np.ascontiguousarray(wanted, np.float32),
                    "k": looks,
                    "metric": "dot",
                    # With a condition, on until there are enough that meet it.
                    "nprobes" if condition is None else "minimum_nprobes": self._probes,
                    "use_index": self._is_broad(condition),
                    "refine_factor": _REFINE,
                },
                filter=condition,
                prefilter=True,
                with_row_id=True,
                disable_scoring_autoprojection=True,
            )
            .to_table()
        )
        return Looked(
            found["_rowid"].to_numpy().astype(np.int64),
            _matrix(found["vector"], len(wanted)),
            np.array([key_number(key) for key in found["key"].to_pylist()], np.uint64),
            found["ordinal"].to_numpy().astype(np.int64),
        )

    def _is_broad(self, condition: str | None) -> bool:
        """Whether so many rows meet a condition that looking at a part of them finds the nearest of all."""
        if condition is None:
            return True
        count = self._counts.get(condition)
        if count is None:
            count = self._opened().count_rows(condition)
            if len(self._counts) >= _MOST_COUNTS:
                self._counts.clear()
            self._counts[condition] = count
        return count > self._exact_up_to

    def _pieces(self, first: int, key: str, numbers: range) -> list[str]:
        """Pieces of a document's text. Its rows lie one behind the other, unless its file was divided there."""
        rows = [first + number for number in numbers]
        found = {row["_rowid"]: row for row in self._found_rows(f"_rowid IN ({_listed(rows)})", ["key", "piece"])}
        if [found[row]["key"] for row in rows if row in found] == [key] * len(rows):
            return [found[row]["piece"] for row in rows]
        every = self._found_rows(f"key = '{key}'", ["ordinal", "piece"])
        by_ordinal = {row["ordinal"]: row["piece"] for row in every}
        return [by_ordinal[number] for number in numbers]

    def _rows(self, rows: Sequence[int], columns: list[str]) -> list[dict[str, Any]]:
        """Some columns of some rows, in that order."""
        wanted = [int(row) for row in rows]
        if not wanted:
            self._opened()
            return []
        found = {row["_rowid"]: row for row in self._found_rows(f"_rowid IN ({_listed(wanted)})", columns)}
        return [found[row] for row in wanted]

    def _found_rows(self, condition: str, columns: list[str]) -> list[dict[str, Any]]:
        found = self._opened().scanner(columns=columns, filter=condition, with_row_id=True).to_table()
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows


def _listed(rows: Sequence[int]) -> str:
    return ", ".join(str(row) for row in rows)


def _matrix(column: Any, dimension: int) -> NDArray[np.float32]:
    values = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    matrix: NDArray[np.float32] = values.reshape(-1, dimension)
    return matrix


def _found(row: dict[str, Any]) -> Found:
    return Found(
        id=chunk_id(row["digest"], row["start"], row["end"]),
        document=row["path"],
        title=row["title"],
        page=row["page"],
        ordinal=row["ordinal"],
        start=row["start"],
        end=row["end"],
        text=row["text"],
        headings=tuple(row["headings"]),
        parent=None if row["parent_start"] is None else (row["parent_start"], row["parent_end"]),
        context=row["context"],
        language=row["language"],
        metadata=msgspec.msgpack.decode(row["metadata"]),
    )
