import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plimsoll.kernel.digest import digest_bytes, hex_part
from plimsoll.kernel.errors import IntegrityError
from plimsoll.storage import BlobFolder, StorageFullError
from plimsoll.storage._errors import StorageFailedError


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
