"""What becomes of every document of every source, from the source to the loaded document."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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


def test_a_file_that_takes_too_much_memory_is_one_failure(cache: StageCache, folder: Path) -> None:
    # Each of its values becomes an object of its own, which takes 30 times the place.
    (folder / "much.json").write_text("[" + "12345," * 1_500_000 + "1]")
    settings = replace(SETTINGS, max_file_mb=10, max_memory_mb=200)
    loading = Loading(settings, CachedStage("load", cache), CachedStage("load failures", cache), cache, 1, nobody)
    loaded, failed = load_documents(find_files([local(folder)], settings, nobody)[0], loading)
    assert [item.path for item in loaded] == ["a.txt", "b.txt", "c.txt"]
    assert [item.path for item in failed] == ["much.json"]
    assert "takes more memory than one file may have" in failed[0].reason


def document(path: str, text: str, access: Access = EVERYBODY) -> LoadedDocument:
    from plimsoll.documents.similar import signature

    return LoadedDocument(path, "", path, access=access, signature=signature(text))


DRAFT = LONG.replace("clause 30 ", "the thirtieth clause ")


def test_near_duplicates_are_indexed_and_said() -> None:
    documents = [document("a", LONG), document("b", DRAFT), document("c", DRAFT[::-1])]
    kept, left_out = settle_near_duplicates(documents, "keep")
    assert left_out == []
    assert [" ".join(item.notes) for item in kept] == ["", "nearly the same text as a (about 98% of it)", ""]


def test_near_duplicates_are_left_out_where_that_is_wished() -> None:
    documents = [document("a", LONG), document("b", DRAFT), document("c", DRAFT[::-1])]
    kept, left_out = settle_near_duplicates(documents, "skip")
    assert [item.path for item in kept] == ["a", "c"]
    assert [(item.path, item.fate, item.reason) for item in left_out] == [
        ("b", "near_duplicate", "nearly the same text as a (about 98% of it)")
    ]
    assert "near_duplicates: keep" in left_out[0].hint


@pytest.mark.parametrize("mode", ["keep", "skip"])
def test_nobody_loses_a_document_for_one_that_he_may_not_read_or_hears_of_that(mode: Any) -> None:
    documents = [document("a", LONG, ("board",)), document("b", DRAFT), document("c", DRAFT, ("board", "legal"))]
    assert settle_near_duplicates(documents, mode) == (documents, [])


def test_near_duplicates_are_found_behind_one_for_other_readers() -> None:
    documents = [document("a", LONG, ("board",)), document("b", LONG), document("c", DRAFT)]
    kept, left_out = settle_near_duplicates(documents, "skip")
    assert [item.path for item in kept] == ["a", "b"]
    assert "as b (" in left_out[0].reason


def test_what_two_servers_hold_under_one_name_is_left_out(cache: StageCache) -> None:
    one, other = Shelf(), Shelf()
    for shelf in (one, other):
        shelf.put("x.txt", "Which of the two is it?")
    one.put("y.txt", "There is only one of these.")
    sources = [RemoteSource(shelf, "s3://papers/", cache, server) for shelf, server in ((one, "a"), (other, "b"))]
    loaded, outcomes = run(cache, *sources)
    assert set(loaded) == {"s3://papers/y.txt"}
    assert "different documents under this name" in outcomes["s3://papers/x.txt"].reason
    assert set(run(cache, sources[0], sources[0])[0]) == {"s3://papers/x.txt", "s3://papers/y.txt"}


def test_what_one_source_does_not_understand_is_not_taken_from_another_under_another_name(
    cache: StageCache, folder: Path
) -> None:
    (folder.parent / ".access.yaml").write_text("access: legal")
    single = Source(folder / "a.txt", ("**/*",), (), "single/")
    loaded, outcomes = run(cache, local(folder.parent, "all/"), local(folder, "papers/"), single)
    assert loaded == {}
    assert outcomes["all/papers/a.txt"].fate == "skipped"


@pytest.mark.parametrize("how", ["removed", "emptied"])
def test_a_source_that_disappears_while_it_is_looked_through_stops_the_build(
    cache: StageCache, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    shutil.copytree(folder, folder / "deeper")
    for file in folder.glob("*.txt"):
        file.unlink()
    scandir = os.scandir

    def vanish(place: Any) -> Any:
        if Path(place).name == "deeper":
            monkeypatch.undo()
            shutil.rmtree(folder)
            if how == "emptied":
                folder.mkdir()
        return scandir(place)

    monkeypatch.setattr(os, "scandir", vanish)
    with pytest.raises(SourceUnreachableError, match="disappeared while it was read"):
        run(cache, local(folder))


def test_signatures_are_remembered_with_the_documents(cache: StageCache, folder: Path) -> None:
    (folder / "a.txt").write_text(LONG)
    first, _ = run(cache, local(folder))
    again, _ = run(cache, local(folder))
    assert first["a.txt"].signature
    assert again["a.txt"].signature == first["a.txt"].signature
    assert first["b.txt"].signature == b""
