"""What becomes of every document of every source, from the source to the loaded document."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from plimsoll.documents import LoadSettings, digest_file
from plimsoll.documents.sources import (
    EVERYBODY,
    Access,
    Fetched,
    FetchError,
    Scan,
    ServerFailedError,
    Skipped,
    SourceFile,
    SourceUnreachableError,
)
from plimsoll.flows.build._types import DocumentOutcome
from plimsoll.flows.build.loading import CopyFailedError, LoadedDocument, Loading, load_documents
from plimsoll.flows.build.loading._fetching import RemoteSource
from plimsoll.flows.build.loading._finding import find_files
from plimsoll.flows.build.loading._similar import settle_near_duplicates
from plimsoll.flows.build.loading._sources import AnySource, Source
from plimsoll.pipelines import CachedStage, StageCache
from plimsoll.storage import Database
from plimsoll.storage.migrations.cache import CACHE

SETTINGS = LoadSettings(ocr="off", max_file_mb=1)
LONG = " ".join(f"clause {number} of the agreement between the parties" for number in range(60))


@dataclass
class Shelf:
    """A remote source that is kept in memory: content, version, readers and metadata by path."""

    files: dict[str, tuple[bytes, str, Access | None, Mapping[str, Any]]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    broken: bool = False
    access: Access = EVERYBODY

    def __str__(self) -> str:
        return "shelf"

    def put(self, path: str, text: str, version: str = "1", access: Access | None = None, **metadata: Any) -> None:
        self.files[path] = (text.encode(), version, access, metadata)

    def scan(self) -> Scan:
        files = (SourceFile(path, None, 0, "", self.access, {"shelf": 1}) for path in sorted(self.files))
        return Scan(tuple(files), (Skipped("x.bin", "files of this kind cannot be read", "convert it"),))

    def fetch(self, file: SourceFile, *, known: str, max_bytes: int) -> Fetched | None:
        if self.broken:
            raise ServerFailedError(file.path, "the server answered with status 503")
        data, version, access, metadata = self.files[file.path]
        if known == version:
            return None
        if version == "gone":
            raise FetchError(file.path, "the server answered with status 410")
        self.fetched.append(file.path)
        assert len(data) <= max_bytes
        return Fetched(data, version, file.path, access, metadata)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[StageCache]:
    database = Database(tmp_path / "cache.db", CACHE)
    yield StageCache(database)
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.txt").write_text(f"Paper {name} says something of its own.")
    return folder


def nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


def run(cache: StageCache, *sources: AnySource) -> tuple[dict[str, LoadedDocument], dict[str, DocumentOutcome]]:
    loading = Loading(SETTINGS, CachedStage("load", cache), CachedStage("load failures", cache), cache, 1, nobody)
    files, left_out = find_files(sources, SETTINGS, nobody)
    loaded, failed = load_documents(files, loading)
    return {document.path: document for document in loaded}, {item.path: item for item in [*left_out, *failed]}


def local(folder: Path, prefix: str = "", **settings: Any) -> Source:
    return Source(folder, ("**/*",), (), prefix, **settings)


def test_readers_and_metadata_come_with_every_document(cache: StageCache, folder: Path) -> None:
    (folder / "b.txt.meta.json").write_text('{"access": ["legal"], "title": "B"}')
    shelf = Shelf(access=("staff",))
    shelf.put("x.txt", "On the shelf, for some.", access=("board",), year=2024)
    shelf.put("y.txt", "On the shelf, for all of the staff.")
    loaded, _ = run(cache, local(folder, "papers/", metadata={"team": "sea"}), RemoteSource(shelf, "shelf/", cache))
    assert {path: document.access for path, document in loaded.items()} == {
        "papers/a.txt": EVERYBODY,
        "papers/b.txt": ("legal",),
        "papers/c.txt": EVERYBODY,
        "shelf/x.txt": ("board",),
        "shelf/y.txt": ("staff",),
    }
    assert loaded["papers/b.txt"].metadata == {"team": "sea", "title": "B"}
    assert loaded["shelf/x.txt"].metadata == {"shelf": 1, "year": 2024}


def test_other_readers_of_a_source_hold_without_fetching_anything_again(cache: StageCache) -> None:
    shelf = Shelf()
    shelf.put("x.txt", "On the shelf, for some.")
    assert run(cache, RemoteSource(shelf, "", cache))[0]["x.txt"].access == EVERYBODY
    shelf.access = ("legal",)
    assert run(cache, RemoteSource(shelf, "", cache))[0]["x.txt"].access == ("legal",)
    assert shelf.fetched == ["x.txt"]


def test_what_did_not_change_is_not_fetched_again(cache: StageCache) -> None:
    shelf = Shelf()
    shelf.put("x.txt", "The first edition of it.")
    first, _ = run(cache, RemoteSource(shelf, "", cache))
    again, outcomes = run(cache, RemoteSource(shelf, "", cache))
    assert (again, shelf.fetched) == (first, ["x.txt"])
    assert outcomes["x.bin"].fate == "skipped"
    shelf.put("x.txt", "The second edition of it.", version="2")
    changed, _ = run(cache, RemoteSource(shelf, "", cache))
    assert changed["x.txt"].digest != first["x.txt"].digest
    assert shelf.fetched == ["x.txt", "x.txt"]


def test_when_the_server_fails_what_was_fetched_earlier_is_used_and_said(cache: StageCache) -> None:
    shelf = Shelf()
    shelf.put("x.txt", "The first edition of it.")
    first, _ = run(cache, RemoteSource(shelf, "", cache))
    shelf.put("y.txt", "It was never fetched.")
    shelf.broken = True
    loaded, outcomes = run(cache, RemoteSource(shelf, "", cache))
    assert loaded["x.txt"].digest == first["x.txt"].digest
    assert "status 503" in loaded["x.txt"].notes[0]
    assert (outcomes["y.txt"].fate, "status 503" in outcomes["y.txt"].reason) == ("failed", True)


def test_what_is_gone_is_listed_and_the_others_go_on(cache: StageCache) -> None:
    shelf = Shelf()
    shelf.put("x.txt", "Still there, as it was.")
    shelf.put("y.txt", "", version="gone")
    loaded, outcomes = run(cache, RemoteSource(shelf, "", cache))
    assert set(loaded) == {"x.txt"}
    assert (outcomes["y.txt"].fate, bool(outcomes["y.txt"].hint)) == ("failed", True)


def test_the_same_bytes_for_other_readers_are_no_duplicate(cache: StageCache, folder: Path) -> None:
    shutil.copy(folder / "a.txt", folder / "a2.txt")
    shutil.copy(folder / "a.txt", folder / "a3.txt")
    (folder / "a3.txt.meta.json").write_text('{"access": ["legal"]}')
    loaded, outcomes = run(cache, local(folder))
    assert outcomes["a2.txt"].reason == "the same bytes as a.txt"
    assert loaded["a3.txt"].access == ("legal",)


@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_a_source_that_disappears_half_way_stops_the_build(
    cache: StageCache, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    def vanish(location: Path, path: str, settings: LoadSettings) -> str:
        digest = digest_file(location, path, settings)
        if path == "b.txt":
            shutil.rmtree(folder)
            if how == "emptied":
                folder.mkdir()
        return digest

    monkeypatch.setattr("plimsoll.flows.build.loading._finding.digest_file", vanish)
    with pytest.raises(SourceUnreachableError, match="disappeared while it was read") as caught:
        run(cache, local(folder))
    assert "what was built before stays as it is" in caught.value.hint


def test_a_disk_that_is_full_stops_the_build_with_what_to_do(
    cache: StageCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    shelf.put("x.txt", "It was fetched, and there is no room for it.")

    def full(_place: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CopyFailedError, match="No space left on device") as caught:
        run(cache, RemoteSource(shelf, "", cache))
    assert "make room" in caught.value.hint


def document(path: str, text: str, access: Access = EVERYBODY) -> LoadedDocument:
    from plimsoll.documents.similar import signature

    return LoadedDocument(path, "", path, access=access, signature=signature(text))


@pytest.mark.parametrize("mode", ["keep", "skip"])
def test_near_duplicates_are_reported_and_left_out_where_that_is_wished(mode: Any) -> None:
    draft = LONG.replace("clause 30 ", "the thirtieth clause ")
    documents = [document("a", LONG), document("b", draft), document("c", draft[::-1]), document("d", draft, ("x",))]
    kept, left_out = settle_near_duplicates(documents, mode)
    said = {item.path: " ".join(item.notes) for item in kept}
    assert "near-duplicate of a" in said["d"]
    assert said["a"] == said["c"] == ""
    if mode == "keep":
        assert left_out == []
        assert "near-duplicate of a" in said["b"]
    else:
        assert [(item.path, item.fate) for item in left_out] == [("b", "duplicate")]
        assert left_out[0].reason.startswith("near-duplicate of a")
        assert left_out[0].hint


def test_signatures_are_remembered_with_the_documents(cache: StageCache, folder: Path) -> None:
    (folder / "a.txt").write_text(LONG)
    first, _ = run(cache, local(folder))
    again, _ = run(cache, local(folder))
    assert first["a.txt"].signature
    assert again["a.txt"].signature == first["a.txt"].signature
    assert first["b.txt"].signature == b""
