"""An open snapshot: full text and vectors over the same rows."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..._errors import IndexClosedError
from ..._filter import NO_FILTER, Filter
from ..._types import Candidates, Found, Query, Rows
from ..._words import words
from ...signals import WordCounts
from ._part import DocumentInfo, Part, StoredChunk
from ._text_search import FIELDS, TextSearch
from ._vector_search import Vector, VectorSearch, cosines
from ._view import View

_KEPT_MASKS: Final = 32
_ID_LENGTH: Final = 16
_TOGETHER_FROM: Final = 300_000
"""From so many chunks on, words and vectors are searched at the same time; below, a thread costs what it spares."""

Mask = NDArray[np.bool_]
Masks = tuple[Mask | None, ...]
"""For each part which of its rows count; None for all."""


class EmbeddedIndex:
    """One snapshot, ready to be searched; implements `plimsoll.retrieval.Index`."""

    def __init__(self, view: View, parts: Sequence[Part]) -> None:
        self._parts: tuple[Part, ...] | None = tuple(parts)
        self._starts = np.concatenate([[0], np.cumsum([len(part.rows) for part in parts])]).astype(np.int64)
        self._living = tuple(_living(part, view.documents(number)) for number, part in enumerate(parts))
        self._text = TextSearch(parts, self._living)
        self._nearest = VectorSearch(parts, signs=view.signs)
        self._masks: OrderedDict[tuple[Filter, frozenset[str] | None], Masks] = OrderedDict()
        self._lock = threading.Lock()
        self.chunk_count = sum(
            len(part.rows) if mask is None else int(mask.sum()) for part, mask in zip(parts, self._living, strict=True)
        )
        """Number of chunks that can be found."""

    def find(self, query: Query) -> Candidates:
        """The best chunks of each search, of those that the query allows; equal ones in an order of the documents'."""
        parts = self._opened()
        limit = min(query.limit, self.chunk_count)
        allowed = self._allowed(parts, query.filter, query.groups)
        text, vector = self._ranked(parts, query, limit, allowed)
        rows = np.union1d(text[0], vector[0])
        text_scores, text_ranks = _spread(rows, text)
        vector_scores, vector_ranks = _spread(rows, vector)
        if query.vector is not None:
            others = vector_ranks == 0
            vector_scores[others] = self._cosines(parts, rows[others], query.vector)
        return Candidates(rows, text_scores, text_ranks, vector_scores, vector_ranks)

    def _ranked(self, parts: Sequence[Part], query: Query, limit: int, allowed: Masks) -> tuple["_Ranked", "_Ranked"]:
        """The best rows by their words, and those by their vectors."""
        if limit == 0:
            return _NOTHING, _NOTHING
        asked = words(query.text)
        if query.vector is None:
            return self._by_words(parts, asked, limit, allowed), _NOTHING
        if self.chunk_count < _TOGETHER_FROM:
            return (
                self._by_words(parts, asked, limit, allowed),
                self._by_vectors(parts, query.vector, limit, allowed),
            )
        with ThreadPoolExecutor(1) as another:
            vector = another.submit(self._by_vectors, parts, query.vector, limit, allowed)
            return self._by_words(parts, asked, limit, allowed), vector.result()

    def _by_words(self, parts: Sequence[Part], asked: Sequence[str], limit: int, allowed: Masks) -> "_Ranked":
        return self._best(parts, self._text.search(asked, limit, allowed), limit) if asked else _NOTHING

    def _by_vectors(self, parts: Sequence[Part], wanted: Vector, limit: int, allowed: Masks) -> "_Ranked":
        return self._best(parts, self._nearest.search(wanted, limit, allowed), limit)

    def read(self, rows: Sequence[int]) -> list[Found]:
        """The chunks of some rows, in that order."""
        parts = self._opened()
        found: dict[int, Found] = {}
        for number, places, own in self._by_part(rows):
            # Many chunks of one document are often read together.
            info = cache(parts[number].info)
            for place, chunk in zip(places.tolist(), parts[number].chunks(own), strict=True):
                found[place] = _found(info(chunk.row.document), chunk)
        return [found[place] for place in range(len(rows))]

    def count(self, rows: Sequence[int], words: Sequence[str]) -> WordCounts:
        """How often each of some words stands in some rows, in the text and above it, but no more than 255 times.

        What stands above a chunk is counted as `IndexedDocument.heads` has it.
        """
        self._opened()
        counted = {field: np.zeros((len(rows), len(words))) for field in FIELDS}
        lengths = {field: np.zeros(len(rows)) for field in FIELDS}
        for number, places, own in self._by_part(rows):
            for field in FIELDS:
                counted[field][places], lengths[field][places] = self._text.count(field, words, number, own)
        return WordCounts(
            text=counted["text"], head=counted["head"], text_lengths=lengths["text"], head_lengths=lengths["head"]
        )

    def span(self, row: int, start: int, end: int) -> str:
        """Any stretch of the document to which a row belongs, in characters."""
        parts = self._opened()
        ((number, _, own),) = self._by_part([row])
        part = parts[number]
        info = part.info(int(part.rows[own[0]]["document"]))
        return part.text(info.first_byte, info.last_byte)[start:end]

    def vectors(self, rows: Sequence[int]) -> Vector:
        """The vectors of some rows, shape (rows, dimension)."""
        parts = self._opened()
        found = np.empty((len(rows), parts[0].vectors.all.shape[1] if parts else 0), np.float32)
        for number, places, own in self._by_part(rows):
            found[places] = parts[number].vectors.of(own)
        return found

    def close(self) -> None:
        """Let go of the files; searches that are running still finish."""
        self._parts = None

    def _opened(self) -> tuple[Part, ...]:
        parts = self._parts
        if parts is None:
            raise IndexClosedError
        return parts

    def _by_part(self, rows: Sequence[int] | Rows) -> Iterator[tuple[int, Rows, Rows]]:
        """For each part that holds some of the rows its number, their places among `rows`, and their rows there."""
        given = np.asarray(rows, np.int64)
        numbers = np.searchsorted(self._starts, given, side="right") - 1
        for number in np.unique(numbers).tolist():
            places = np.flatnonzero(numbers == number)
            yield number, places, given[places] - self._starts[number]

    def _allowed(self, parts: Sequence[Part], wanted: Filter, groups: frozenset[str] | None) -> Masks:
        """Which rows count; remembered for the filters that are asked for again and again."""
        if wanted == NO_FILTER and (groups is None or all(part.columns.everybody for part in parts)):
            return self._living
        key = (wanted, groups)
        with self._lock:
            known = self._masks.get(key)
            if known is not None:
                self._masks.move_to_end(key)
                return known
        made = tuple(_row_mask(part, mask, wanted, groups) for part, mask in zip(parts, self._living, strict=True))
        with self._lock:
            self._masks[key] = made
            if len(self._masks) > _KEPT_MASKS:
                self._masks.popitem(last=False)
        return made

    def _best(self, parts: Sequence[Part], found: Sequence[tuple[Rows, NDArray[np.floating]]], limit: int) -> "_Ranked":
        """The best rows of all parts. Which of equals are kept depends on their documents alone."""
        rows = np.concatenate([start + rows for start, (rows, _) in zip(self._starts, found, strict=False)])
        scores = np.concatenate([scores for _, scores in found]).astype(np.float64)
        if len(rows) > limit:
            least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
            rows, scores = rows[scores >= least], scores[scores >= least]
        names, ordinals = self._names(parts, rows)
        order = np.lexsort((ordinals, names, -scores))[:limit]
        return rows[order], scores[order]

    def _names(self, parts: Sequence[Part], rows: Rows) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """For each row a number that belongs to its document, wherever that lies, and its place there."""
        names, ordinals = np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.uint32)
        for number, places, own in self._by_part(rows):
            stored = parts[number].rows[own]
            names[places], ordinals[places] = parts[number].names[stored["document"]], stored["ordinal"]
        return names, ordinals

    def _cosines(self, parts: Sequence[Part], rows: Rows, wanted: Vector) -> NDArray[np.float64]:
        scores = np.zeros(len(rows))
        for number, places, own in self._by_part(rows):
            scores[places] = cosines(parts[number], own, wanted)
        return scores


_Ranked = tuple[Rows, NDArray[np.float64]]
_NOTHING: _Ranked = (np.empty(0, np.int64), np.empty(0))


def _living(part: Part, documents: NDArray[np.uint32]) -> Mask | None:
    """The rows of the documents that belong to the snapshot; None where all do."""
    if len(documents) == part.document_count:
        return None
    lives = np.zeros(part.document_count, np.bool_)
    lives[documents] = True
    return part.rows_of(lives)


def _row_mask(part: Part, living: Mask | None, wanted: Filter, groups: frozenset[str] | None) -> Mask:
    documents = part.columns.meeting(wanted) & part.columns.visible(groups)
    mask = part.rows_of(documents)
    return mask if living is None else mask & living


def _spread(rows: Rows, ranked: _Ranked) -> tuple[NDArray[np.float64], Rows]:
    """Scores and ranks of one search, laid out over the rows of both."""
    places = np.searchsorted(rows, ranked[0])
    scores, ranks = np.zeros(len(rows)), np.zeros(len(rows), np.int64)
    scores[places] = ranked[1]
    ranks[places] = np.arange(1, len(places) + 1)
    return scores, ranks


def _found(document: DocumentInfo, chunk: StoredChunk) -> Found:
    row = chunk.row
    parent = (row.parent_start, row.parent_end)
    return Found(
        id=_chunk_id(document.digest, row.start, row.end),
        document=document.path,
        title=document.title,
        page=row.page,
        ordinal=row.ordinal,
        start=row.start,
        end=row.end,
        text=chunk.text,
        headings=chunk.headings,
        parent=None if parent == (row.start, row.end) else parent,
        context=chunk.context,
        language=document.language,
        metadata=document.metadata,
    )


def _chunk_id(digest: str, start: int, end: int) -> str:
    """A stable name, 16 hexadecimal digits."""
    return sha256(f"{digest}:{start}:{end}".encode()).hexdigest()[:_ID_LENGTH]
