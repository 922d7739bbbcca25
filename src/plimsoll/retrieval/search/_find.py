"""Asking an index: the question and its variants by words and by vectors, joined to one pool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from plimsoll.models import Embedder
from plimsoll.models.embedders import embed_query

from .._filter import NO_FILTER, Condition, Filter
from .._types import Candidates, Found, Index, Mode, Query, Rows
from .._words import query_words, words
from ..signals import Thesaurus, asked, name_scores
from ._pool import Pool, pooled, widened
from ._types import RetrieverSettings

_MOST_CHARACTERS: Final = 20_000
_NAMED_DOCUMENTS: Final = 3
_LEAST_NAME_SCORE: Final = 0.1
"""A question that says so much of a document's name is also searched in that document alone."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents may be found."""

    filter: Filter = NO_FILTER
    groups: frozenset[str] | None = None
    """Of who asks; None asks for the project itself and finds everything."""


EVERYTHING: Final = Scope()


@dataclass(frozen=True, slots=True)
class Asking:
    """One way to ask: a text for the full text search, empty for none, and a vector."""

    text: str
    """With what a thesaurus adds."""
    words: tuple[str, ...]
    """Those of `text` by which is searched."""
    vector: NDArray[np.float32] | None


def plain(question: str) -> str:
    """The question as text that can be written as UTF-8, and no longer than is of use."""
    return question[:_MOST_CHARACTERS].encode("utf-8", "replace").decode().strip()


def askings(
    questions: Sequence[str], embedder: Embedder, settings: RetrieverSettings, thesaurus: Thesaurus | None
) -> list[Asking]:
    """How each question is put to the index."""
    return [_asking(question, embedder, settings.mode, thesaurus) for question in questions]


def _asking(question: str, embedder: Embedder, mode: Mode, thesaurus: Thesaurus | None) -> Asking:
    text = question if thesaurus is None else thesaurus.expanded(question)
    return Asking(
        text=_told(text) if mode != "vector" else "",
        words=tuple(query_words(text)),
        vector=embed_query(embedder, question) if mode != "text" else None,
    )


def _told(text: str) -> str:
    """The words of a text that tell texts apart, as they are spelled, and what neighbours make when written as one."""
    telling, everything = dict.fromkeys(query_words(text)), frozenset(words(text))
    kept = [part for part in text.split() if not telling.keys().isdisjoint(words(part))]
    return " ".join([*kept, *(word for word in telling if word not in everything)])


def find_all(
    index: Index, question: str, ways: Sequence[Asking], scope: Scope, settings: RetrieverSettings
) -> tuple[Pool, list[Found]]:
    """Everything that one of the searches found, and the chunks themselves. Raises IndexClosedError."""
    limit = max(settings.candidates, settings.top_k)
    queries = [Query(way.text, way.vector, limit, scope.filter, scope.groups) for way in ways]
    found = [index.find(query) for query in queries]
    known = _read(index, found[0].rows, {})
    named = _named(question, list(known.values()))
    if named:
        found[0] = widened(found[0], index.find(replace(queries[0], filter=_within(scope.filter, named))))
    pool = pooled(found, _cosines(index, found, ways), vector_weight=settings.vector_weight)
    known |= _read(index, pool.rows, known)
    return pool, [known[row] for row in pool.rows.tolist()]


def _read(index: Index, rows: Rows, known: Mapping[int, Found]) -> dict[int, Found]:
    """The chunks of those rows that are not known."""
    missing = [row for row in rows.tolist() if row not in known]
    return dict(zip(missing, index.read(missing), strict=True))


def _named(question: str, chunks: Sequence[Found]) -> tuple[str, ...]:
    """Paths of the documents whose names the question says, at most 3; none where all stand in as many."""
    titles = {chunk.document: chunk.title for chunk in chunks}
    if len(titles) <= _NAMED_DOCUMENTS:
        return ()
    scores = name_scores(asked(question), list(titles.items()))
    best = np.argsort(-scores, kind="stable")[:_NAMED_DOCUMENTS]
    paths = list(titles)
    return tuple(sorted(paths[place] for place in best if scores[place] >= _LEAST_NAME_SCORE))


def _within(given: Filter, paths: tuple[str, ...]) -> Filter:
    return Filter((*given.conditions, Condition("path", "in", paths)))


def _cosines(index: Index, found: Sequence[Candidates], ways: Sequence[Asking]) -> NDArray[np.float64] | None:
    """Of every row to every way to ask; None where one search has said it all, or vectors are not searched."""
    vectors = [way.vector for way in ways if way.vector is not None]
    if len(found) == 1 or len(vectors) < len(ways):
        return None
    rows = np.unique(np.concatenate([one.rows for one in found]))
    return np.asarray(index.vectors(rows.tolist()) @ np.stack(vectors).T, np.float64)
