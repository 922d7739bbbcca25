"""The results of two searches, put into the form of the port."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._types import Candidates, Numbers, Rows


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with their scores, and what decides between equals: the keys of their documents, and their places there."""

    rows: Rows
    scores: Numbers
    keys: NDArray[np.uint64]
    ordinals: NDArray[np.int64]

    def best(self, limit: int) -> "Scored":
        """The best of them, best first; equal ones in an order of the documents'."""
        order = np.lexsort((self.ordinals, self.keys, -self.scores))[:limit]
        return Scored(self.rows[order], self.scores[order], self.keys[order], self.ordinals[order])


NOTHING = Scored(np.empty(0, np.int64), np.empty(0), np.empty(0, np.uint64), np.empty(0, np.int64))


def key_number(key: str) -> int:
    """The number by which a document stands among equals; `key` is 32 hexadecimal digits."""
    return int.from_bytes(bytes.fromhex(key)[:8], "little")


def joined(text: Scored, vector: Scored, cosines: Callable[[Rows], Numbers] | None) -> Candidates:
    """The candidates of both searches; `cosines` are exact, and None where no vectors were searched."""
    rows = np.union1d(text.rows, vector.rows).astype(np.int64)
    text_scores, text_ranks = _spread(rows, text)
    _, vector_ranks = _spread(rows, vector)
    exact = np.zeros(len(rows)) if cosines is None else cosines(rows)
    return Candidates(rows, text_scores, text_ranks, exact, vector_ranks)


def _spread(rows: Rows, found: Scored) -> tuple[Numbers, Rows]:
    places = np.searchsorted(rows, found.rows)
    scores, ranks = np.zeros(len(rows)), np.zeros(len(rows), np.int64)
    scores[places] = found.scores
    ranks[places] = np.arange(1, len(places) + 1)
    return scores, ranks
