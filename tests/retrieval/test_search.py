import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.retrieval.conftest import plain

from plimsoll.kernel.errors import ConflictError, InvalidError
from plimsoll.retrieval import Hit, Snapshot, open_index

if TYPE_CHECKING:
    from tests.retrieval.conftest import HashEmbedder, Library

_TEXT = plain(mode="text")
_VECTOR = plain(mode="vector")


def _documents(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.passage.document for hit in hits]


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_each_mode_finds_what_was_asked_for(ships: "Library", mode: Any) -> None:
    hits = ships.open().search("clippers with tea", plain(mode=mode))
    assert hits[0].passage.document == "tea.txt"


def test_a_hit_shows_exactly_where_it_stands(ships: "Library") -> None:
    hit = ships.open().search("Who fought for the load line?")[0]
    passage = hit.passage
    assert passage.text == ships.texts["line.txt"][passage.start : passage.end]
    assert (passage.document, passage.title, passage.page) == ("line.txt", "About line.txt", 1)
    assert len(passage.id) == 16
    assert int(passage.id, 16) >= 0
    assert hit.text_rank == 1
    assert hit.text_score is not None
    assert hit.vector_score is not None


def test_words_match_without_case_accents_and_endings(ships: "Library") -> None:
    index = ships.open()
    assert _documents(index.search("ROPE splicing", _TEXT)) == ["rope.txt"]
    assert _documents(index.search("clípper râcing", _TEXT)) == ["tea.txt"]


def test_a_title_is_searched_too(ships: "Library") -> None:
    assert ships.open().search("rope.txt", _TEXT)[0].passage.document == "rope.txt"


def test_modes_tell_only_what_they_measured(ships: "Library") -> None:
    index = ships.open()
    text, vector = index.search("tea", _TEXT)[0], index.search("tea", _VECTOR)[0]
    assert (text.vector_score, text.vector_rank, text.text_rank) == (None, None, 1)
    assert (vector.text_score, vector.text_rank, vector.vector_rank) == (None, None, 1)


def test_passages_keep_their_names_in_every_snapshot(ships: "Library") -> None:
    before = {hit.passage.id for hit in ships.open().search("tea")}
    ships.texts["new.txt"] = "Nothing to do with it."
    ships.texts.pop("rope.txt")
    assert ships.open().search("tea", _TEXT)[0].passage.id in before


@pytest.mark.parametrize("query", ["", "  \n", "\ud800", "?!", "the of and", "\x00"])
@pytest.mark.parametrize("mode", ["hybrid", "text"])
def test_a_question_without_words_finds_nothing_or_what_is_like_it(ships: "Library", query: str, mode: Any) -> None:
    hits = ships.open().search(query, plain(mode=mode))
    assert all(hit.text_rank is None for hit in hits)
    assert not (mode == "text" and hits)


def test_an_empty_index_finds_nothing(library: "Library") -> None:
    for texts in ({}, {"empty.txt": " \n"}):
        library.texts = texts
        with_nothing = library.open()
        assert with_nothing.chunk_count == 0
        assert with_nothing.search("anything") == ()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.one_of(st.text(max_size=200), st.sampled_from(["tea AND (", 'title:"x"~2 OR *', "/.*/", "+-!", "a^9 tea"]))
)
def test_no_question_is_query_syntax(ships: "Library", query: str) -> None:
    hits = ships.open().search(query)
    assert len(hits) <= 6
    assert [hit.passage.score for hit in hits] == sorted((hit.passage.score for hit in hits), reverse=True)


def test_operators_mean_nothing(ships: "Library") -> None:
    index = ships.open()
    assert index.search("tea -clippers NOT season", _TEXT) == index.search("tea clippers not season", _TEXT)


def test_a_very_long_question_is_cut(ships: "Library") -> None:
    index = ships.open()
    filler = " ".join(f"w{number}" for number in range(200))
    assert index.search(f"{filler} tea", _TEXT) == ()
    assert _documents(index.search("tea " * 100_000 + filler, _TEXT)) == ["tea.txt"]


@pytest.mark.parametrize("mode", ["hybrid", "text", "vector"])
def test_equals_come_in_an_order_that_other_documents_do_not_change(library: "Library", mode: Any) -> None:
    library.texts = {f"{number}.txt": "the same rope" for number in range(30)}
    few = plain(mode=mode, top_k=5, candidates=5)
    before = _documents(library.open().search("same rope", few))
    library.texts |= {f"other{number}.txt": "different sea" for number in range(100)}
    after = _documents(library.open().search("same rope", few))
    assert before == after
    assert len(set(before)) == 5


def test_top_k_may_be_more_than_candidates_and_than_there_is(ships: "Library") -> None:
    index = ships.open()
    assert len(index.search("rope tea ship", plain(top_k=3, candidates=1))) == 3
    assert len(index.search("rope tea ship", plain(mode="vector", top_k=200))) <= index.chunk_count


def test_an_incremental_index_searches_like_a_fresh_one(ships: "Library", new_library: Any) -> None:
    ships.open()
    ships.texts["rope.txt"] = "Ropes of steel pull tea ashore."
    fresh = new_library()
    fresh.texts = dict(ships.texts)
    assert ships.open().search("tea rope") == fresh.open().search("tea rope")


def test_another_embedder_is_refused(
    ships: "Library", other_embedder: "HashEmbedder", longer_embedder: "HashEmbedder"
) -> None:
    snapshot = ships.snapshot()
    for embedder in (other_embedder, longer_embedder):
        with pytest.raises(InvalidError) as caught:
            open_index(snapshot, ships.blobs, ships.engine, embedder)
        assert caught.value.code == "embedder_mismatch"
    assert not ships.folder.exists()


def test_a_closed_index_says_so(ships: "Library") -> None:
    index = ships.open()
    index.close()
    index.close()
    with pytest.raises(ConflictError):
        index.search("tea")


def test_threads_find_the_same(ships: "Library") -> None:
    index = ships.open()
    start = threading.Barrier(4)

    def ask(question: str) -> tuple[Hit, ...]:
        start.wait()
        return index.search(question)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, ["tea", "rope", "tea", "rope"]))
    assert found[0] == found[2] == index.search("tea")
    assert found[1] == found[3] == index.search("rope")


def test_several_segments_are_one_index(library: "Library") -> None:
    library.texts = {f"doc{number}.txt": f"number{number} of many" for number in range(300)}
    snapshot: Snapshot = library.snapshot()
    assert len(snapshot.segments) == 64
    index = library.open(snapshot)
    assert index.chunk_count == 300
    for number in (0, 77, 299):
        assert index.search(f"number{number}")[0].passage.document == f"doc{number}.txt"
