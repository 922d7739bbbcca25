"""An open index: full text and vectors over the same rows, searched together."""

import numpy as np
from numpy.typing import NDArray

from plimsoll.models import Embedder, Passage

from ._errors import IndexClosedError
from ._folder import IndexParts
from ._fusion import fuse
from ._types import Candidates, Hit, SearchSettings

_DEFAULTS = SearchSettings()
_NO_ROWS = np.empty(0, np.int64)
_NO_SCORES = np.empty(0)
_MAX_QUERY_CHARACTERS = 20_000
_SCORE_DIGITS = 6
"""Cosines are rounded to this, because the last bits of a product depend on where the row lies in the matrix."""

_Ranked = tuple[NDArray[np.int64], NDArray[np.float64]]


class Index:
    """One snapshot, ready to be searched; made by `open_index`.

    `search` may be called from several threads at once, also while another thread calls `close`.
    """

    def __init__(self, parts: IndexParts | None, embedder: Embedder) -> None:
        self._parts = parts
        self._embedder = embedder
        self._closed = False
        self.chunk_count = len(parts.rows) if parts else 0
        """Number of chunks that can be found."""

    def search(self, query: str, settings: SearchSettings = _DEFAULTS) -> tuple[Hit, ...]:
        """The best chunks for a question, best first; equal scores stand in the order of their rows.

        Nothing is found in an empty index, and by a question without a word that is known. Raises IndexClosedError.
        """
        if self._closed:
            raise IndexClosedError
        parts = self._parts
        plain = _plain(query)
        if parts is None or not plain:
            return ()
        found = self._candidates(parts, plain, settings)
        fused = _final_scores(found, settings)
        best = np.lexsort((found.rows, -fused))[: settings.top_k]
        return tuple(_hit(parts, found, int(place), float(fused[place])) for place in best)

    def close(self) -> None:
        """Let go of the files; searches that are running still finish."""
        self._closed = True
        self._parts = None

    def _candidates(self, parts: IndexParts, query: str, settings: SearchSettings) -> Candidates:
        limit = min(max(settings.candidates, settings.top_k), self.chunk_count)
        text: _Ranked = (_NO_ROWS, _NO_SCORES)
        vector: _Ranked = (_NO_ROWS, _NO_SCORES)
        likeness = None
        if settings.mode != "vector":
            text = parts.text.search(query, limit)
        if settings.mode != "text":
            likeness = parts.vectors @ self._embedder.embed([query])[0]
            vector = _nearest(likeness, limit)
        return _joined(text, vector, likeness)


def _plain(query: str) -> str:
    """The question as text that can be written as UTF-8, and no longer than is of use."""
    return query[:_MAX_QUERY_CHARACTERS].encode("utf-8", "replace").decode().strip()


def _nearest(likeness: NDArray[np.float32], limit: int) -> _Ranked:
    """The best rows by exact cosine; rows without any likeness are left out."""
    scores = np.round(likeness, _SCORE_DIGITS).astype(np.float64)
    # Everything as good as the last one that fits, so that which of equals are kept depends on their rows alone.
    least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
    rows = np.flatnonzero((scores >= least) & (scores > 0))
    rows = rows[np.lexsort((rows, -scores[rows]))][:limit]
    return rows, scores[rows]


def _joined(text: _Ranked, vector: _Ranked, likeness: NDArray[np.float32] | None) -> Candidates:
    rows = np.union1d(text[0], vector[0])
    text_scores, text_ranks = _spread(rows, text)
    _, vector_ranks = _spread(rows, vector)
    cosines = np.zeros(len(rows)) if likeness is None else np.round(likeness[rows], _SCORE_DIGITS).astype(np.float64)
    return Candidates(rows, text_scores, text_ranks, cosines, vector_ranks)


def _spread(rows: NDArray[np.int64], ranked: _Ranked) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores and ranks of one search, laid out over the rows of both."""
    places = np.searchsorted(rows, ranked[0])
    scores, ranks = np.zeros(len(rows)), np.zeros(len(rows), np.int64)
    scores[places] = ranked[1]
    ranks[places] = np.arange(1, len(places) + 1)
    return scores, ranks


def _final_scores(found: Candidates, settings: SearchSettings) -> NDArray[np.float64]:
    if settings.mode == "text":
        return found.text_scores
    if settings.mode == "vector":
        return found.vector_scores
    return fuse(found, settings.fusion, vector_weight=settings.vector_weight)


def _hit(parts: IndexParts, found: Candidates, place: int, score: float) -> Hit:
    row = parts.rows[int(found.rows[place])]
    text_rank, vector_rank = int(found.text_ranks[place]), int(found.vector_ranks[place])
    searched_vectors = bool(found.vector_ranks.any())
    return Hit(
        passage=Passage(
            id=row.id,
            document=row.document,
            title=row.title,
            page=row.page,
            start=row.start,
            end=row.end,
            text=row.text,
            score=score,
        ),
        vector_score=float(found.vector_scores[place]) if searched_vectors else None,
        text_score=float(found.text_scores[place]) if text_rank else None,
        vector_rank=vector_rank or None,
        text_rank=text_rank or None,
    )
