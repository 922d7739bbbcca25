import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plimsoll.kernel.digest import hex_part
from plimsoll.kernel.errors import IntegrityError, UnavailableError
from plimsoll.retrieval import SegmentRef, Snapshot, open_index
from plimsoll.retrieval.engines.embedded import IndexFolder

if TYPE_CHECKING:
    from tests.retrieval.conftest import Library


def _part(library: "Library") -> Path:
    """The only part of a library that was opened once."""
    (part,) = (library.folder / "parts").iterdir()
    return part


def _view(library: "Library") -> Path:
    return library.folder / "views" / hex_part(library.snapshot().digest)


def _finds_tea(library: "Library") -> bool:
    return library.open().search("tea")[0].passage.document == "tea.txt"


def _unfinished(library: "Library") -> list[str]:
    return [path.name for path in library.folder.rglob("*") if path.name.endswith(".unfinished")]


def _derived(library: "Library") -> dict[str, bytes]:
    """Every file but the one that says when the others were written."""
    files = [path for path in library.folder.rglob("*") if path.is_file() and path.name != "complete.json"]
    return {str(path): path.read_bytes() for path in files}


def _inode(library: "Library") -> int:
    return (_part(library) / "complete.json").stat().st_ino


def test_what_was_derived_once_is_used_again_without_the_segments(ships: "Library") -> None:
    assert _finds_tea(ships)
    before = _inode(ships)
    for blob in (ships.folder.parent / "blobs").rglob("*"):
        if blob.is_file():
            blob.unlink()
    assert _finds_tea(ships)
    assert _inode(ships) == before


def test_a_deleted_folder_is_made_again(ships: "Library") -> None:
    assert _finds_tea(ships)
    shutil.rmtree(ships.folder)
    assert _finds_tea(ships)


def _no_marker(library: "Library") -> None:
    (_part(library) / "complete.json").unlink()


def _half_a_marker(library: "Library") -> None:
    marker = _part(library) / "complete.json"
    marker.write_bytes(marker.read_bytes()[:20])


def _old_format(library: "Library") -> None:
    marker = _part(library) / "complete.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"format": "0.9"}))


def _short_vectors(library: "Library") -> None:
    os.truncate(_part(library) / "vectors", 100)


def _other_vectors(library: "Library") -> None:
    vectors = _part(library) / "vectors"
    vectors.write_bytes(bytes(reversed(vectors.read_bytes())))


def _other_places(library: "Library") -> None:
    data = bytearray(_view(library).read_bytes())
    data[-20] ^= 1
    _view(library).write_bytes(data)


def _no_rows(library: "Library") -> None:
    (_part(library) / "rows").unlink()


def _longer_lists(library: "Library") -> None:
    with (_part(library) / "text.rows").open("ab") as file:
        file.write(b"more")


def _empty(library: "Library") -> None:
    place = _part(library)
    shutil.rmtree(place)
    place.mkdir()


def _half_a_view(library: "Library") -> None:
    os.truncate(_view(library), 50)


def _no_view(library: "Library") -> None:
    _view(library).unlink()


def _view_of_another(library: "Library") -> None:
    before = _view(library)
    library.texts["more.txt"] = "Another snapshot."
    library.open()
    shutil.copy(_view(library), before)
    del library.texts["more.txt"]


@pytest.mark.parametrize(
    "damage",
    [
        _no_marker,
        _half_a_marker,
        _old_format,
        _short_vectors,
        _no_rows,
        _longer_lists,
        _empty,
        _half_a_view,
        _no_view,
        _view_of_another,
    ],
)
def test_what_is_not_whole_is_derived_again(ships: "Library", damage: "Callable[[Library], None]") -> None:
    assert _finds_tea(ships)
    damage(ships)
    assert ships.open().chunk_count == ships.snapshot().chunks
    assert _finds_tea(ships)
    assert _unfinished(ships) == []


@pytest.mark.parametrize("damage", [_other_vectors, _other_places])
def test_what_was_changed_in_its_place_is_derived_again(ships: "Library", damage: "Callable[[Library], None]") -> None:
    assert _finds_tea(ships)
    before = _derived(ships)
    damage(ships)
    assert _derived(ships) != before
    assert _finds_tea(ships)
    assert _derived(ships) == before


def test_a_copy_whose_times_are_whole_seconds_is_used_as_it_is(ships: "Library") -> None:
    assert _finds_tea(ships)
    before = _inode(ships)
    for path in _part(ships).iterdir():
        second = path.stat().st_mtime_ns // 10**9 * 10**9
        os.utime(path, ns=(second, second))
    assert _finds_tea(ships)
    assert _inode(ships) == before


def test_a_file_that_is_cut_short_while_it_is_open_is_told(ships: "Library") -> None:
    opened = ships.open()
    os.truncate(_part(ships) / "text.utf8", 5)
    with pytest.raises(UnavailableError, match=r"text\.utf8"):
        opened.search("tea")
    opened.close()
    assert _finds_tea(ships)


def test_a_full_disk_is_told_and_leaves_nothing(ships: "Library") -> None:
    snapshot = ships.snapshot()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for most in (0, 60, 300):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))  # the system refuses to write more to a file
        try:
            with pytest.raises(UnavailableError, match=str(ships.folder)):
                ships.open(snapshot)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert [path.name for path in ships.folder.rglob("*") if path.is_file()] == [".lock"]
    assert _finds_tea(ships)


def test_what_dead_writers_left_is_removed(ships: "Library") -> None:
    (ships.folder / "parts" / "1234.unfinished").mkdir(parents=True)
    (ships.folder / "parts" / "1234.unfinished" / "vectors").write_bytes(b"half")
    (ships.folder / "views").mkdir()
    (ships.folder / "views" / "abcd.unfinished").write_bytes(b"half")
    assert _finds_tea(ships)
    assert _unfinished(ships) == []


def test_a_damaged_segment_is_named_and_leaves_nothing(ships: "Library") -> None:
    snapshot = ships.snapshot()
    digest = snapshot.segments[0].digest
    blob = ships.folder.parent / "blobs" / hex_part(digest)[:2] / hex_part(digest)[2:]
    data = bytearray(blob.read_bytes())
    data[len(data) // 2] ^= 1
    blob.write_bytes(data)
    with pytest.raises(IntegrityError, match=digest):
        ships.open(snapshot)
    assert [path.name for path in ships.folder.rglob("*") if path.is_file()] == [".lock"]


def test_a_missing_segment_is_named(ships: "Library") -> None:
    missing = SegmentRef("sha256:" + "0" * 64, 1, 1)
    with pytest.raises(IntegrityError, match=missing.digest):
        ships.open(Snapshot(ships.embedder.fingerprint, ships.embedder.dimension, "test", (missing,)))


def test_a_segment_that_is_not_what_the_snapshot_says_is_refused(ships: "Library") -> None:
    ref = ships.snapshot().segments[0]
    wrong = SegmentRef(ref.digest, ref.documents, ref.chunks + 1)
    with pytest.raises(IntegrityError, match=ref.digest):
        ships.open(Snapshot(ships.embedder.fingerprint, ships.embedder.dimension, "test", (wrong,)))


def test_a_place_that_cannot_be_written_is_named(ships: "Library") -> None:
    ships.folder.write_text("a file where the folder should be")
    with pytest.raises(UnavailableError, match=str(ships.folder)):
        ships.open()


def test_threads_that_open_at_once_all_end_well(ships: "Library") -> None:
    snapshot = ships.snapshot()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: ships.open(snapshot).search("tea"), range(4)))
    assert all(hits == found[0] for hits in found)
    assert _unfinished(ships) == []


def test_what_was_derived_is_open_before_another_process_may_remove_it(
    ships: "Library", monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = IndexFolder._alone

    @contextlib.contextmanager
    def pruned_at_once(folder: IndexFolder) -> Iterator[None]:
        with alone(folder):
            yield
        with monkeypatch.context() as patch:
            patch.setattr(IndexFolder, "_alone", alone)
            IndexFolder(ships.folder).prune([], purge=True)

    monkeypatch.setattr(IndexFolder, "_alone", pruned_at_once)
    opened = ships.open()
    assert list((ships.folder / "parts").iterdir()) == []
    assert opened.search("tea")[0].passage.document == "tea.txt"


_BUILDER = textwrap.dedent("""
    import json, os, signal, sys
    from pathlib import Path
    import numpy as np
    from plimsoll.retrieval import Snapshot, open_index
    from plimsoll.retrieval.engines import Query
    from plimsoll.retrieval.engines.embedded import EmbeddedIndexes
    from plimsoll.storage import BlobFolder

    class Embedder:
        name, fingerprint, dimension = "test/hash", "hash-1", 32
        def embed(self, texts):
            return np.ones((len(texts), 32), np.float32)

    class DyingBlobs(BlobFolder):
        def get(self, digest):
            if sys.argv[2] == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            return super().get(digest)

    root = Path(sys.argv[1])
    snapshot = Snapshot.from_json(json.loads(sys.stdin.read()))
    engine = EmbeddedIndexes(root / "indexes", Embedder().embed)
    index = open_index(snapshot, DyingBlobs(root / "blobs"), engine, Embedder())
    print(index.read(index.find(Query("tea", None, 1)).rows)[0].document)
""")


def _builder(library: "Library", how: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _BUILDER, str(library.folder.parent), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(library.snapshot().to_json()))
    process.stdin.close()
    return process


def test_a_killed_builder_leaves_nothing_that_is_opened(ships: "Library") -> None:
    with _builder(ships, "die") as killed:
        assert killed.wait() == -signal.SIGKILL
    assert not _view(ships).exists()
    assert _finds_tea(ships)
    assert _unfinished(ships) == []


def test_two_processes_that_build_at_once_both_end_well(ships: "Library") -> None:
    with _builder(ships, "live") as first, _builder(ships, "live") as second:
        assert [process.stdout.read() for process in (first, second) if process.stdout] == ["tea.txt\n"] * 2
        assert [first.wait(), second.wait()] == [0, 0]
    assert _unfinished(ships) == []


def test_index_can_be_opened_with_the_embedder_of_another_object(ships: "Library") -> None:
    again = type(ships.embedder)()
    assert open_index(ships.snapshot(), ships.blobs, ships.engine, again).chunk_count == ships.snapshot().chunks
