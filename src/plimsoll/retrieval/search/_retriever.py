"""A search from the question to the hits: expand, find, join, rank, rerank, diversify, widen, judge."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from plimsoll.kernel.errors import PlimsollError
from plimsoll.models import Embedder

from .._types import Found, Index, Numbers
from ..signals import CountsWords, Signals, Thesaurus, count_words
from ._cut import worthwhile
from ._diverse import diverse_order
from ._features import features
from ._find import EVERYTHING, Asking, Scope, askings, find_all, plain
from ._passages import Ranked, Stretch, gathered, hit, part_of, stretches
from ._pool import Pool, fused, share_of_best
from ._ranker import Ranker, builtin_ranker
from ._soft import WordLikeness
from ._types import Paraphraser, Rescorer, Retrieval, RetrieverSettings
from .narrowing import Narrowing, Told, chunk_facts

_DEFAULTS: Final = RetrieverSettings()
_USUAL_FOCUS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Aids:
    """What may help a search; each may be missing."""

    thesaurus: Thesaurus | None = None
    """Words to add to those of a question."""
    paraphraser: Paraphraser | None = None
    """Makes the variants for which the settings ask."""
    reranker: Rescorer | None = None
    """Reads the best candidates again."""
    likeness: WordLikeness | None = None
    """Compares single words, for the ranker."""
    narrowing: Narrowing | None = None
    """Chooses sentences, where the settings ask for it."""
    ranker: Ranker = field(default_factory=builtin_ranker)


@dataclass(frozen=True, slots=True)
class Studied:
    """The candidates of a question and their features, in one order."""

    features: Signals
    found: tuple[Found, ...]


class Retriever:
    """Searches one open index.

    Several searches may run at once. Whatever computes runs in threads, so that the loop stays free.
    """

    def __init__(
        self, index: Index, embedder: Embedder, settings: RetrieverSettings = _DEFAULTS, *, aids: Aids | None = None
    ) -> None:
        self.index = index
        self.settings = settings
        self._embedder = embedder
        self._aids = aids or Aids()

    async def retrieve(self, question: str, scope: Scope = EVERYTHING) -> Retrieval:
        """The best passages for a question, of the documents in a scope.

        Without a paraphraser or a reranker that fails it goes on, and says so in `notes`. Raises IndexClosedError.
        """
        asked = plain(question)
        if not asked:
            return Retrieval((), (), 0.0, ())
        notes: list[str] = []
        questions = [asked, *await self._variants(asked, notes)]
        order = await asyncio.to_thread(self._ordered, questions, scope)
        order = await self._reranked(asked, order, notes)
        return await asyncio.to_thread(self._finished, order, tuple(questions), tuple(notes))

    def study(self, question: str, scope: Scope = EVERYTHING) -> Studied:
        """What the ranker is given for a question, to train one. Raises IndexClosedError."""
        asked = plain(question)
        ways = askings([asked], self._embedder, self.settings, self._aids.thesaurus)
        pool, found = find_all(self.index, asked, ways, scope, self.settings)
        return Studied(self._features(asked, ways[0], pool, found), tuple(found))

    def close(self) -> None:
        """Let go of the index; searches that are running still finish."""
        self.index.close()

    async def _variants(self, question: str, notes: list[str]) -> list[str]:
        paraphraser, count = self._aids.paraphraser, self.settings.variants
        if paraphraser is None or not count:
            return []
        try:
            return [made for one in await paraphraser.variants(question, count) if (made := plain(one))][:count]
        except PlimsollError as error:
            notes.append(f"searched without variants of the question: {error}")
            return []

    def _ordered(self, questions: Sequence[str], scope: Scope) -> list[Ranked]:
        """All candidates, best first."""
        settings = self.settings
        ways = askings(questions, self._embedder, settings, self._aids.thesaurus)
        pool, found = find_all(self.index, questions[0], ways, scope, settings)
        if not found:
            return []
        known = self._features(questions[0], ways[0], pool, found)
        ranker = self._aids.ranker
        ranked = ranker.scores(known)
        relevances = ranker.relevances(known, ranked)
        builtin = settings.ranking == "builtin"
        scores = ranked if builtin else fused(pool, settings.fusion, vector_weight=settings.vector_weight)
        order = _best_first(pool, found, scores, relevances)
        if not self._narrows:
            return [one for _, one in order]
        facts = chunk_facts(known, ranked)
        return [replace(one, known=facts[place]) for place, one in order]

    @property
    def _narrows(self) -> bool:
        return self.settings.narrow and self._aids.narrowing is not None

    def _features(self, question: str, way: Asking, pool: Pool, found: Sequence[Found]) -> Signals:
        searched = way.vector is not None
        rows = pool.rows.tolist()
        vectors = self.index.vectors(rows) if searched else None
        known = self.index.count(rows, way.words) if isinstance(self.index, CountsWords) else None
        counts = count_words(way.words, found, known)
        return features(question, counts, pool, found, vectors=vectors, likeness=self._aids.likeness)

    async def _reranked(self, question: str, order: list[Ranked], notes: list[str]) -> list[Ranked]:
        reranker, weight = self._aids.reranker, self.settings.rerank_weight
        first = order[: self.settings.rerank_depth]
        if reranker is None or not first or weight == 0:
            return order
        try:
            given = np.array(await reranker.scores(question, [one.found.text for one in first]))
        except PlimsollError as error:
            notes.append(f"ordered without {reranker.name}: {error}")
            return order
        before = np.array([one.score for one in first])
        scores = (1 - weight) * _from_0_to_1(before) + weight * _from_0_to_1(given)
        places = np.argsort(-scores, kind="stable")
        below = order[len(first) :]
        highest = max((one.score for one in below), default=0.0)
        return [replace(first[place], score=highest + 1 + float(scores[place])) for place in places] + below

    def _finished(self, order: list[Ranked], asked: tuple[str, ...], notes: tuple[str, ...]) -> Retrieval:
        """Diversified, cut, widened."""
        settings = self.settings
        kept = [one for one in order if one.relevance >= settings.least_relevance]
        if settings.diversity > 0:
            kept = self._diversified(kept)
        if self._narrows:
            chosen = self._narrowed(asked[0], kept)
        else:
            kept = self._worthwhile(kept) if settings.focus > 0 else kept
            chosen = stretches(kept, parents=settings.parents, merge=settings.merge, limit=settings.top_k)
        return Retrieval(
            hits=tuple(hit(one, self.index) for one in chosen),
            relevances=tuple(one.best.relevance for one in chosen),
            relevance=max((one.relevance for one in order), default=0.0),
            asked=asked,
            notes=notes,
        )

    def _diversified(self, ranked: list[Ranked]) -> list[Ranked]:
        pool = ranked[: max(4 * self.settings.top_k, self.settings.rerank_depth)]
        if not pool:
            return pool
        vectors = self.index.vectors([one.row for one in pool])
        scores = np.array([one.score for one in pool])
        count = len(pool)
        return [pool[place] for place in diverse_order(scores, vectors, count=count, diversity=self.settings.diversity)]

    def _narrowed(self, question: str, ranked: list[Ranked]) -> list[Stretch]:
        settings, narrowing = self.settings, self._aids.narrowing
        first = [one for one in ranked[: settings.top_k] if one.known is not None]
        told = [Told(one.found.text, one.known, one.found.language) for one in first if one.known is not None]
        parts = [] if narrowing is None else narrowing.narrowed(question, told, settings.focus or _USUAL_FOCUS)
        narrow = (part_of(first[part.chunk], part.start, part.end) for part in parts)
        return gathered(narrow, merge=settings.merge, limit=settings.top_k)

    def _worthwhile(self, ranked: list[Ranked]) -> list[Ranked]:
        first = ranked[: self.settings.top_k]
        relevances = np.array([one.relevance for one in first])
        lengths = np.array([one.found.end - one.found.start for one in first], np.float64)
        return first[: worthwhile(relevances, lengths, self.settings.focus)]


def _best_first(pool: Pool, found: Sequence[Found], scores: Numbers, relevances: Numbers) -> list[tuple[int, Ranked]]:
    """The candidates with their places in the pool.

    Equals stand in the order of their ranks and then of their documents, since rows say nothing.
    """
    own = pool.own
    order = sorted(
        range(len(found)),
        key=lambda place: (
            -scores[place],
            _rank(int(own.text_ranks[place])),
            _rank(int(own.vector_ranks[place])),
            found[place].document,
            found[place].start,
        ),
    )
    searched_vectors = bool(own.vector_ranks.any())
    return [
        (
            place,
            Ranked(
                row=int(pool.rows[place]),
                found=found[place],
                score=float(scores[place]),
                relevance=float(relevances[place]),
                vector_score=float(own.vector_scores[place]) if searched_vectors else None,
                text_score=float(own.text_scores[place]) if own.text_ranks[place] else None,
                vector_rank=int(own.vector_ranks[place]) or None,
                text_rank=int(own.text_ranks[place]) or None,
            ),
        )
        for place in order
    ]


def _rank(rank: int) -> float:
    return rank or float("inf")


def _from_0_to_1(scores: Numbers) -> Numbers:
    """0 for the worst, 1 for the best; rerankers differ in what their scores mean."""
    return share_of_best(scores - scores.min())
