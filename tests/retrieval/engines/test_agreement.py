"""Every engine finds what the embedded one finds, with the same scores: what is asked of a release does not depend on
where its index is kept."""

import tempfile
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


def answers(index: Index, question: Question) -> list[tuple[object, ...]]:
    """What an index finds, without its row numbers, in one order."""
    text, about, limit, wanted, asking = question
    vector = None if about is None else vector_of(about)
    found = index.find(Query(text, vector, limit, Filter.from_json(wanted), asking))
    chunks = index.read(found.rows.tolist())
    assert np.all(np.diff(found.rows) > 0)
    return sorted(
        (
            chunk.document,
            chunk.ordinal,
            round(float(found.text_scores[place]), 4),
            int(found.text_ranks[place]),
            round(float(found.vector_scores[place]), 5),
            int(found.vector_ranks[place]),
        )
        for place, chunk in enumerate(chunks)
    )


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
        assert answers(theirs, question) == answers(ours, question), question
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
