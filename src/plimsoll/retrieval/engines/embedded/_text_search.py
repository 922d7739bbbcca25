"""Full text search over the parts of a view: BM25 with the figures of the whole snapshot, exact.

    score = sum over words of  idf * n (k1 + 1) / (n + k1 (1 - b + b * length / mean length))
    idf   = ln(1 + (N - df + 0.5) / (df + 0.5))

(Robertson and Zaragoza 2009, with the idf of Lucene), where n is how often the word stands in the chunk, N the number
of chunks and df the number of those that hold the word. The score of what stands above a chunk counts a share of that
of its text. Words that no chunk could still reach the best with are only looked up for chunks that could (MaxScore,
Turtle and Flood 1995), which changes the time and not the result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ._part import Part
from ._postings import PostingList, term_hash

HEAD_WEIGHT: Final = 0.25
"""Chosen on development rows (SciFact, Cranfield): 0 gives nDCG@10 .674 and .386, 0.25 .681 and .397, 1 .642 and .395.
A title is short, so BM25's length normalisation already makes a match in it weigh several times one in the text."""

_K1: Final = 1.2
_B: Final = 0.75
_WEIGHTS: Final[Mapping[str, float]] = {"text": 1.0, "head": HEAD_WEIGHT}
FIELDS: Final = tuple(_WEIGHTS)
_MOST_WORDS: Final = 200
_MOST_KNOWN: Final = 20_000
_LOOKUP_COST: Final = 8
"""Looking a row up in a list takes so many times as long as walking past one."""
_ROUNDING: Final = 1e-4
_GROUP: Final = 64
_GROUPS_PER_HIT: Final = 16

Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]
Ranked = tuple[NDArray[np.int64], Scores]
"""Rows of a part, and their scores."""


@dataclass(frozen=True, slots=True)
class _Term:
    """A word in a field: how much it counts at most and in each part where it stands."""

    field: str
    weight: float
    """idf times the weight of the field."""
    lists: tuple[PostingList | None, ...]
    """One for each part."""

    @property
    def most(self) -> float:
        """More than any chunk can get from it."""
        return self.weight * (_K1 + 1)


class TextSearch:
    """Searches over the living rows of some parts."""

    def __init__(self, parts: Sequence[Part], living: Sequence[Mask | None]) -> None:
        self._parts = parts
        self._living = living
        self._count = sum(
            len(part.rows) if mask is None else int(mask.sum()) for part, mask in zip(parts, living, strict=True)
        )
        self._means = {field: self._mean_length(field) for field in _WEIGHTS}
        self._norms: dict[tuple[str, int], Scores] = {}
        self._known: dict[tuple[str, int], tuple[float, tuple[PostingList | None, ...]]] = {}

    def _mean_length(self, field: str) -> float:
        lengths = [part.fields[field].lengths for part in self._parts]
        total = sum(
            int((one if mask is None else one[mask]).sum(dtype=np.int64))
            for one, mask in zip(lengths, self._living, strict=True)
        )
        return max(total / max(self._count, 1), 1e-9)

    def _norms_of(self, field: str, number: int) -> Scores:
        """`k1 (1 - b + b * length / mean length)` of every row of a part. Made when it is first asked for."""
        known = self._norms.get((field, number))
        if known is None:
            lengths = self._parts[number].fields[field].lengths
            known = (_K1 * (1 - _B) + _K1 * _B / self._means[field] * lengths).astype(np.float32)
            self._norms[field, number] = known
        return known

    def search(self, words: Sequence[str], limit: int, allowed: Sequence[Mask | None]) -> list[Ranked]:
        """For each part the rows that may be among the best `limit` of all, and their scores.

        `allowed` says which rows of each part count; None for all of them.
        """
        terms = self._terms(words)
        least = 0.0
        found = []
        for number in range(len(self._parts)):
            rows, scores = self._search_part(number, terms, (limit, least), allowed[number])
            found.append((rows, scores))
            if len(scores) >= limit:
                least = max(least, float(np.partition(scores, len(scores) - limit)[len(scores) - limit]))
        return found

    def _search_part(
        self, number: int, terms: Sequence[_Term], bounds: tuple[int, float], allowed: Mask | None
    ) -> Ranked:
        """The rows of one part that may be among the best `bounds[0]`, which have at least the score `bounds[1]`."""
        limit, least = bounds
        lists = [(term, one) for term in terms if (one := term.lists[number]) is not None]
        rest = _suffix_sums([term.most for term, _ in lists])
        scores = np.zeros(len(self._parts[number].rows), np.float32)
        few = _few(allowed, [one for _, one in lists])
        if few is not None:
            for at, (term, one) in enumerate(lists):
                few = few[scores[few] + np.float32(rest[at]) >= least]
                self._add_to(scores, few, (number, term, one))
            few = few[scores[few] > 0]
            return few.astype(np.int64), scores[few]
        if allowed is not None:
            scores[~allowed] = -np.inf
        done = 0
        for term, one in lists:
            if rest[done] < least:
                break
            scores[one.rows] += self._contribution(number, term, one.rows, one.counts)
            done += 1
            if rest[done] < scores.max():  # otherwise no word behind this one can be left out yet
                least = max(least, _nth_best(scores, limit))
        # A little less than needed, since single precision rounds; of negative ones there may be many.
        near = max(least * (1 - _ROUNDING) - rest[done], 0.0)
        # The type of the lists: with another one, numpy would convert whole lists to look something up in them.
        candidates = np.flatnonzero(scores > near).astype(np.uint32)
        for at, (term, one) in enumerate(lists[done:], done):
            candidates = candidates[scores[candidates] + np.float32(rest[at]) >= least]
            self._add_to(scores, candidates, (number, term, one))
        return candidates.astype(np.int64), scores[candidates]

    def count(
        self, field: str, words: Sequence[str], number: int, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """How often each word stands in some rows of a part, at most 255 times, and how many words each row has."""
        wanted = rows.astype(np.uint32)
        counted = np.zeros((len(rows), len(words)))
        for place, word in enumerate(words):
            one = self._lists(field, term_hash(word))[1][number]
            if one is not None:
                hit, places = _looked_up(one, wanted)
                counted[hit, place] = one.counts[places]
        return counted, self._parts[number].fields[field].lengths[rows].astype(np.float64)

    def _add_to(self, scores: Scores, candidates: NDArray[np.uint32], found: tuple[int, _Term, PostingList]) -> None:
        """Add what a word is worth, at least to the candidates that hold it."""
        number, term, one = found
        if len(candidates) * _LOOKUP_COST > len(one.rows):
            scores[one.rows] += self._contribution(number, term, one.rows, one.counts)
            return
        hit, places = _looked_up(one, candidates)
        rows = candidates[hit]
        scores[rows] += self._contribution(number, term, rows, one.counts[places])

    def _contribution(self, number: int, term: _Term, rows: NDArray[np.integer], counts: NDArray[np.uint8]) -> Scores:
        often = counts.astype(np.float32)
        norms = self._norms_of(term.field, number)[rows]
        scores: Scores = np.float32(term.most) * often / (often + norms)
        return scores

    def _terms(self, words: Sequence[str]) -> list[_Term]:
        """The words that stand anywhere, those that count most first. A word that is asked twice counts once."""
        hashes = sorted({term_hash(word) for word in list(dict.fromkeys(words))[:_MOST_WORDS]})
        terms = []
        for field, share in _WEIGHTS.items():
            for term in hashes:
                idf, lists = self._lists(field, term)
                if idf > 0:
                    terms.append(_Term(field, share * idf, lists))
        return sorted(terms, key=lambda term: -term.weight)

    def _lists(self, field: str, term: int) -> tuple[float, tuple[PostingList | None, ...]]:
        known = self._known.get((field, term))
        if known is None:
            lists = tuple(part.fields[field].of(term) for part in self._parts)
            df = sum(
                len(one.rows) if mask is None else int(mask[one.rows].sum())
                for one, mask in zip(lists, self._living, strict=True)
                if one is not None
            )
            idf = float(np.log(1 + (self._count - df + 0.5) / (df + 0.5))) if df else 0.0
            known = idf, lists
            if len(self._known) < _MOST_KNOWN:
                self._known[field, term] = known
        return known


def _few(allowed: Mask | None, lists: Sequence[PostingList]) -> NDArray[np.uint32] | None:
    """The rows that count, where looking these up in all lists is quicker than walking along the lists."""
    if allowed is None or np.count_nonzero(allowed) * _LOOKUP_COST * len(lists) >= sum(len(one.rows) for one in lists):
        return None
    # The type of the lists: with another one, numpy would convert whole lists to look something up in them.
    return np.flatnonzero(allowed).astype(np.uint32)


def _looked_up(one: PostingList, rows: NDArray[np.uint32]) -> tuple[Mask, NDArray[np.int64]]:
    """Which of some rows hold a word, and the places of these in its list."""
    places = np.searchsorted(one.rows, rows)
    places[places == len(one.rows)] = 0
    hit: Mask = one.rows[places] == rows
    return hit, places[hit]


def _nth_best(scores: Scores, wanted: int) -> float:
    """A score that at least `wanted` rows reach, and not much more; 0 where fewer have any.

    The best of each group stands for all of it. Rows of a group lie far apart, so that all groups are compared at once.
    """
    size = max(1, min(_GROUP, len(scores) // (_GROUPS_PER_HIT * wanted)))
    best = np.maximum.reduce(scores[: len(scores) // size * size].reshape(size, -1), axis=0)
    if len(best) < wanted:
        return 0.0
    return max(0.0, float(np.partition(best, len(best) - wanted)[len(best) - wanted]))


def _suffix_sums(values: Sequence[float]) -> list[float]:
    """For each value the sum of it and all behind it, a little more than less; and 0 at the end."""
    sums = [0.0]
    for value in reversed(values):
        sums.append(sums[-1] + value * (1 + 1e-5))
    return sums[::-1]
