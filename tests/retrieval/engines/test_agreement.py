"""Every engine finds what the embedded one finds, with the same scores: what is asked of a release does not depend on
where its index is kept."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.retrieval.engines.conftest import NewStore
from tests.retrieval.engines.shelf import (
    DIMENSION,
    Opener,
    Shelf,
    documents,
    embedded,
    groups,
    texts,
    values,
    vector_of,
)

from plimsoll.kernel.digest import Json
from plimsoll.retrieval import Filter, Index, IndexedDocument
from plimsoll.retrieval.engines import Query
from plimsoll.retrieval.engines.lance import LanceIndexes, LanceSettings
from plimsoll.retrieval.engines.pgvector import PgvectorIndexes

fields = st.sampled_from(["kind", "year", 'odd "name"', "path", "title", "language", "never"])
conditions = st.one_of(
    values,
    st.dictionaries(st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), values, min_size=1, max_size=2),
    st.fixed_dictionaries({"in": st.lists(values, max_size=3)}),
    st.fixed_dictionaries({"starts_with": st.sampled_from(["", "a", "ä", "x'", "%", "_"])}),
)
filters: st.SearchStrategy[Any] = st.one_of(st.just({}), st.dictionaries(fields, conditions, max_size=2))
questions = st.tuples(
    st.one_of(texts, st.just(""), st.sampled_from(["unknown", "the", "^rope", "rope*", "AND"])),
    st.one_of(st.none(), texts),
    st.integers(1, 12),
    filters,
    st.one_of(st.none(), groups.map(frozenset), st.just(frozenset[str]())),
)
NEAR = 1e-5

Question = tuple[str, str | None, int, Json, frozenset[str] | None]


@pytest.fixture(params=["lance", "lance with indexes", "pgvector"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    if request.param != "pgvector":
        # So few vectors are all looked at exactly, with an index as well.
        return lance(tmp_path, LanceSettings(0) if "with" in request.param else LanceSettings())
    new_store: NewStore = request.getfixturevalue("new_store")
    indexes = PgvectorIndexes(new_store(DIMENSION))
    return lambda shelf, snapshot: indexes.open(snapshot, shelf.read)


def lance(folder: Path, settings: LanceSettings) -> Opener:
    def open_lance(shelf: Shelf, snapshot: object) -> Index:
        return LanceIndexes(tempfile.mkdtemp(dir=folder), settings=settings).open(snapshot, shelf.read)  # type: ignore[arg-type]

    return open_lance


Leg = list[tuple[tuple[object, int], float]]
"""What one way of searching finds: chunks with their scores, best first."""


def answers(index: Index, question: Question) -> tuple[Leg, Leg]:
    """What an index finds by words and by vectors, without its row numbers."""
    text, about, limit, wanted, asking = question
    vector = None if about is None else vector_of(about)
    found = index.find(Query(text, vector, limit, Filter.from_json(wanted), asking))
    chunks = [(chunk.document, chunk.ordinal) for chunk in index.read(found.rows.tolist())]
    assert np.all(np.diff(found.rows) > 0)
    return leg(chunks, found.text_ranks, found.text_scores), leg(chunks, found.vector_ranks, found.vector_scores)


def leg(chunks: list[tuple[str, int]], ranks: Any, scores: Any) -> Leg:
    """The chunks that have a rank, in its order; ranks count from 1 without a gap."""
    ordered = sorted((int(rank), chunks[place], float(scores[place])) for place, rank in enumerate(ranks) if rank)
    assert [rank for rank, _, _ in ordered] == list(range(1, len(ordered) + 1))
    return [(chunk, score) for _, chunk, score in ordered]


def agree(theirs: Index, ours: Index, question: Question) -> None:
    """Scores are floating point numbers that differ in their last digits: what only these tell apart may change place.

    Chunks that have exactly the same score on both sides keep their order.
    """
    for their_leg, our_leg in zip(answers(theirs, question), answers(ours, question), strict=True):
        assert np.allclose([score for _, score in their_leg], [score for _, score in our_leg], rtol=NEAR, atol=NEAR), (
            question
        )
        known, their_known = dict(our_leg), dict(their_leg)
        for (their_chunk, their_score), (our_chunk, our_score) in zip(their_leg, our_leg, strict=True):
            if their_chunk != our_chunk:
                # One that is not found by us scores like the last that is.
                other = known.get(their_chunk, our_leg[-1][1])
                is_tie = known.get(their_chunk) == our_score and their_known.get(our_chunk) == their_score
                assert not is_tie, question
                assert np.isclose(their_score, other, rtol=NEAR, atol=NEAR), question
                assert np.isclose(our_score, other, rtol=NEAR, atol=NEAR), question


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(documents, max_size=8, unique_by=lambda each: each.path), st.lists(questions, min_size=1, max_size=6))
def test_all_engines_find_the_same(
    opener: Opener, tmp_path: Path, members: list[IndexedDocument], asked: list[Question]
) -> None:
    shelf = Shelf({each.path: each for each in members})
    snapshot = shelf.snapshot()
    ours = embedded(Path(tempfile.mkdtemp(dir=tmp_path)))(shelf, snapshot)
    theirs = opener(shelf, snapshot)
    assert theirs.chunk_count == ours.chunk_count
    for question in asked:
        agree(theirs, ours, question)
    if ours.chunk_count:
        for index in (ours, theirs):
            rows = index.find(Query("rope tea load line", vector_of("mast"), 100)).rows.tolist()
            for row, chunk in zip(rows, index.read(rows), strict=True):
                member = shelf.documents[chunk.document]
                original = member.chunks[chunk.ordinal]
                assert (chunk.text, chunk.page, chunk.headings) == (original.text, original.page, original.headings)
                assert chunk.metadata == member.metadata
                assert index.span(row, 0, 10**6) == member.text
                assert index.span(row, 2, 9) == member.text[2:9]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.lists(documents, max_size=5, unique_by=lambda each: each.path), min_size=2, max_size=4),
    st.lists(questions, min_size=1, max_size=6),
    st.sampled_from([0, 3, 5_000]),
)
def test_all_engines_find_the_same_in_every_snapshot_of_one_place(
    growing: Callable[[int], Opener],
    tmp_path: Path,
    stages: list[list[IndexedDocument]],
    asked: list[Question],
    least_unindexed: int,
) -> None:
    """Documents come, change and go, and indexes of filters and groups have taken in some of that and not the rest."""
    shelf, open_theirs = Shelf(), growing(least_unindexed)
    open_ours = embedded(Path(tempfile.mkdtemp(dir=tmp_path)))
    for number, stage in enumerate(stages):
        for one in stage:
            shelf.add(one)
        if number % 2 and shelf.documents:
            shelf.documents.pop(min(shelf.documents))
        snapshot = shelf.snapshot()
        ours, theirs = open_ours(shelf, snapshot), open_theirs(shelf, snapshot)
        assert theirs.chunk_count == ours.chunk_count
        for question in asked:
            agree(theirs, ours, question)


@pytest.fixture(params=["lance", "pgvector"])
def growing(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], Opener]:
    """One place for all snapshots; told above how many new chunks indexes take them in."""

    def make(least_unindexed: int) -> Opener:
        if request.param == "pgvector":
            new_store: NewStore = request.getfixturevalue("new_store")
            indexes: PgvectorIndexes | LanceIndexes = PgvectorIndexes(new_store(DIMENSION))
        else:
            told = LanceSettings(0, least_unindexed=least_unindexed, most_files=3)
            indexes = LanceIndexes(tempfile.mkdtemp(dir=tmp_path), settings=told)
        return lambda shelf, snapshot: indexes.open(snapshot, shelf.read)

    return make
