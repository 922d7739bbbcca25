"""What blobs promise, wherever they are kept."""

import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import obstore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.object_storage import HASTY, ObjectStorage

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import digest_bytes, hex_part
from plimsoll.kernel.errors import IntegrityError
from plimsoll.storage import BlobFolder, Blobs
from plimsoll.storage._errors import BlobDamagedError, BlobMissingError
from plimsoll.storage.bucket import BlobBucket, CopiedBlobs

GRACE = timedelta(hours=1)
few = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)


class Kept(Protocol):
    """Blobs, and what somebody else does to them behind their back."""

    blobs: Blobs

    def nothing(self) -> Blobs:
        """Blobs in a place where nothing was ever put."""

    def write(self, name: str, data: bytes) -> None:
        """Put a file or an object among them."""

    def make_old(self) -> None:
        """Make everything so old that it may be collected."""


class InFolder:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.blobs: Blobs = BlobFolder(folder / "blobs")

    def nothing(self) -> Blobs:
        return BlobFolder(self._folder / "nothing")

    def write(self, name: str, data: bytes) -> None:
        path = self._folder / "blobs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def make_old(self) -> None:
        for path in (self._folder / "blobs").rglob("*"):
            os.utime(path, (1e9, 1e9))


class InBucket:
    """A prefix of a bucket."""

    def __init__(self, storage: ObjectStorage) -> None:
        self._storage = storage
        self._place = storage.place()
        self.bucket = BlobBucket(self._place, HASTY)
        self.blobs: Blobs = self.bucket

    def nothing(self) -> Blobs:
        return BlobBucket(self._storage.place(), HASTY)

    def write(self, name: str, data: bytes) -> None:
        obstore.put(self.bucket._client._store, name, data)

    def make_old(self) -> None:
        self._storage.make_old(self._place)


class InBucketWithCopies(InBucket):
    """A prefix of a bucket, with copies that are gone whenever the bucket is meddled with."""

    def __init__(self, storage: ObjectStorage, folder: Path) -> None:
        super().__init__(storage)
        self._copies = BlobFolder(folder / "copies")
        self.blobs = CopiedBlobs(self.bucket, self._copies, most_bytes=1000)

    def write(self, name: str, data: bytes) -> None:
        super().write(name, data)
        for digest in list(self._copies.addresses()):
            self._copies.remove(digest)


@pytest.fixture(params=["folder", "bucket", "bucket with copies"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    if request.param == "folder":
        return InFolder(tmp_path)
    storage: ObjectStorage = request.getfixturevalue("storage")
    return InBucket(storage) if request.param == "bucket" else InBucketWithCopies(storage, tmp_path)


def name_of(digest: str) -> str:
    return f"{hex_part(digest)[:2]}/{hex_part(digest)[2:]}"


@few
@given(st.binary(max_size=200))
def test_what_is_put_is_got(kept: Kept, data: bytes) -> None:
    digest = kept.blobs.put(data)
    assert digest == digest_bytes(data)
    assert kept.blobs.get(digest) == data
    assert kept.blobs.has(digest)


def test_a_flipped_bit_is_named(kept: Kept) -> None:
    digest = kept.blobs.put(b"whole")
    kept.write(name_of(digest), b"whoLe")
    with pytest.raises(IntegrityError, match=hex_part(digest)):
        kept.blobs.get(digest)


def test_what_was_never_put_is_missing(kept: Kept) -> None:
    with pytest.raises(IntegrityError, match="missing"):
        kept.blobs.get(digest_bytes(b"never"))
    assert not kept.blobs.has(digest_bytes(b"never"))
    assert not kept.blobs.renew(digest_bytes(b"never"))


@few
@given(st.sets(st.binary(max_size=50), max_size=6))
def test_every_address_is_listed_once_and_in_order(kept: Kept, contents: set[bytes]) -> None:
    for digest in list(kept.blobs.addresses()):
        assert kept.blobs.remove(digest)
    digests = {kept.blobs.put(data): data for data in contents}
    assert list(kept.blobs.addresses()) == sorted(digests)
    assert [digest for digest, _ in kept.blobs.put_times()] == sorted(digests)
    assert {digest: kept.blobs.size(digest) for digest in digests} == {d: len(data) for d, data in digests.items()}


def test_what_is_no_blob_has_no_address(kept: Kept) -> None:
    digest = kept.blobs.put(b"x")
    kept.write("note.txt", b"by a person")
    kept.write(f"{hex_part(digest)[:2]}/half", b"")
    kept.write("fg/" + "0" * 62, b"")
    assert list(kept.blobs.addresses()) == [digest]
    assert list(kept.nothing().addresses()) == []


def test_a_blob_can_be_removed_any_number_of_times(kept: Kept) -> None:
    digest = kept.blobs.put(b"x")
    assert [kept.blobs.remove(digest), kept.blobs.remove(digest)] == [True, False]
    assert not kept.blobs.has(digest)
    assert list(kept.blobs.addresses()) == []
    assert kept.nothing().remove(digest) is False
    assert kept.blobs.get(kept.blobs.put(b"x")) == b"x"


@pytest.mark.parametrize("again", ["put", "renew"])
def test_putting_a_blob_again_keeps_it_from_a_collection_that_began_before(kept: Kept, again: str) -> None:
    digest = kept.blobs.put(b"x")
    kept.make_old()
    assert kept.blobs.age_s(digest, utc_now()) > GRACE.total_seconds()
    assert kept.blobs.put(b"x") if again == "put" else kept.blobs.renew(digest)
    assert kept.blobs.age_s(digest, utc_now()) < GRACE.total_seconds()
    assert not kept.blobs.remove(digest, unless_put_since=utc_now() - GRACE)
    kept.make_old()
    assert kept.blobs.remove(digest, unless_put_since=utc_now() - GRACE)


def test_the_times_of_all_are_those_of_each(kept: Kept) -> None:
    old, renewed = kept.blobs.put(b"old"), kept.blobs.put(b"renewed")
    kept.make_old()
    kept.blobs.renew(renewed)
    now = utc_now()
    ages = {digest: (now - at).total_seconds() for digest, at in kept.blobs.put_times()}
    assert ages == {digest: pytest.approx(kept.blobs.age_s(digest, now), abs=0.01) for digest in (old, renewed)}
    assert ages[old] > GRACE.total_seconds() > ages[renewed]


def test_what_is_put_while_it_is_collected_is_there_afterwards(kept: Kept) -> None:
    """Whoever wins, the blob is there once `put` has ended: an old one is removed before, or found young."""
    began = utc_now() - GRACE
    for number in range(20):
        data = str(number).encode()
        digest = kept.blobs.put(data)
        kept.make_old()
        collector = threading.Thread(target=kept.blobs.remove, args=[digest], kwargs={"unless_put_since": began})
        collector.start()
        kept.blobs.put(data)
        collector.join()
        assert kept.blobs.get(digest) == data


def test_writers_of_the_same_content_do_not_hinder_each_other(kept: Kept) -> None:
    found: list[str] = []
    writers = [threading.Thread(target=lambda: found.append(kept.blobs.put(b"the same"))) for _ in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert found == [digest_bytes(b"the same")] * 6
    assert list(kept.blobs.addresses()) == found[:1]


def test_a_check_tells_whole_from_damaged_and_missing(kept: Kept) -> None:
    digest = kept.blobs.put(b"whole")
    kept.blobs.check(digest)
    kept.write(name_of(digest), b"whoLe")
    with pytest.raises(BlobDamagedError, match=hex_part(digest)):
        kept.blobs.check(digest)
    kept.blobs.remove(digest)
    for ask in (kept.blobs.check, kept.blobs.size, lambda digest: kept.blobs.age_s(digest, utc_now())):
        with pytest.raises(BlobMissingError):
            ask(digest)


def test_a_blob_that_lost_its_end_is_whole_when_it_is_put_again(kept: Kept) -> None:
    digest = kept.blobs.put(b"whole")
    kept.write(name_of(digest), b"wh")
    kept.blobs.put(b"whole")
    kept.blobs.check(digest)
