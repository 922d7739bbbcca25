"""What is special about blobs in a folder: full and read-only disks, and processes that were killed."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plimsoll.storage import BlobFolder, StorageFullError
from plimsoll.storage._errors import StorageFailedError, StorageReadOnlyError


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


def test_a_file_where_a_folder_should_be_has_no_addresses(blobs: BlobFolder, tmp_path: Path) -> None:
    digest = blobs.put(b"x")
    (tmp_path / "blobs" / "ff").write_text("a file where a folder should be")
    assert list(blobs.addresses()) == [digest]


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
