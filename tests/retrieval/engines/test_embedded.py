"""The embedded engine: exact, the same whatever was built before, and only what the caller may see."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plimsoll.retrieval import (
    Chunk,
    Filter,
    IndexedDocument,
    Snapshot,
    open_index,
    plan_segments,
    write_segment,
)
from plimsoll.retrieval._types import Index
from plimsoll.retrieval._words import words
from plimsoll.retrieval.engines import Query
from plimsoll.retrieval.engines.embedded import EmbeddedIndexes, _folder, _index, _text_search, _vector_search, _writing
from plimsoll.retrieval.engines.embedded._columns import Columns, ColumnWriter, own_fields
from plimsoll.retrieval.engines.embedded._part import Part
from plimsoll.retrieval.engines.embedded._postings import Postings, PostingsWriter, term_hash
from plimsoll.storage import BlobFolder

if TYPE_CHECKING:
    from tests.retrieval.conftest import HashEmbedder, Library

_VOCABULARY = [f"w{number}" for number in range(40)]
_texts = st.lists(st.sampled_from(_VOCABULARY), min_size=1, max_size=30).map(" ".join)


def _document(path: str, texts: Sequence[str], **more: Any) -> IndexedDocument:
    text = "\n".join(texts)
    starts = [sum(len(one) + 1 for one in texts[:at]) for at in range(len(texts))]
    chunks = tuple(
        Chunk(at, start, start + len(one), 1, one) for at, (start, one) in enumerate(zip(starts, texts, strict=True))
    )
    return IndexedDocument(
        path, "sha256:" + f"{abs(hash(path)) % 16**8:08x}" * 8, "", "text/plain", text, (), chunks, **more
    )


def _open(place: Path, embedder: "HashEmbedder", documents: Sequence[IndexedDocument]) -> Index:
    blobs = BlobFolder(place / "blobs")
    by_path = {document.path: document for document in documents}
    refs = []
    for plan in plan_segments(dict.fromkeys(by_path, "")):
        members = [by_path[path] for path in plan.paths]
        vectors = embedder.embed([text for member in members for text in member.embedding_texts()])
        refs.append(write_segment(blobs, members, vectors))
    snapshot = Snapshot(embedder.fingerprint, embedder.dimension, "test", tuple(refs))
    return open_index(snapshot, blobs, EmbeddedIndexes(place / "indexes", embedder.embed), embedder)


def _found(index: Index, query: Query) -> list[tuple[str, str, float, float]]:
    found = index.find(query)
    chunks = index.read([int(row) for row in found.rows])
    lines = [
        (chunk.document, chunk.text, float(text), float(vector))
        for chunk, text, vector in zip(chunks, found.text_scores, found.vector_scores, strict=True)
    ]
    return sorted(lines)


def _bm25(texts: Sequence[str], question: str) -> list[float]:
    """The formula, straight from the book."""
    split = [words(text) for text in texts]
    mean = sum(map(len, split)) / len(split)
    scores = []
    for one in split:
        counts, score = Counter(one), 0.0
        for word in dict.fromkeys(words(question)):
            df = sum(word in other for other in split)
            idf = math.log(1 + (len(split) - df + 0.5) / (df + 0.5))
            score += (
                idf * counts[word] * 2.2 / (counts[word] + 1.2 * (0.25 + 0.75 * len(one) / mean)) if counts[word] else 0
            )
        scores.append(score)
    return scores


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_texts, min_size=1, max_size=60), _texts, st.integers(1, 20))
def test_text_scores_are_bm25_and_none_of_the_best_is_missed(
    tmp_path_factory: pytest.TempPathFactory,
    other_embedder: "HashEmbedder",
    texts: list[str],
    question: str,
    limit: int,
) -> None:
    documents = [_document(f"d{number}", [text]) for number, text in enumerate(texts)]
    index = _open(tmp_path_factory.mktemp("index"), other_embedder, documents)
    found = index.find(Query(question, None, limit))
    expected = sorted((score for score in _bm25(texts, question) if score > 0), reverse=True)[:limit]
    assert np.allclose(sorted(found.text_scores, reverse=True), expected, rtol=1e-5)


def test_pruning_words_changes_no_score(
    tmp_path: Path, other_embedder: "HashEmbedder", monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = np.random.default_rng(5)
    zipf = 1 / np.arange(1, 200) ** 0.9
    texts = [" ".join(f"t{word}" for word in chosen.choice(199, 30, p=zipf / zipf.sum())) for _ in range(3000)]
    index = _open(tmp_path, other_embedder, [_document(f"d{number}", [text]) for number, text in enumerate(texts)])
    questions = [" ".join(f"t{word}" for word in chosen.choice(199, 9, replace=False)) for _ in range(30)]
    pruned = [_found(index, Query(question, None, 10)) for question in questions]
    calls = []
    nth_best = _text_search._nth_best

    def counted(scores: NDArray[np.float32], wanted: int) -> float:
        calls.append(nth_best(scores, wanted))
        return calls[-1]

    monkeypatch.setattr(_text_search, "_nth_best", counted)
    assert [_found(index, Query(question, None, 10)) for question in questions] == pruned
    assert any(score > 0 for score in calls), "nothing was pruned, so the test shows nothing"
    monkeypatch.setattr(_text_search, "_nth_best", lambda _scores, _wanted: 0.0)
    assert [_found(index, Query(question, None, 10)) for question in questions] == pruned


_changes = st.lists(
    st.tuples(st.integers(0, 40), st.one_of(st.none(), st.lists(_texts, min_size=1, max_size=3))),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_changes, min_size=1, max_size=7), _texts)
def test_what_is_found_does_not_depend_on_what_was_built_before(
    tmp_path_factory: pytest.TempPathFactory, other_embedder: "HashEmbedder", builds: list[Any], question: str
) -> None:
    lived, documents = tmp_path_factory.mktemp("lived"), {f"d{n}": _document(f"d{n}", [f"w{n} w1"]) for n in range(30)}
    index = _open(lived, other_embedder, list(documents.values()))
    for changes in builds:
        for number, texts in changes:
            if texts is None:
                documents.pop(f"d{number}", None)
            else:
                documents[f"d{number}"] = _document(f"d{number}", texts)
        index = _open(lived, other_embedder, list(documents.values()))
    fresh = _open(tmp_path_factory.mktemp("fresh"), other_embedder, list(documents.values()))
    vector = other_embedder.embed([question])[0]
    query = Query(question, vector, 5)
    assert index.chunk_count == fresh.chunk_count
    assert _found(index, query) == _found(fresh, query)


def test_a_change_writes_only_what_changed_and_small_parts_are_put_together(
    tmp_path: Path, other_embedder: "HashEmbedder", monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    add = _writing.PartWriters.add

    def counted(
        self: _writing.PartWriters, document: IndexedDocument, vectors: NDArray[np.float32], key: bytes
    ) -> None:
        written.append(document.path)
        add(self, document, vectors, key)

    monkeypatch.setattr(_writing.PartWriters, "add", counted)
    monkeypatch.setattr(_folder, "_SMALL", 20)
    documents = [_document(f"d{number}", [f"w{number} text"]) for number in range(100)]
    _open(tmp_path, other_embedder, documents)
    assert len(written) == 100
    sizes = []
    index = _open(tmp_path, other_embedder, documents)
    for number in range(6):
        written.clear()
        documents[number] = _document(f"d{number}", [f"w{number} changed"])
        index = _open(tmp_path, other_embedder, documents)
        sizes.append(len(written))
        assert [line[1] for line in _found(index, Query(f"w{number}", None, 1))] == [f"w{number} changed"]
    assert sizes[:4] == [1, 1, 1, 1]
    assert 1 < max(sizes) < 20  # several small parts became one
    assert len(index._parts) <= 5  # type: ignore[attr-defined]


def test_several_parts_answer_as_one(
    tmp_path: Path, other_embedder: "HashEmbedder", monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [_document(f"d{n}", [f"w{n % 7} w{n % 11} same", f"w{n % 5} again"]) for n in range(50)]
    one = _open(tmp_path / "one", other_embedder, documents)
    monkeypatch.setattr(_writing, "MOST_ROWS", 16)
    many = _open(tmp_path / "many", other_embedder, documents)
    assert len(many._parts) > 5  # type: ignore[attr-defined]
    vector = other_embedder.embed(["w3 same"])[0]
    assert _found(many, Query("w3 same", vector, 9)) == _found(one, Query("w3 same", vector, 9))


def _vectors_index(tmp_path: Path, make: Callable[[np.random.Generator], NDArray[np.float32]]) -> tuple[Index, Any]:
    """3,000 chunks whose vectors come from `make`, found by their texts."""
    chosen = np.random.default_rng(3)
    rows = {f"row {number}": make(chosen) for number in range(3000)}

    class Given:
        name, fingerprint, dimension = "test/given", "given-1", 64

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            vectors = np.array([rows[text] for text in texts], np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            return vectors

    documents = [_document(f"d{number}", [f"row {number}"]) for number in range(3000)]
    return _open(tmp_path, Given(), documents), Given()  # type: ignore[arg-type]


@pytest.mark.parametrize("signs", [False, True])
def test_short_forms_find_nearly_all_of_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, signs: bool
) -> None:
    index, embedder = _vectors_index(tmp_path, lambda chosen: chosen.standard_normal(64).astype(np.float32))
    vectors = embedder.embed([f"row {number}" for number in range(50)])
    exact = [_found(index, Query("", vector, 10)) for vector in vectors]
    monkeypatch.setattr(_vector_search, "_EXACT_UP_TO", 0)
    monkeypatch.setattr(_vector_search, "_LOOKS", 12)
    monkeypatch.setattr(_vector_search, "_SHARE", 0.2)
    monkeypatch.setattr(_vector_search, "_LOOKS_PER_HIT", 1)
    monkeypatch.setattr(index._nearest, "_signs", signs)  # type: ignore[attr-defined]
    looked_at: list[int] = []
    cosines = _vector_search.cosines

    def counted(part: Part, rows: NDArray[np.int64], wanted: NDArray[np.float32]) -> NDArray[np.float64]:
        looked_at.append(len(rows))
        return cosines(part, rows, wanted)

    monkeypatch.setattr(_vector_search, "cosines", counted)
    quick = [_found(index, Query("", vector, 10)) for vector in vectors]
    shared = [len(set(one) & set(other)) / 10 for one, other in zip(quick, exact, strict=True)]
    assert float(np.mean(shared)) >= 0.94
    assert max(looked_at) < 1000


def test_words_and_vectors_find_the_same_when_they_are_searched_at_the_same_time(
    tmp_path: Path, other_embedder: "HashEmbedder", monkeypatch: pytest.MonkeyPatch
) -> None:
    index = _open(tmp_path, other_embedder, [_document(f"d{n}", [f"row {n}", f"note {n % 7}"]) for n in range(60)])
    queries = [Query(f"row {n} note", other_embedder.embed([f"note {n}"])[0], 8) for n in range(9)]
    queries += [replace(queries[0], text=""), replace(queries[0], vector=None), Query("", None, 8)]
    one_by_one = [_found(index, query) for query in queries]
    monkeypatch.setattr(_index, "_TOGETHER_FROM", 0)
    assert [_found(index, query) for query in queries] == one_by_one
    assert any(one_by_one)

    def broken(*_: object) -> NoReturn:
        raise OSError("the disk is gone")

    monkeypatch.setattr(_vector_search, "cosines", broken)
    with pytest.raises(OSError, match="the disk is gone"):
        _found(index, queries[0])


def test_signs_are_used_only_where_they_tell_vectors_apart() -> None:
    chosen = np.random.default_rng(1)
    topics = chosen.standard_normal((400, 64))
    dense = np.repeat(topics, 10, axis=0) + 0.3 * chosen.standard_normal((4000, 64))
    positive = np.abs(dense) + 5
    texts = [f"{number} words" for number in range(4000)]
    for vectors, good in ((dense, True), (positive, False)):
        unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

        def embed(some: Sequence[str], unit: NDArray[np.float32] = unit) -> NDArray[np.float32]:
            return unit[[int(text.split()[0]) for text in some]]

        assert _vector_search.signs_suffice(unit, texts, embed) is good


def _people(tmp_path: Path, embedder: "HashEmbedder") -> Index:
    return _open(
        tmp_path,
        embedder,
        [
            _document("all", ["salary rules"], metadata={"year": 2023, "kind": "rule"}),
            _document("hr", ["salary list"], access=("hr",), metadata={"year": 2024, "kind": "list"}),
            _document("board", ["salary plan"], access=("board", "hr"), metadata={"year": 2025.5, "kind": "list"}),
            _document("none", ["salary secret"], access=(), metadata={"kind": True}, language="en"),
        ],
    )


@pytest.mark.parametrize(
    ("groups", "seen"),
    [
        (None, {"all", "hr", "board", "none"}),
        (frozenset(), {"all"}),
        (frozenset({"sales"}), {"all"}),
        (frozenset({"hr"}), {"all", "hr", "board"}),
        (frozenset({"board"}), {"all", "board"}),
        (frozenset({"*"}), {"all"}),
    ],
)
def test_only_documents_of_the_callers_groups_are_searched(
    tmp_path: Path, other_embedder: "HashEmbedder", groups: frozenset[str] | None, seen: set[str]
) -> None:
    index = _people(tmp_path, other_embedder)
    vector = other_embedder.embed(["salary"])[0]
    for query in (Query("salary", None, 9), Query("", vector, 9), Query("salary", vector, 9)):
        assert {line[0] for line in _found(index, replace(query, groups=groups))} == seen


def test_what_may_not_be_seen_takes_no_place_among_the_best(tmp_path: Path, other_embedder: "HashEmbedder") -> None:
    hidden = [_document(f"h{n}", ["salary salary"], access=("hr",)) for n in range(50)]
    index = _open(tmp_path, other_embedder, [*hidden, _document("open", ["salary and many other words beside it"])])
    vector = other_embedder.embed(["salary"])[0]
    assert [line[0] for line in _found(index, Query("salary", vector, 3, groups=frozenset()))] == ["open"]


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ({"kind": "list"}, {"hr", "board"}),
        ({"kind": "list", "year": {"gt": 2024}}, {"board"}),
        ({"year": {"gte": 2023, "lt": 2025}}, {"all", "hr"}),
        ({"year": {"in": [2023, 2025.5]}}, {"all", "board"}),
        ({"kind": {"ne": "list"}}, {"all", "none"}),
        ({"kind": True}, {"none"}),
        ({"kind": 1}, set()),
        ({"year": "2024"}, set()),
        ({"path": {"starts_with": "b"}}, {"board"}),
        ({"language": "en"}, {"none"}),
        ({"colour": "red"}, set()),
        ({}, {"all", "hr", "board", "none"}),
    ],
)
def test_filters_are_applied_inside_the_search(
    tmp_path: Path, other_embedder: "HashEmbedder", wanted: Any, seen: set[str]
) -> None:
    index = _people(tmp_path, other_embedder)
    vector = other_embedder.embed(["salary"])[0]
    query = Query("salary", vector, 9, Filter.from_json(wanted))
    assert {line[0] for line in _found(index, query)} == seen
    assert {line[0] for line in _found(index, query)} == seen  # from the remembered masks


_values = st.one_of(st.booleans(), st.integers(0, 2), st.sampled_from([0.0, 1.0, 2.5, "", "a", "b", "1", "é"]))
_fields = st.dictionaries(st.sampled_from(["kind", "year"]), _values)
_conditions = st.builds(
    lambda field, operator, value: Filter.from_json({field: {operator: value}}),
    st.sampled_from(["kind", "year", "path", "never"]),
    st.sampled_from(["eq", "ne"]),
    st.one_of(_values, st.sampled_from(["d0", "d1", "nowhere"])),
) | st.builds(
    lambda field, values: Filter.from_json({field: {"in": values}}),
    st.sampled_from(["kind", "year", "path", "never"]),
    st.lists(st.one_of(_values, st.sampled_from(["d0", "d1", "nowhere"])), max_size=3),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_fields, min_size=1, max_size=5), _conditions)
def test_columns_say_what_a_condition_says(tmp_path: Path, fields: list[Any], wanted: Filter) -> None:
    documents = [_document(f"d{number}", [], metadata=metadata) for number, metadata in enumerate(fields)]
    writer = ColumnWriter()
    for document in documents:
        writer.add(document)
    writer.write(tmp_path / "columns")
    met = Columns(tmp_path / "columns").meeting(wanted)
    assert met.tolist() == [wanted.holds(own_fields(document)) for document in documents]


@pytest.mark.parametrize("chunks_in_a_part", [10_000, 300])
def test_a_filter_that_leaves_few_chunks_changes_no_score(
    tmp_path: Path, other_embedder: "HashEmbedder", monkeypatch: pytest.MonkeyPatch, chunks_in_a_part: int
) -> None:
    monkeypatch.setattr(_writing, "MOST_ROWS", chunks_in_a_part)
    chosen = np.random.default_rng(6)
    zipf = 1 / np.arange(1, 200) ** 0.9
    texts = [" ".join(f"t{word}" for word in chosen.choice(199, 30, p=zipf / zipf.sum())) for _ in range(1500)]
    every = [_document(f"d{number}", [text], metadata={"few": number % 100 == 0}) for number, text in enumerate(texts)]
    index = _open(tmp_path, other_embedder, every)
    questions = [" ".join(f"t{word}" for word in chosen.choice(199, 9, replace=False)) for _ in range(20)]
    few = Filter.from_json({"few": True})
    found = {}
    for cost in (0, 10**9):
        monkeypatch.setattr(_text_search, "_LOOKUP_COST", cost)
        found[cost] = [_found(index, Query(question, None, limit, few)) for question in questions for limit in (3, 50)]
    assert found[0] == found[10**9]
    assert any(len(lines) == 3 for lines in found[0])


def test_a_chunk_comes_back_with_everything_and_any_stretch_of_its_document(
    tmp_path: Path, other_embedder: "HashEmbedder"
) -> None:
    text = "Überschrift\nDie Kündigung 中文 😀 wirkt.\nEnde."
    chunk = Chunk(0, 12, 37, 3, text[12:37], ("Teil 1", "§ 2"), (0, 43), "aus dem Vertrag")
    document = replace(
        _document("de.txt", ["x"]), text=text, chunks=(chunk,), language="de", metadata={"year": 2024}, title="Vertrag"
    )
    index = _open(tmp_path, other_embedder, [_document("a", ["zz"]), document])
    (row,) = index.find(Query("Kündigung", None, 1)).rows
    (found,) = index.read([int(row)])
    assert (found.text, found.start, found.end, found.page) == (text[12:37], 12, 37, 3)
    assert (found.headings, found.parent, found.context) == (("Teil 1", "§ 2"), (0, 43), "aus dem Vertrag")
    assert (found.title, found.language, found.metadata) == ("Vertrag", "de", {"year": 2024})
    assert index.span(int(row), 0, 11) == "Überschrift"
    assert index.span(int(row), 30, 43) == text[30:43]
    assert {line[0] for line in _found(index, Query("Vertrag §", None, 5))} == {"de.txt"}  # by what stands above it


def test_an_older_snapshot_opens_without_its_segments(library: "Library") -> None:
    library.texts = {f"d{n}.txt": f"text number{n}" for n in range(40)}
    first = library.snapshot()
    library.open(first)
    library.texts["d3.txt"] = "something new"
    second = library.snapshot()
    library.open(second)
    for blob in (library.folder.parent / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    assert library.open(first).search("number3")[0].passage.text == "text number3"
    assert all(hit.passage.text != "text number3" for hit in library.open(second).search("number3"))


def test_pruning_keeps_the_parts_that_another_snapshot_needs(library: "Library") -> None:
    library.texts = {f"d{n}.txt": f"text number{n}" for n in range(40)}
    first = library.snapshot()
    library.open(first)
    library.texts["d3.txt"] = "something new"
    second = library.snapshot()
    library.open(second)
    assert len(list((library.folder / "parts").iterdir())) == 2
    library.engine.prune({second.digest})
    assert len(list((library.folder / "parts").iterdir())) == 2
    library.engine.prune({first.digest})  # it is gone already, so now nothing is needed
    assert list((library.folder / "parts").iterdir()) == []


def test_a_document_longer_than_a_part_is_a_part_by_itself(
    tmp_path: Path, other_embedder: "HashEmbedder", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_writing, "MOST_ROWS", 4)
    long = _document("long", [f"w{n}" for n in range(20)])
    index = _open(tmp_path, other_embedder, [_document("a", ["w1"]), long, _document("b", ["w2"])])
    assert index.chunk_count == 22
    assert {line[0] for line in _found(index, Query("w1 w2 w19", None, 9))} == {"a", "b", "long"}


def test_a_part_remembers_nothing_of_the_order_in_which_numbers_were_given(tmp_path: Path) -> None:
    postings = PostingsWriter()
    for row in (["b", "a", "b"], [], ["c"] * 300, ["a"]):
        postings.add(row)
    postings.write(tmp_path, "text")
    read = Postings(tmp_path, "text")

    lists = {word: read.of(term_hash(word)) for word in "abcd"}
    assert lists["d"] is None
    assert [(one.rows.tolist(), one.counts.tolist()) for one in lists.values() if one] == [
        ([0, 3], [1, 1]),
        ([0], [2]),
        ([2], [255]),
    ]
    assert read.lengths.tolist() == [3, 0, 300, 1]


def test_purging_leaves_nothing_of_documents_that_no_kept_snapshot_has(library: "Library") -> None:
    library.texts = {f"d{n}.txt": f"text number{n}" for n in range(40)}
    library.texts["secret.txt"] = "the name of Ada Example"
    library.open()
    del library.texts["secret.txt"]
    second = library.snapshot()
    library.open(second)

    def mentioned() -> bool:
        files = [path for path in library.folder.rglob("*") if path.is_file()]
        return any(b"Ada Example" in path.read_bytes() for path in files)

    library.engine.prune({second.digest})
    assert mentioned()  # parts are shared between snapshots
    library.engine.prune({second.digest}, purge=True)
    assert not mentioned()
    assert library.open(second).search("number7")[0].passage.document == "d7.txt"
    library.engine.prune({second.digest}, purge=True)
    assert (library.folder / "views" / second.digest.removeprefix("sha256:")).exists()  # nothing else was in its parts
