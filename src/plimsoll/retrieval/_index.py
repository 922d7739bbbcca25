"""Searching an open index with a question in words: both searches, joined."""

import numpy as np

from plimsoll.models import Embedder, Passage

from ._fusion import fuse
from ._types import Candidates, Found, Hit, Index, Numbers, Query, SearchSettings

_DEFAULTS = SearchSettings()
_MAX_QUERY_CHARACTERS = 20_000


class HybridSearch:
    """An index with the embedder that made its vectors; made by `open_index`.

    `search` may be called from several threads at once, also while another thread calls `close`.
    """

    def __init__(self, index: Index, embedder: Embedder) -> None:
        self.index = index
        self._embedder = embedder
        self.chunk_count = index.chunk_count
        """Number of chunks that can be found."""

    def search(self, query: str, settings: SearchSettings = _DEFAULTS) -> tuple[Hit, ...]:
        """The best chunks for a question, best first; equal scores stand in one order, whatever was built before.

        Nothing is found in an empty index, and by a question without a word that is known. Raises IndexClosedError.
        """
        plain = _plain(query)
        vector = self._embedder.embed([plain])[0] if plain and settings.mode != "text" else None
        limit = max(settings.candidates, settings.top_k)
        found = self.index.find(Query(plain if settings.mode != "vector" else "", vector, limit))
        fused = _final_scores(found, settings)
        # Rows say nothing about documents, so equals stand in the order of their ranks.
        order = np.lexsort((_rank(found.text_ranks), _rank(found.vector_ranks), -fused))[: settings.top_k]
        chunks = self.index.read([int(found.rows[place]) for place in order])
        return tuple(
            _hit(chunk, found, int(place), float(fused[place])) for place, chunk in zip(order, chunks, strict=True)
        )

    def close(self) -> None:
        """Let go of the files; searches that are running still finish."""
        self.index.close()


def _plain(query: str) -> str:
    """The question as text that can be written as UTF-8, and no longer than is of use."""
    return query[:_MAX_QUERY_CHARACTERS].encode("utf-8", "replace").decode().strip()


def _rank(ranks: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Numbers:
    return np.where(ranks > 0, ranks, np.inf)


def _final_scores(found: Candidates, settings: SearchSettings) -> Numbers:
    if settings.mode == "text":
        return found.text_scores
    if settings.mode == "vector":
        return found.vector_scores
    return fuse(found, settings.fusion, vector_weight=settings.vector_weight)


def _hit(chunk: Found, found: Candidates, place: int, score: float) -> Hit:
    text_rank, vector_rank = int(found.text_ranks[place]), int(found.vector_ranks[place])
    searched_vectors = bool(found.vector_ranks.any())
    return Hit(
        passage=Passage(
            id=chunk.id,
            document=chunk.document,
            title=chunk.title,
            page=chunk.page,
            start=chunk.start,
            end=chunk.end,
            text=chunk.text,
            score=score,
        ),
        vector_score=float(found.vector_scores[place]) if searched_vectors else None,
        text_score=float(found.text_scores[place]) if text_rank else None,
        vector_rank=vector_rank or None,
        text_rank=text_rank or None,
    )
