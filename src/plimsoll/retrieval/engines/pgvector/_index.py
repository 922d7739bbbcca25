"""One snapshot in the tables, open for searches."""

import threading
from collections.abc import Container, Sequence
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..._errors import IndexClosedError
from ..._types import Candidates, Found, Query
from ..._words import words
from .._bm25 import MOST_WORDS, Standing, weights
from .._errors import SnapshotPrunedError
from .._joined import NOTHING, Scored, joined
from .._nearest import Looked, cosines_of, nearest
from .._store import Asked, Condition, PgvectorStore, SnapshotRecord
from ._filter import condition_of
from ._rows import found, signed_hash

_MOST_KNOWN: Final = 20_000
_SIGN: Final = np.uint64(1 << 63)


class PgvectorIndex:
    """One snapshot, ready to be searched; implements `plimsoll.retrieval.Index`."""

    def __init__(self, store: PgvectorStore, record: SnapshotRecord, dimension: int) -> None:
        self._store: PgvectorStore | None = store
        self._record = record
        self._dimension = dimension
        self.chunk_count = record.corpus.chunks
        """Number of chunks that can be found."""
        self._known: dict[int, Standing] = {}
        self._lock = threading.Lock()

    def find(self, query: Query) -> Candidates:
        """The best chunks of each search, of those that the query allows; equal ones in an order of the documents'.

        Raises SnapshotPrunedError, as the other methods do, when somebody removed the snapshot.
        """
        store = self._opened()
        found = self._find(store, query)
        if self.chunk_count and not len(found.rows) and not store.holds(self._record.number):
            raise SnapshotPrunedError(str(store))
        return found

    def _find(self, store: PgvectorStore, query: Query) -> Candidates:
        limit = min(query.limit, self.chunk_count)
        condition = Condition(*condition_of(query.filter, query.groups))
        text = vector = NOTHING
        if query.text and limit:
            text = self._by_text(store, words(query.text), condition, limit)
        if query.vector is None or not limit:
            return joined(text, vector, None)
        wanted = query.vector
        vector, known = nearest(wanted, limit, self.chunk_count, partial(self._look, store, wanted, condition))
        return joined(text, vector, lambda rows: cosines_of(rows, wanted, known, self.vectors))

    def read(self, rows: Sequence[int]) -> list[Found]:
        """The chunks of some rows, in that order."""
        store, wanted = self._opened(), [int(row) for row in rows]
        chunks = store.chunks(wanted) if wanted else {}
        _require(store, wanted, chunks)
        return [found(*chunks[row]) for row in wanted]

    def span(self, row: int, start: int, end: int) -> str:
        """Any stretch of the document to which a row belongs, in characters."""
        store = self._opened()
        body = store.body(int(row))
        if body is None:
            raise SnapshotPrunedError(str(store))
        return body.decode()[start:end]

    def vectors(self, rows: Sequence[int]) -> NDArray[np.float32]:
        """The vectors of some rows, shape (rows, dimension)."""
        store, wanted = self._opened(), [int(row) for row in rows]
        every = store.vectors(wanted) if wanted else {}
        _require(store, wanted, every)
        return np.array([every[row] for row in wanted], np.float32).reshape(-1, self._dimension)

    def close(self) -> None:
        """Let go of the tables; searches that are running still finish."""
        self._store = None

    def _opened(self) -> PgvectorStore:
        store = self._store
        if store is None:
            raise IndexClosedError
        return store

    def _by_text(self, store: PgvectorStore, asked: Sequence[str], condition: Condition, limit: int) -> Scored:
        terms = list(dict.fromkeys(map(signed_hash, list(dict.fromkeys(asked))[:MOST_WORDS])))
        self._learn(store, [term for term in terms if term not in self._known])
        counted = weights(self._record.corpus, {str(term): self._known[term] for term in terms if term in self._known})
        if not counted:
            return NOTHING
        numbered = {int(term): weight for term, weight in counted.items()}
        standings = sum(self._known[term].text + self._known[term].head for term in numbered)
        hits = store.best_by_text(self._record, Asked(numbered, standings), condition, limit)
        return Scored(np.array(hits.rows, np.int64), np.array(hits.scores), _keys(hits.places), np.array(hits.ordinals))

    def _learn(self, store: PgvectorStore, terms: Sequence[int]) -> None:
        """Ask in how many chunks some words stand."""
        if not terms:
            return
        standings = store.standings(self._record, terms)
        with self._lock:
            if len(self._known) > _MOST_KNOWN:
                self._known = {}
            self._known = {**self._known, **{term: standings.get(term, Standing(0, 0)) for term in terms}}

    def _look(self, store: PgvectorStore, wanted: NDArray[np.float32], condition: Condition, looks: int) -> Looked:
        hits = store.nearest(self._record.number, wanted, condition, looks)
        return Looked(
            np.array(hits.rows, np.int64),
            np.array(hits.vectors, np.float32).reshape(-1, self._dimension),
            _keys(hits.places),
            np.array(hits.ordinals, np.int64),
        )


def _require(store: PgvectorStore, wanted: Sequence[int], there: Container[int]) -> None:
    """Do nothing where all rows are there."""
    if any(row not in there for row in wanted):
        raise SnapshotPrunedError(str(store))


def _keys(places: Sequence[int]) -> NDArray[np.uint64]:
    return np.array(places, np.int64).view(np.uint64) ^ _SIGN
