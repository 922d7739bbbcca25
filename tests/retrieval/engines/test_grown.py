"""Snapshots of the grown engines: what a change costs, what stays, what goes, and what happens when something fails."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.object_storage import ACCESS_KEY, SECRET_KEY, ObjectStorage
from tests.retrieval.engines.conftest import NewStore
from tests.retrieval.engines.shelf import DIMENSION, Shelf, document, lance_options, vector_of

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import InvalidError, UnavailableError
from plimsoll.retrieval import Filter, Index, IndexedDocument, SegmentRef, Snapshot
from plimsoll.retrieval._segments import Segment
from plimsoll.retrieval.engines import Query
from plimsoll.retrieval.engines._errors import EngineMissingError, IndexOvertakenError, IndexPlaceError
from plimsoll.retrieval.engines._store import PgvectorStore
from plimsoll.retrieval.engines.lance import LanceIndexes, LanceSettings
from plimsoll.retrieval.engines.pgvector import PgvectorIndexes, PgvectorSettings, schema_name
from plimsoll.storage import PostgresPlace

NOTHING_LISTENS = "http://127.0.0.1:9"


@dataclass
class Grown:
    """Indexes of an engine, and another view of the same place, as another process has it."""

    indexes: LanceIndexes | PgvectorIndexes
    again: Callable[[], LanceIndexes | PgvectorIndexes]
    holds: Callable[[bytes], bool]
    """Whether the files of the place hold some bytes."""


@pytest.fixture(params=["lance", "pgvector"])
def grown(request: pytest.FixtureRequest, tmp_path: Path) -> Grown:
    if request.param == "lance":
        place = str(tmp_path / "indexes")
        holds = lambda data: any(data in path.read_bytes() for path in Path(place).rglob("*") if path.is_file())  # noqa: E731
        return Grown(LanceIndexes(place), lambda: LanceIndexes(place), holds)
    new_store: NewStore = request.getfixturevalue("new_store")
    store = new_store(DIMENSION)

    def holds_rows(data: bytes) -> bool:
        with store._database.read() as connection:
            bodies = connection.exec_driver_sql("SELECT body FROM document").scalars().all()
        return any(data in bytes(body) for body in bodies)

    return Grown(PgvectorIndexes(store), lambda: PgvectorIndexes(new_store(DIMENSION, store._place)), holds_rows)


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    for number in range(40):
        shelf.add(document(f"{number}.txt", [f"rope number{number}", f"tea of ship{number}"]))
    return shelf


def found(index: Index, text: str) -> list[str]:
    return sorted(chunk.document for chunk in index.read(index.find(Query(text, None, 100)).rows.tolist()))


def test_a_snapshot_that_is_there_is_opened_without_a_segment(grown: Grown, shelf: Shelf) -> None:
    snapshot = shelf.snapshot()
    grown.indexes.open(snapshot, shelf.read).close()
    shelf.reads.clear()
    assert found(grown.again().open(snapshot, shelf.read), "number7") == ["7.txt"]
    assert shelf.reads == []


def test_only_changed_segments_are_read(grown: Grown, shelf: Shelf) -> None:
    first = shelf.snapshot()
    grown.indexes.open(first, shelf.read)
    shelf.add(document("7.txt", ["a halyard"]))
    second = shelf.snapshot()
    shelf.reads.clear()
    index = grown.again().open(second, shelf.read)
    assert found(index, "halyard") == ["7.txt"]
    assert found(index, "number7") == []
    changed = {ref.digest for ref in second.segments} - {ref.digest for ref in first.segments}
    assert set(shelf.reads) == changed
    assert len(shelf.reads) == 1


def test_going_back_needs_nothing_that_was_not_kept(grown: Grown, shelf: Shelf) -> None:
    first = shelf.snapshot()
    grown.indexes.open(first, shelf.read)
    shelf.documents.pop("7.txt")
    second = shelf.snapshot()
    grown.indexes.open(second, shelf.read)
    shelf.reads.clear()
    assert found(grown.indexes.open(first, shelf.read), "number7") == ["7.txt"]
    assert found(grown.indexes.open(second, shelf.read), "number7") == []
    assert shelf.reads == []


def test_pruning_keeps_what_is_named_and_the_rest_is_derived_again(grown: Grown, shelf: Shelf) -> None:
    first = shelf.snapshot()
    grown.indexes.open(first, shelf.read)
    shelf.add(document("7.txt", ["a halyard"]))
    second = shelf.snapshot()
    grown.indexes.open(second, shelf.read)
    grown.indexes.prune([first.digest])
    shelf.reads.clear()
    assert found(grown.again().open(first, shelf.read), "number7") == ["7.txt"]
    assert shelf.reads == []
    assert found(grown.again().open(second, shelf.read), "halyard") == ["7.txt"]
    assert len(shelf.reads) == 1


def test_a_purge_leaves_nothing_of_documents_that_are_gone(grown: Grown, shelf: Shelf) -> None:
    shelf.add(document("secret.txt", ["the captains own confession"]))
    first = shelf.snapshot()
    grown.indexes.open(first, shelf.read)
    shelf.documents.pop("secret.txt")
    second = shelf.snapshot()
    grown.indexes.open(second, shelf.read)
    assert grown.holds(b"confession")
    grown.indexes.prune([second.digest], purge=True)
    assert not grown.holds(b"confession")
    assert found(grown.again().open(second, shelf.read), "number7") == ["7.txt"]


def test_pruning_everything_leaves_a_place_that_can_be_used(grown: Grown, shelf: Shelf) -> None:
    snapshot = shelf.snapshot()
    grown.indexes.prune([])
    grown.indexes.open(snapshot, shelf.read)
    grown.indexes.prune([])
    grown.indexes.prune([])
    assert found(grown.again().open(snapshot, shelf.read), "number7") == ["7.txt"]


def test_a_source_that_fails_half_way_leaves_what_was_there(grown: Grown, shelf: Shelf) -> None:
    first = shelf.snapshot()
    grown.indexes.open(first, shelf.read)
    for number in range(40):
        shelf.add(document(f"{number}.txt", [f"wire number{number}"]))
    second = shelf.snapshot()
    left = iter(second.segments[:3])

    def fail(ref: SegmentRef) -> Segment:
        if next(left, None) is None:
            raise OSError("the cable broke")
        return shelf.read(ref)

    with pytest.raises((OSError, UnavailableError), match="the cable broke"):
        grown.indexes.open(second, fail)
    assert found(grown.again().open(first, shelf.read), "rope number7") == sorted(f"{n}.txt" for n in range(40))
    index = grown.again().open(second, shelf.read)
    assert index.chunk_count == 40
    assert found(index, "rope") == []
    assert len(found(index, "wire")) == 40


def test_two_that_derive_different_snapshots_at_once_both_get_theirs(grown: Grown, shelf: Shelf) -> None:
    snapshots = [shelf.snapshot()]
    for number in range(3):
        shelf.documents.pop(f"{number}.txt")
        shelf.add(document(f"new{number}.txt", ["a halyard"]))
        snapshots.append(shelf.snapshot())
    opened: dict[Digest, Index] = {}

    def derive(snapshot: Snapshot) -> None:
        opened[snapshot.digest] = grown.again().open(snapshot, shelf.read)

    threads = [threading.Thread(target=derive, args=[snapshot]) for snapshot in snapshots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, snapshot in enumerate(snapshots):
        assert len(found(opened[snapshot.digest], "halyard")) == number
        assert len(found(opened[snapshot.digest], "rope")) == 40 - number


def test_new_fields_of_metadata_can_be_asked_for_in_the_snapshots_that_have_them(grown: Grown, shelf: Shelf) -> None:
    first = shelf.snapshot()
    before = grown.indexes.open(first, shelf.read)
    shelf.add(document("7.txt", ["rope"], metadata={"year": 2026}))
    index = grown.indexes.open(shelf.snapshot(), shelf.read)
    wanted = Query("rope", None, 100, Filter.from_json({"year": {"gte": 2026}}))
    assert [chunk.document for chunk in index.read(index.find(wanted).rows.tolist())] == ["7.txt"]
    for older in (before, grown.again().open(first, shelf.read)):
        assert len(older.find(wanted).rows) == 0


def test_a_snapshot_whose_segments_do_not_hold_what_it_says_is_never_opened(grown: Grown, shelf: Shelf) -> None:
    snapshot = shelf.snapshot()
    wrong = Snapshot(
        snapshot.embedder,
        DIMENSION,
        "test",
        tuple(SegmentRef(ref.digest, ref.documents, ref.chunks + 1) for ref in snapshot.segments),
    )
    with pytest.raises(IndexOvertakenError):
        grown.indexes.open(wrong, shelf.read)


class Crowd:
    """So many chunks that vectors are looked up in an index of their own."""

    count = 3_000

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        centres = rng.standard_normal((40, 32))
        points = centres[rng.integers(0, 40, self.count)] + 0.6 * rng.standard_normal((self.count, 32))
        self.vectors: NDArray[np.float32] = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
        self.shelf = Shelf()
        self.documents: dict[str, IndexedDocument] = {}
        self.rows: dict[str, NDArray[np.float32]] = {}
        for number in range(self.count // 10):
            texts = [f"rope w{number} p{place}" for place in range(10)]
            access = ("crew",) if number % 50 == 0 else ("office",)
            one = document(f"{number}.txt", texts, access=access)
            self.documents[one.path] = one
            self.rows[one.path] = self.vectors[number * 10 : number * 10 + 10]
        self.snapshot = self.shelf.snapshot_of(self.documents, self.rows, 32)

    def recall(self, index: Index, groups: frozenset[str] | None) -> float:
        allowed = np.arange(self.count)
        if groups is not None:
            allowed = allowed[(allowed // 10) % 50 == 0]
        rng = np.random.default_rng(8)
        hits = 0
        for wanted in self.vectors[rng.integers(0, self.count, 30)]:
            best = allowed[np.argsort(-(self.vectors[allowed] @ wanted))[:10]]
            chunks = index.read(index.find(Query("", wanted, 10, groups=groups)).rows.tolist())
            got = {int(chunk.document.partition(".")[0]) * 10 + chunk.ordinal for chunk in chunks}
            hits += len(got & set(best.tolist()))
        return hits / 300


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return Crowd()


@pytest.fixture(params=["lance", "pgvector"])
def indexed(request: pytest.FixtureRequest, tmp_path: Path, crowd: Crowd) -> Index:
    """The crowd, where an index is made above a thousand chunks."""
    if request.param == "lance":
        indexes: LanceIndexes | PgvectorIndexes = LanceIndexes(str(tmp_path), settings=LanceSettings(1000))
    else:
        new_store: NewStore = request.getfixturevalue("new_store")
        indexes = PgvectorIndexes(new_store(32), PgvectorSettings(1000))
    return indexes.open(crowd.snapshot, crowd.shelf.read)


def test_above_a_size_nearly_all_of_the_nearest_are_found(indexed: Index, crowd: Crowd) -> None:
    assert crowd.recall(indexed, None) >= 0.95


def test_above_a_size_a_narrow_permission_still_finds_the_nearest_of_what_it_allows(
    indexed: Index, crowd: Crowd
) -> None:
    assert crowd.recall(indexed, frozenset({"crew"})) >= 0.95


def test_pgvector_looks_at_every_vector_where_its_index_gives_up(
    postgres_url: str, new_store: NewStore, crowd: Crowd
) -> None:
    """Which it does sooner with more chunks; here it is told to, and the planner to use it."""
    told = quote("-c hnsw.max_scan_tuples=100 -c enable_sort=off")
    url = f"{postgres_url}{'&' if '?' in postgres_url else '?'}options={told}"
    store = new_store(32, PostgresPlace(url, f"index_{secrets.token_hex(8)}"))
    index = PgvectorIndexes(store, PgvectorSettings(1000)).open(crowd.snapshot, crowd.shelf.read)
    assert crowd.recall(index, frozenset({"crew"})) >= 0.95


def test_pgvector_makes_its_index_of_vectors_also_where_whoever_derived_the_snapshot_was_killed_before(
    new_store: NewStore, crowd: Crowd
) -> None:
    store = new_store(32)
    PgvectorIndexes(store, PgvectorSettings(10**9)).open(crowd.snapshot, crowd.shelf.read)
    PgvectorIndexes(store, PgvectorSettings(1000)).open(crowd.snapshot, crowd.shelf.read)
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT to_regclass('embedding_nearest')").scalar_one() is not None


def test_lance_makes_its_index_of_vectors_and_takes_in_what_is_added(tmp_path: Path, crowd: Crowd) -> None:
    indexes = LanceIndexes(str(tmp_path), settings=LanceSettings(1000, least_unindexed=100, most_files=2))
    index = indexes.open(crowd.snapshot, crowd.shelf.read)
    documents, rows = dict(crowd.documents), dict(crowd.rows)
    for number in range(3):
        texts = [f"wire w{place}" for place in range(200)]
        new = document(f"new{number}.txt", texts)
        documents[new.path] = new
        rows[new.path] = np.array([vector_of(text) for text in texts], np.float32).repeat(2, axis=1)
        index = indexes.open(crowd.shelf.snapshot_of(documents, rows, 32), crowd.shelf.read)
        assert index.chunk_count == crowd.count + 200 * (number + 1)
        assert len(found(index, "wire")) == 100
    described = {each.name: each for each in index._opened().describe_indices()}
    assert described["vector_idx"].num_rows_indexed >= index.chunk_count - 200
    assert len(index._opened().get_fragments()) <= 3


def test_lance_says_when_object_storage_cannot_be_reached_and_shows_no_key(shelf: Shelf) -> None:
    options = {
        **lance_options(ObjectStorage(NOTHING_LISTENS, "harbour")),
        "client_max_retries": "0",
        "connect_timeout": "1s",
        "timeout": "2s",
    }
    indexes = LanceIndexes(f"s3://harbour/{secrets.token_hex(4)}", options)
    with pytest.raises(IndexPlaceError) as caught:
        indexes.open(shelf.snapshot(), shelf.read)
    assert ACCESS_KEY not in str(caught.value)
    assert SECRET_KEY not in str(caught.value)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plimsoll.retrieval.engines.lance._dataset.find_spec", lambda _name: None)
    with pytest.raises(EngineMissingError) as caught:
        LanceIndexes("/nowhere")
    assert "plimsoll[lance]" in caught.value.hint
    assert isinstance(caught.value, InvalidError)


def test_lance_says_when_a_disk_cannot_be_written(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(IndexPlaceError, match="file"):
        LanceIndexes(str(tmp_path / "file" / "indexes")).open(shelf.snapshot(), shelf.read)


def test_pgvector_says_when_the_server_cannot_be_reached() -> None:
    with pytest.raises(UnavailableError):
        PgvectorStore(PostgresPlace("postgresql://nobody@127.0.0.1:9/none", "index_none"), 8)


def test_every_knowledge_base_and_embedder_has_its_own_schema(shelf: Shelf) -> None:
    snapshot = shelf.snapshot()
    names = {
        schema_name("contracts", snapshot),
        schema_name("Contracts!", snapshot),
        schema_name("contracts", Snapshot("other", snapshot.dimension, "test", ())),
        schema_name("contracts", Snapshot(snapshot.embedder, 8, "test", ())),
        schema_name("ü" * 300, snapshot),
    }
    assert len(names) == 5
    for name in names:
        PostgresPlace("postgresql://host/x", name)
