import errno
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import digest_bytes, hex_part
from plimsoll.kernel.errors import IntegrityError
from plimsoll.storage import BlobFolder, StorageFullError
from plimsoll.storage._errors import BlobDamagedError, BlobMissingError, StorageFailedError, StorageReadOnlyError


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_what_is_put_is_got(blobs: BlobFolder, data: bytes) -> None:
    digest = blobs.put(data)
    assert digest == digest_bytes(data)
    assert blobs.get(digest) == data
    assert blobs.has(digest)


def test_a_flipped_bit_is_named(blobs: BlobFolder, tmp_path: Path) -> None:
    digest = blobs.put(b"whole")
    (path,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    path.write_bytes(b"whoLe")
    with pytest.raises(IntegrityError, match=hex_part(digest)):
        blobs.get(digest)


def test_what_was_never_put_is_missing(blobs: BlobFolder) -> None:
    with pytest.raises(IntegrityError, match="missing"):
        blobs.get(digest_bytes(b"never"))


def test_a_full_disk_is_said_and_leaves_nothing_behind(
    blobs: BlobFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError) as caught:
        blobs.put(b"too much")
    assert "disk is full" in caught.value.message
    assert "nothing that was finished is lost" in caught.value.hint
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailedError):
        BlobFolder(tmp_path / "file" / "blobs").put(b"x")


def test_what_a_killed_process_began_is_removed_and_nothing_else(blobs: BlobFolder, tmp_path: Path) -> None:
    digest = blobs.put(b"whole")
    partial = tmp_path / "blobs" / "partial"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (partial / f"{ended.pid}.abc").write_bytes(b"half")
    (partial / f"{os.getpid()}.abc").write_bytes(b"being written now")
    blobs.remove_partial()
    assert [path.name for path in partial.iterdir()] == [f"{os.getpid()}.abc"]
    assert blobs.get(digest) == b"whole"


def make_old(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.binary(max_size=50), max_size=6))
def test_every_address_is_listed_once_and_in_order(blobs: BlobFolder, contents: set[bytes]) -> None:
    for digest in list(blobs.addresses()):
        assert blobs.remove(digest)
    digests = {blobs.put(data): data for data in contents}
    assert list(blobs.addresses()) == sorted(digests)
    assert {digest: blobs.size(digest) for digest in digests} == {d: len(data) for d, data in digests.items()}


def test_what_is_no_blob_has_no_address(blobs: BlobFolder, tmp_path: Path) -> None:
    digest = blobs.put(b"x")
    (tmp_path / "blobs" / "note.txt").write_text("by a person")
    (tmp_path / "blobs" / hex_part(digest)[:2] / "half").write_text("")
    (tmp_path / "blobs" / "ff").write_text("a file where a folder should be")
    assert list(blobs.addresses()) == [digest]
    assert list(BlobFolder(tmp_path / "nothing").addresses()) == []


def test_a_blob_can_be_removed_any_number_of_times(blobs: BlobFolder, tmp_path: Path) -> None:
    digest = blobs.put(b"x")
    assert [blobs.remove(digest), blobs.remove(digest)] == [True, False]
    assert not blobs.has(digest)
    assert BlobFolder(tmp_path / "nothing").remove(digest) is False


def test_putting_a_blob_again_keeps_it_from_a_collection_that_began_before(blobs: BlobFolder, tmp_path: Path) -> None:
    digest = blobs.put(b"x")
    make_old(tmp_path / "blobs")
    grace = timedelta(hours=1)
    assert blobs.age_s(digest, utc_now()) > grace.total_seconds()
    blobs.put(b"x")
    assert blobs.age_s(digest, utc_now()) < grace.total_seconds()
    assert not blobs.remove(digest, unless_put_since=utc_now() - grace)
    make_old(tmp_path / "blobs")
    assert blobs.remove(digest, unless_put_since=utc_now() - grace)


def test_what_is_put_while_it_is_collected_is_there_afterwards(blobs: BlobFolder, tmp_path: Path) -> None:
    """Whoever wins, the blob is there once `put` has ended: an old one is removed before, or found young."""
    began = utc_now() - timedelta(hours=1)
    for number in range(100):
        data = str(number).encode()
        digest = blobs.put(data)
        make_old(tmp_path / "blobs")
        collector = threading.Thread(target=blobs.remove, args=[digest], kwargs={"unless_put_since": began})
        collector.start()
        blobs.put(data)
        collector.join()
        assert blobs.get(digest) == data


def test_a_check_tells_whole_from_damaged_and_missing(blobs: BlobFolder, tmp_path: Path) -> None:
    digest = blobs.put(b"whole")
    blobs.check(digest)
    (path,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    path.write_bytes(b"whoLe")
    with pytest.raises(BlobDamagedError, match=hex_part(digest)):
        blobs.check(digest)
    blobs.remove(digest)
    for ask in (blobs.check, blobs.size, lambda digest: blobs.age_s(digest, utc_now())):
        with pytest.raises(BlobMissingError):
            ask(digest)


def test_a_blob_that_lost_its_end_is_whole_when_it_is_put_again(blobs: BlobFolder, tmp_path: Path) -> None:
    digest = blobs.put(b"whole")
    (path,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    path.write_bytes(b"wh")
    blobs.put(b"whole")
    blobs.check(digest)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_folder_that_may_only_be_read_is_said(
    blobs: BlobFolder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    digest = blobs.put(b"x")

    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StorageReadOnlyError, match="read-only"):
        blobs.put(b"new")
    with pytest.raises(StorageReadOnlyError):
        blobs.remove(digest)
    monkeypatch.undo()
    assert list(blobs.addresses()) == [digest]
    blobs.check(digest)


def test_what_is_on_a_read_only_disk_can_be_put_again(blobs: BlobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = blobs.put(b"x")

    def refuse(_path: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "utime", refuse)
    assert blobs.put(b"x") == digest
