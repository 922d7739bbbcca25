"""Hits that do not say the same: maximum marginal relevance (Carbonell and Goldstein 1998)."""

import numpy as np
from numpy.typing import NDArray

from .._types import Numbers


def diverse_order(scores: Numbers, vectors: NDArray[np.float32], *, count: int, diversity: float) -> list[int]:
    """The places of the chosen, in the order of their choice, at most `count`.

    Each time the one is taken for which `(1 - diversity) * score - diversity * likeness` is highest: `score` from 0 for
    the worst to 1 for the best, `likeness` the highest cosine to one already taken. Equals are taken in their order.
    """
    spread = float(np.ptp(scores)) if len(scores) else 0.0
    gain = (scores - scores.min(initial=np.inf)) / spread if spread > 0 else np.ones(len(scores))
    likeness = vectors @ vectors.T
    nearest = np.zeros(len(scores))
    open_places = np.ones(len(scores), bool)
    taken: list[int] = []
    while len(taken) < min(count, len(scores)):
        worth = np.where(open_places, (1 - diversity) * gain - diversity * nearest, -np.inf)
        best = int(np.argmax(worth))
        taken.append(best)
        open_places[best] = False
        nearest = np.maximum(nearest, likeness[best])
    return taken
