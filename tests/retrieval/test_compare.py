"""Two indexes are compared by what they find for the same questions."""

from collections.abc import Sequence
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.retrieval.conftest import HashEmbedder, Library, Opened, plain

from plimsoll.models import Passage
from plimsoll.retrieval import Hit, Snapshot, open_index, write_segment
from plimsoll.retrieval.compare import RankMove, Search, compare_indexes

found = st.lists(st.text("abcdef", min_size=1, max_size=1), max_size=6, unique=True)


def hit(name: str) -> Hit:
    """A hit whose passage is called after its document's first letter and more: `a1` stands in `a`."""
    passage = Passage(id=name, document=name[0], title="", page=1, start=0, end=1, text="", score=1.0)
    return Hit(passage, None, None, None, None)


def finds(*names: str) -> Search:
    def search(_: str) -> Sequence[Hit]:
        return [hit(name) for name in names]

    return search


def test_documents_and_passages_that_came_went_and_moved() -> None:
    change = compare_indexes(finds("a1", "b1", "b2", "c1"), finds("b1", "a2", "d1"), ["Why?"], 4)
    (probe,) = change.probes
    assert (probe.documents.kept, probe.documents.lost, probe.documents.gained) == (("b", "a"), ("c",), ("d",))
    assert probe.documents.moves == (RankMove("b", 2, 1), RankMove("a", 1, 2))
    assert (probe.passages.kept, probe.passages.lost) == (("b1",), ("a1", "b2", "c1"))
    assert (change.document_overlap, change.passage_overlap) == (2 / 3, 1 / 4)


def test_only_the_first_few_are_compared() -> None:
    change = compare_indexes(finds("a1", "b1", "c1"), finds("a1", "b1", "d1"), ["Why?"], 2)
    assert (change.changed, change.passage_overlap, change.worst) == (0, 1.0, ())


@given(found, found)
def test_kept_lost_and_gained_make_up_both_lists(old: list[str], new: list[str]) -> None:
    (probe,) = compare_indexes(finds(*old), finds(*new), ["Why?"], 9).probes
    change = probe.passages
    assert {*change.kept, *change.lost} == set(old)
    assert {*change.kept, *change.gained} == set(new)
    assert 0 <= change.overlap <= 1
    assert (change.overlap == 1) == (set(old) == set(new))
    assert change.changed == (old != new)


@given(found)
def test_the_same_search_keeps_everything(names: list[str]) -> None:
    change = compare_indexes(finds(*names), finds(*names), ["One?", "Two?"], 9)
    assert (change.changed, change.document_overlap, change.worst) == (0, 1.0, ())


def test_the_worst_questions_come_first() -> None:
    answers = {f"Q{number}": [f"{letter}1" for letter in "abcdefgh"[:number]] for number in range(1, 8)}

    def new(probe: str) -> Sequence[Hit]:
        return [hit(name) for name in answers[probe]]

    change = compare_indexes(finds(*(f"{letter}1" for letter in "abcdefg")), new, list(answers), 7)
    assert [probe.probe for probe in change.worst] == ["Q1", "Q2", "Q3", "Q4", "Q5"]
    assert change.changed == 6


def test_without_questions_nothing_is_claimed() -> None:
    change = compare_indexes(finds("a1"), finds("b1"), [], 3)
    assert (change.document_overlap, change.passage_overlap, change.changed) == (None, None, 0)


def search_of(library: Library, embedder: HashEmbedder) -> Search:
    """The library's documents as an index made with this embedder."""
    members = [library.document(path) for path in sorted(library.texts)]
    vectors = embedder.embed([text for member in members for text in member.embedding_texts()])
    segment = write_segment(library.blobs, members, vectors)
    snapshot = Snapshot(embedder.fingerprint, embedder.dimension, "test", (segment,))
    index = open_index(snapshot, library.blobs, library.engine, embedder)
    return partial(Opened(index, embedder).search, settings=plain(top_k=4))


def test_indexes_of_different_embedders_are_compared_each_with_its_own(
    ships: Library, longer_embedder: HashEmbedder
) -> None:
    old, new = search_of(ships, HashEmbedder()), search_of(ships, longer_embedder)
    change = compare_indexes(old, new, ["How deep may a ship lie in the water?", "Who raced with tea?"], 4)
    assert change.document_overlap == pytest.approx(1.0)


def test_a_document_that_went_is_lost(ships: Library) -> None:
    old = search_of(ships, HashEmbedder())
    del ships.texts["tea.txt"]
    change = compare_indexes(old, search_of(ships, HashEmbedder()), ["Who raced with the first tea?"], 4)
    assert change.changed == 1
    assert change.worst[0].documents.lost == ("tea.txt",)
    assert change.to_json()["changed"] == 1
