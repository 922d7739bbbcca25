"""Pairs of texts that share most of their words, found without comparing each with each.

Two texts are as near as the share of their words and pairs of neighbouring words that both have (Jaccard, 1901). Texts
can only share so much if they share one of their rarest pieces: only those are looked up (prefix filtering; Chaudhuri,
Ganti and Kaushik, 2006), so that nothing is missed and hardly anything is compared in vain.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from ._normal import normal_text, numbers_of

NEAR: Final = 0.8
"""Texts that share so much are near-duplicates: of ten words about one at an end differs."""

_MOST_COMPARED: Final = 64
"""Keeps the work linear where very many texts share all but their rarest pieces; of those some pairs are not found."""
_WIDEST: Final = 20_000
"""Longer texts are compared by their beginnings."""


class Pair(NamedTuple):
    """Two near-duplicates: places in the sequence that was given, and the share of pieces that both have."""

    first: int
    second: int
    similarity: float


def near_pairs(texts: Sequence[str], *, near: float = NEAR) -> list[Pair]:
    """All pairs of near-duplicates, by their places, the earlier first; texts with the same words are pairs too.

    Texts whose numbers differ are none: "in 2021" and "in 2022" ask for two things. A text without words is near to
    nothing. Takes time in proportion to the words.
    """
    normal = [normal_text(text[:_WIDEST]) for text in texts]
    numbers = [numbers_of(text) for text in normal]
    pieces = [_pieces(text) for text in normal]
    often = Counter(piece for some in pieces for piece in some)
    posted: dict[str, list[int]] = defaultdict(list)
    pairs: list[Pair] = []
    for place, some in enumerate(pieces):
        rare = sorted(some, key=lambda piece: (often[piece], piece))
        prefix = rare[: len(rare) - math.ceil(near * len(rare)) + 1] if rare else []
        for other in sorted({other for piece in prefix for other in posted[piece]}):
            if numbers[other] != numbers[place]:
                continue
            both = len(some & pieces[other])
            share = both / (len(some) + len(pieces[other]) - both)
            if share >= near:
                pairs.append(Pair(other, place, share))
        for piece in prefix:
            if len(posted[piece]) < _MOST_COMPARED:
                posted[piece].append(place)
    return pairs


def _pieces(normal: str) -> frozenset[str]:
    words = normal.split()
    return frozenset((*words, *(f"{one} {other}" for one, other in pairwise(words))))
