"""Copies of blobs that are kept elsewhere: they save requests, and never give what is not there any more."""

import errno
import os
from pathlib import Path

import pytest
from tests.object_storage import HASTY, ObjectStorage

from plimsoll.kernel.digest import hex_part
from plimsoll.storage import BlobFolder
from plimsoll.storage._errors import BlobMissingError, StorageReadOnlyError
from plimsoll.storage.bucket import BlobBucket, BucketUnreachableError, CopiedBlobs


class Counted(BlobFolder):
    """Blobs elsewhere that count how often they are read, and can be out of reach."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reads = 0
        self.reached = True

    def get(self, digest: str) -> bytes:
        self._reach()
        self.reads += 1
        return super().get(digest)

    def has(self, digest: str) -> bool:
        self._reach()
        return super().has(digest)

    def _reach(self) -> None:
        if not self.reached:
            raise BucketUnreachableError("elsewhere", "the test says so")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Counted:
    return Counted(tmp_path / "elsewhere")


@pytest.fixture
def copies(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "copies")


@pytest.fixture
def copied(elsewhere: Counted, copies: BlobFolder) -> CopiedBlobs:
    return CopiedBlobs(elsewhere, copies, most_bytes=1000)


def test_a_blob_is_fetched_once(elsewhere: Counted, copied: CopiedBlobs) -> None:
    digest = elsewhere.put(b"far")
    assert [copied.get(digest) for _ in range(3)] == [b"far"] * 3
    assert elsewhere.reads == 1


def test_what_is_gone_elsewhere_is_gone_and_its_copy_with_it(
    elsewhere: Counted, copies: BlobFolder, copied: CopiedBlobs
) -> None:
    digest = copied.put(b"personal")
    elsewhere.remove(digest)
    with pytest.raises(BlobMissingError):
        copied.get(digest)
    assert not copies.has(digest)


def test_copies_of_what_is_gone_are_cleared_away(elsewhere: Counted, copies: BlobFolder, copied: CopiedBlobs) -> None:
    stays, goes = copied.put(b"stays"), copied.put(b"goes")
    elsewhere.remove(goes)
    copied.remove_partial()
    assert list(copies.addresses()) == [stays]


def test_a_removal_takes_the_copy_along(copies: BlobFolder, copied: CopiedBlobs) -> None:
    digest = copied.put(b"x")
    assert copied.remove(digest)
    assert not copies.has(digest)


def test_copies_answer_while_the_other_place_does_not(elsewhere: Counted, copied: CopiedBlobs) -> None:
    known, unknown = copied.put(b"known"), elsewhere.put(b"unknown")
    elsewhere.reached = False
    assert copied.get(known) == b"known"
    with pytest.raises(BucketUnreachableError):
        copied.get(unknown)


def test_a_damaged_copy_is_fetched_again(
    elsewhere: Counted, copies: BlobFolder, copied: CopiedBlobs, tmp_path: Path
) -> None:
    digest = copied.put(b"whole")
    (tmp_path / "copies" / hex_part(digest)[:2] / hex_part(digest)[2:]).write_bytes(b"whoLe")
    assert copied.get(digest) == b"whole"
    assert elsewhere.reads == 1
    copies.check(digest)


def test_a_full_disk_costs_copies_and_nothing_else(
    elsewhere: Counted, copies: BlobFolder, copied: CopiedBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = elsewhere.put(b"x")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert copied.get(digest) == b"x"
    assert not copies.has(digest)


@pytest.mark.parametrize("failing", ["has", "get", "put", "renew", "size", "remove"])
def test_a_disk_that_fails_costs_copies_and_nothing_else(
    elsewhere: Counted, copies: BlobFolder, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    copied = CopiedBlobs(elsewhere, copies, most_bytes=100)
    digest = copied.put(b"x" * 20)

    def fail(*_: object, **__: object) -> None:
        # As a folder raises it whose rights were taken away, and as `BlobFolder` mostly says it.
        raise PermissionError(errno.EACCES, "Permission denied") if failing == "has" else StorageReadOnlyError(Path())

    monkeypatch.setattr(copies, failing, fail)
    assert copied.get(digest) == b"x" * 20
    others = [elsewhere.put(bytes([number]) * 20) for number in range(10)]
    assert [copied.get(other)[0] for other in others] == list(range(10))


def test_a_copy_that_makes_room_for_another_while_it_is_read_is_fetched_again(
    elsewhere: Counted, copies: BlobFolder, copied: CopiedBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = copied.put(b"whole")
    has = copies.has

    def gone_since(wanted: str) -> bool:
        there = has(wanted)
        copies.remove(wanted)
        return there

    monkeypatch.setattr(copies, "has", gone_since)
    assert copied.get(digest) == b"whole"
    assert elsewhere.reads == 1


def test_what_was_not_read_for_the_longest_time_makes_room(
    copies: BlobFolder, copied: CopiedBlobs, tmp_path: Path
) -> None:
    digests = [copied.put(bytes([number]) * 190) for number in range(5)]
    for age, digest in enumerate(reversed(digests)):
        os.utime(tmp_path / "copies" / hex_part(digest)[:2] / hex_part(digest)[2:], (1e9 - age, 1e9 - age))
    copied.get(digests[0])
    newest = copied.put(b"n" * 190)
    assert set(copies.addresses()) == {digests[0], digests[3], digests[4], newest}


def test_what_would_push_most_others_out_is_not_copied(copies: BlobFolder, copied: CopiedBlobs) -> None:
    digest = copied.put(b"l" * 251)
    assert copied.get(digest) == b"l" * 251
    assert not copies.has(digest)


def test_two_machines_with_copies_agree(storage: ObjectStorage, tmp_path: Path) -> None:
    place = storage.place()
    one, two = (
        CopiedBlobs(BlobBucket(place, HASTY), BlobFolder(tmp_path / name), most_bytes=1000) for name in ("one", "two")
    )
    digest = one.put(b"shared")
    assert two.get(digest) == b"shared"
    assert one.remove(digest)
    with pytest.raises(BlobMissingError):
        two.get(digest)
