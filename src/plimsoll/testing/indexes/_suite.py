"""The suite for index engines."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import ConflictError
from plimsoll.retrieval import Filter, Index
from plimsoll.retrieval.engines import Query

from ._library import DIMENSION, Shelved, shelved, vector_of

OpenSnapshot = Callable[[Sequence[Shelved]], Index]
"""Opens the snapshot of some documents, in one place for all snapshots of a test."""

_SHIPS = (
    shelved("line.txt", "the load line shows how deep a ship may lie", "Plimsoll fought for it", title="Load lines"),
    shelved("rope.txt", "a rope is made of many strands of hemp", title="Ropes"),
    shelved("tea.txt", "clippers raced from China with the first tea of the season", title="Tea"),
)
_FIELDS = (
    shelved("a", "rope", metadata={"year": 2023, "kind": "contract", "signed": True}, language="de"),
    shelved("b", "rope", metadata={"year": 2024.5, "kind": "it's; DROP TABLE chunk --", "signed": False}),
    shelved("c", "rope", metadata={"year": "2024", "kind": "contra"}),
    shelved("d", "rope", metadata={"signed": 1}),
)
_FILTERS: tuple[tuple[Json, str], ...] = (
    ({}, "abcd"),
    ({"year": 2023}, "a"),
    ({"year": {"gt": 2023}}, "b"),
    ({"year": {"gte": 2023, "lte": 2024}}, "a"),
    ({"year": {"lt": 2023}}, ""),
    ({"year": "2024"}, "c"),
    ({"year": {"ne": 2023}}, "bc"),
    ({"kind": "it's; DROP TABLE chunk --"}, "b"),
    ({"kind": "' OR '1'='1"}, ""),
    ({"kind": {"starts_with": "contra"}}, "ac"),
    ({"kind": {"starts_with": "%"}}, ""),
    ({"kind": {"in": ["contract", "contra", 7]}}, "ac"),
    ({"kind": {"in": []}}, ""),
    ({"signed": True}, "a"),
    ({"signed": 1}, "d"),
    ({"signed": {"ne": True}}, "bd"),
    ({"language": "de"}, "a"),
    ({"path": {"gte": "c"}}, "cd"),
    ({"nobody has this": {"ne": 1}}, ""),
    ({"year": 2023, "kind": "contra"}, ""),
)


class IndexConformance:
    """Inherit it and override the fixture `open_snapshot`; pytest then runs every case against your engine.

    ```python
    class TestMine(IndexConformance):
        @pytest.fixture
        def open_snapshot(self, tmp_path: Path) -> OpenSnapshot:
            return lambda documents: MyIndexes(tmp_path).open(...)
    ```
    """

    @pytest.fixture
    def open_snapshot(self) -> OpenSnapshot:
        """What is tested; nothing is in its place yet."""
        raise NotImplementedError

    def test_an_empty_snapshot_finds_nothing(self, open_snapshot: OpenSnapshot) -> None:
        """Neither by words nor by a vector."""
        index = open_snapshot([])
        assert index.chunk_count == 0
        assert len(index.find(Query("rope", vector_of("rope"), 10)).rows) == 0

    def test_words_find_the_chunks_that_hold_them(self, open_snapshot: OpenSnapshot) -> None:
        """Without case and endings, and by the title above a chunk."""
        index = open_snapshot(_SHIPS)
        assert _by_text(index, "ROPE") == ["rope.txt"]
        assert _by_text(index, "strand") == ["rope.txt"]
        assert _by_text(index, "lines") == ["line.txt", "line.txt"]
        assert _by_text(index, "zeppelin") == []

    def test_a_question_is_never_query_syntax(self, open_snapshot: OpenSnapshot) -> None:
        """Operators of query languages mean nothing."""
        index = open_snapshot(_SHIPS)
        for text in (
            "rope*",
            "-rope",
            'rope"',
            "rope)",
            "+rope & !rope",
            "rope:1",
            "'; rope --",
            "words:rope",
            "^rope",
        ):
            assert _by_text(index, text) == ["rope.txt"], text

    def test_a_chunk_that_says_it_more_often_is_better(self, open_snapshot: OpenSnapshot) -> None:
        """Of chunks of the same length."""
        index = open_snapshot([shelved("once", "rope of hemp"), shelved("twice", "rope or rope")])
        assert _by_text(index, "rope") == ["twice", "once"]

    def test_a_rare_word_tells_more_than_a_common_one(self, open_snapshot: OpenSnapshot) -> None:
        """Rare in the snapshot that is asked."""
        many = [shelved(f"{number}", "harbour master") for number in range(8)]
        index = open_snapshot([*many, shelved("rare", "harbour anchor")])
        assert _by_text(index, "harbour anchor")[0] == "rare"

    def test_vectors_find_the_nearest_and_scores_are_exact(self, open_snapshot: OpenSnapshot) -> None:
        """Cosines are those of the vectors that were given, also of chunks that only words found."""
        index = open_snapshot(_SHIPS)
        wanted = vector_of("many strands of hemp")
        found = index.find(Query("clippers", wanted, 1))
        chunks = index.read(found.rows.tolist())
        assert {chunk.document for chunk in chunks} == {"rope.txt", "tea.txt"}
        for place, chunk in enumerate(chunks):
            assert found.vector_scores[place] == pytest.approx(float(vector_of(chunk.text) @ wanted), abs=2e-6)
        assert np.allclose(index.vectors(found.rows.tolist()), [vector_of(chunk.text) for chunk in chunks])

    def test_candidates_say_what_each_search_found(self, open_snapshot: OpenSnapshot) -> None:
        """Rows ascend, ranks count from 1, and what a search did not find has rank 0."""
        found = open_snapshot(_SHIPS).find(Query("ship rope tea", vector_of("tea of the season"), 3))
        assert np.all(np.diff(found.rows) > 0)
        for ranks in (found.text_ranks, found.vector_ranks):
            given = sorted(ranks[ranks > 0].tolist())
            assert given == list(range(1, len(given) + 1))
        assert np.all((found.text_scores > 0) == (found.text_ranks > 0))
        order = np.argsort(found.text_ranks[found.text_ranks > 0])
        assert np.all(np.diff(found.text_scores[found.text_ranks > 0][order]) <= 0)

    def test_only_the_search_that_is_asked_for_is_done(self, open_snapshot: OpenSnapshot) -> None:
        """A question without words has no text ranks, one without a vector no cosines."""
        index = open_snapshot(_SHIPS)
        assert not index.find(Query("", vector_of("tea"), 3)).text_ranks.any()
        only_text = index.find(Query("tea", None, 3))
        assert not only_text.vector_ranks.any()
        assert not only_text.vector_scores.any()

    @pytest.mark.parametrize(("wanted", "expected"), _FILTERS, ids=[str(wanted) for wanted, _ in _FILTERS])
    def test_a_filter_says_what_documents_must_be(
        self, open_snapshot: OpenSnapshot, wanted: Json, expected: str
    ) -> None:
        """In both searches; kinds of values are kept apart, and no value is a part of a query language."""
        index = open_snapshot(_FIELDS)
        chosen = Filter.from_json(wanted)
        for query in (Query("rope", None, 10, chosen), Query("", vector_of("rope"), 10, chosen)):
            assert sorted(_documents(index, query)) == list(expected)

    def test_filters_that_look_alike_are_kept_apart(self, open_snapshot: OpenSnapshot) -> None:
        """Whichever was asked before, of the same open index."""
        index = open_snapshot(_FIELDS)
        wanted: tuple[tuple[Json, str], ...] = (
            ({"signed": True}, "a"),
            ({"signed": 1}, "d"),
            ({"signed": 1.0}, "d"),
            ({"signed": {"in": [True]}}, "a"),
            ({"signed": {"in": [1, "x"]}}, "d"),
            ({"signed": {"ne": 1}}, "ab"),
            ({"signed": {"ne": True}}, "bd"),
        )
        for _ in range(2):
            for conditions, expected in wanted:
                found = _documents(index, Query("rope", vector_of("rope"), 10, Filter.from_json(conditions)))
                assert sorted(found) == list(expected), conditions

    def test_a_long_list_is_a_filter_like_any_other(self, open_snapshot: OpenSnapshot) -> None:
        """Of as many values as a filter may have, of every kind."""
        index = open_snapshot(_FIELDS)
        words = [f"word {number}" for number in range(997)]
        for name, expected in (("year", "b"), ("kind", "a"), ("signed", "a"), ("path", "d")):
            chosen = Filter.from_json({name: {"in": [*words, "contract" if name == "kind" else "d", True, 2024.5]}})
            assert sorted(_documents(index, Query("rope", vector_of("rope"), 10, chosen))) == [expected], name

    @pytest.mark.parametrize(
        ("groups", "expected"),
        [
            (None, ["all", "both", "crew", "it's", "office"]),
            (frozenset[str](), ["all"]),
            (frozenset({"crew"}), ["all", "both", "crew"]),
            (frozenset({"crew", "office"}), ["all", "both", "crew", "office"]),
            (frozenset({"it's"}), ["all", "it's"]),
            (frozenset({"nobody"}), ["all"]),
        ],
        ids=str,
    )
    def test_nobody_finds_what_is_for_others(
        self, open_snapshot: OpenSnapshot, groups: frozenset[str] | None, expected: list[str]
    ) -> None:
        """Neither by words nor by a vector."""
        access = {"all": ["*"], "both": ["crew", "office"], "crew": ["crew"], "office": ["office"], "it's": ["it's"]}
        index = open_snapshot([shelved(path, "rope", access=names) for path, names in access.items()])
        for query in (Query("rope", None, 10, groups=groups), Query("", vector_of("rope"), 10, groups=groups)):
            assert sorted(_documents(index, query)) == expected

    def test_permission_and_filter_are_applied_inside_the_search(self, open_snapshot: OpenSnapshot) -> None:
        """What may not be found takes no place among the best."""
        better = [shelved(f"{number}", "rope rope rope", access=["office"]) for number in range(40)]
        index = open_snapshot([*better, shelved("mine", "rope of hemp and tar", access=["crew"])])
        crew = frozenset({"crew"})
        assert _documents(index, Query("rope", None, 1, groups=crew)) == ["mine"]
        assert _documents(index, Query("", vector_of("rope"), 1, groups=crew)) == ["mine"]
        mine = Filter.from_json({"path": "mine"})
        assert _documents(index, Query("rope", vector_of("rope"), 1, mine)) == ["mine"]

    def test_a_filter_does_not_change_scores(self, open_snapshot: OpenSnapshot) -> None:
        """They are by the figures of the whole snapshot."""
        index = open_snapshot(_SHIPS)
        every = index.find(Query("rope", None, 10))
        some = index.find(Query("rope", None, 10, Filter.from_json({"path": "rope.txt"})))
        assert some.text_scores == pytest.approx(every.text_scores)

    def test_equals_stand_in_an_order_that_other_documents_do_not_change(self, open_snapshot: OpenSnapshot) -> None:
        """So that the same question brings the same chunks in every snapshot that has them."""
        same = [shelved(f"{number}.txt", "the same rope") for number in range(30)]
        query = Query("same rope", vector_of("the same rope"), 5)
        before = _documents(open_snapshot(same), query)
        other = [shelved(f"other{number}.txt", "different sea") for number in range(60)]
        assert _documents(open_snapshot([*same, *other]), query) == before
        assert len(before) == query.limit

    def test_chunks_come_back_as_they_were_given(self, open_snapshot: OpenSnapshot) -> None:
        """With everything that a citation needs, whatever characters they hold."""
        odd = shelved(
            "o\u0304dd/naïve 🚢.txt", "Löwe \x00 rope 🚢", "zwei\r\nrope", title="a'b\\c", metadata={"n": 2**40}
        )
        index = open_snapshot([odd, *_SHIPS])
        rows = index.find(Query("rope", vector_of("rope"), 50, Filter.from_json({"n": 2**40}))).rows.tolist()
        assert len(rows) == len(odd.document.chunks)
        for row, found in zip(rows, index.read(rows), strict=True):
            chunk = odd.document.chunks[found.ordinal]
            assert (found.document, found.title, found.text) == (odd.document.path, "a'b\\c", chunk.text)
            assert (found.start, found.end, found.page, found.parent) == (chunk.start, chunk.end, 1, chunk.parent)
            assert (found.metadata, found.language) == ({"n": 2**40}, "en")
            assert index.span(row, 0, 10**6) == odd.document.text
            assert index.span(row, 3, 9) == odd.document.text[3:9]
        assert [found.ordinal for found in index.read(rows[::-1])] == [f.ordinal for f in index.read(rows)][::-1]

    def test_names_of_chunks_are_the_same_in_every_snapshot(self, open_snapshot: OpenSnapshot) -> None:
        """Rows are not: they belong to one open index."""
        names = []
        for documents in (_SHIPS, _SHIPS[1:], (*_SHIPS, *_FIELDS)):
            index = open_snapshot(documents)
            rows = index.find(Query("hemp", None, 1)).rows.tolist()
            names.append(index.read(rows)[0].id)
        assert len(set(names)) == 1

    def test_a_snapshot_stays_what_it_was(self, open_snapshot: OpenSnapshot) -> None:
        """Whatever others were derived after it, in whatever order, also when it is opened again."""
        changed = (shelved("rope.txt", "wire took the place of hemp"), _SHIPS[2], *_FIELDS)
        first, second = open_snapshot(_SHIPS), open_snapshot(changed)
        for index in (first, open_snapshot(_SHIPS)):
            assert index.chunk_count == _chunks(_SHIPS)
            assert _by_text(index, "hemp strands") == ["rope.txt"]
            assert _by_text(index, "wire") == []
        for index in (second, open_snapshot(changed)):
            assert index.chunk_count == _chunks(changed)
            assert _by_text(index, "wire") == ["rope.txt"]
            assert _by_text(index, "load line") == []

    def test_a_change_of_permission_or_metadata_is_a_change(self, open_snapshot: OpenSnapshot) -> None:
        """Also where the text is the same."""
        open_snapshot([shelved("a", "rope", access=["crew"], metadata={"year": 1})])
        index = open_snapshot([shelved("a", "rope", access=["office"], metadata={"year": 2})])
        assert _documents(index, Query("rope", None, 5, groups=frozenset({"crew"}))) == []
        assert _documents(index, Query("rope", None, 5, Filter.from_json({"year": 2}))) == ["a"]

    def test_many_threads_may_ask_and_derive_at_once(self, open_snapshot: OpenSnapshot) -> None:
        """Every one gets the snapshot that it asked for."""

        def ask(number: int) -> list[str]:
            index = open_snapshot([*_SHIPS, shelved(f"{number % 2}.txt", "halyard")])
            return _by_text(index, "halyard hemp")

        with ThreadPoolExecutor(4) as pool:
            for number, found in enumerate(pool.map(ask, range(8))):
                assert sorted(found) == [f"{number % 2}.txt", "rope.txt"]

    def test_a_closed_index_says_so(self, open_snapshot: OpenSnapshot) -> None:
        """And the snapshot can be opened again."""
        index = open_snapshot(_SHIPS)
        index.close()
        for ask in (
            lambda: index.find(Query("rope", None, 1)),
            lambda: index.read([0]),
            lambda: index.span(0, 0, 1),
            lambda: index.vectors([0]),
        ):
            with pytest.raises(ConflictError):
                ask()
        assert _by_text(open_snapshot(_SHIPS), "hemp") == ["rope.txt"]

    def test_vectors_keep_their_shape(self, open_snapshot: OpenSnapshot) -> None:
        """Also when none are asked for."""
        index = open_snapshot(_SHIPS)
        rows = index.find(Query("rope tea", None, 5)).rows.tolist()
        assert index.vectors(rows).shape == (2, DIMENSION)
        assert index.vectors([]).size == 0
        assert index.read([]) == []


def _chunks(documents: Sequence[Shelved]) -> int:
    return sum(len(each.document.chunks) for each in documents)


def _documents(index: Index, query: Query) -> list[str]:
    """The documents that one of the searches found, the best of words first, then the best of vectors."""
    found = index.find(query)
    ranks = np.where(found.text_ranks > 0, found.text_ranks, np.inf)
    places = np.lexsort((found.vector_ranks, ranks))
    return [chunk.document for chunk in index.read([int(found.rows[place]) for place in places])]


def _by_text(index: Index, text: str) -> list[str]:
    return _documents(index, Query(text, None, 20))
