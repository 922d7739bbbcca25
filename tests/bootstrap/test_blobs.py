"""An installation whose contents are in a bucket: built, backed up, restored, collected, with the records elsewhere."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.flows.conftest import Workshop, settings_in
from tests.object_storage import ACCESS_KEY, SECRET_KEY, ObjectStorage, object_storage

from plimsoll.bootstrap import Platform, Stores, open_platform
from plimsoll.bootstrap._blobs import bucket_place, lance_options, open_blobs
from plimsoll.flows.backup import back_up, restore
from plimsoll.kernel.clock import utc_now
from plimsoll.settings import BucketSettings, SettingInvalidError
from plimsoll.storage import BlobFolder
from plimsoll.storage.bucket import BlobBucket, CopiedBlobs


@pytest.fixture(scope="module")
def storage() -> Iterator[ObjectStorage]:
    with object_storage() as running:
        yield running


def bucket_in(storage: ObjectStorage, *, copies_mb: int = 10) -> BucketSettings:
    place = storage.place()
    return BucketSettings(
        url=place.url,
        endpoint=place.endpoint,
        region="us-east-1",
        path_style=True,
        ca_file=None,
        copies_mb=copies_mb,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
    )


class FloatingWorkshop(Workshop):
    """A project whose contents are in a bucket."""

    def __init__(self, root: Path, bucket: BucketSettings) -> None:
        super().__init__(root)
        self.bucket = bucket

    def open(self, actor: str = "ada", *, key: str | None = None) -> Platform:
        settings = replace(settings_in(self.home, actor, key=key), blobs=self.bucket)
        platform = open_platform(settings, self.root)
        self._platforms.append(platform)
        return platform


@pytest.fixture
def floating(tmp_path: Path, storage: ObjectStorage) -> Iterator[FloatingWorkshop]:
    shop = FloatingWorkshop(tmp_path / "harbour", bucket_in(storage))
    yield shop
    shop.close()


def test_a_build_leaves_its_contents_in_the_bucket_and_the_next_does_nothing(floating: FloatingWorkshop) -> None:
    floating.build()
    assert not (floating.home / "blobs").exists()
    blobs = open_blobs(floating.bucket, floating.home)
    kept = list(blobs.addresses())
    assert len(kept) > 5
    for digest in kept:
        blobs.check(digest)
    floating.build()
    assert list(blobs.addresses()) == kept


def test_what_is_in_the_bucket_is_backed_up_and_restored_into_a_folder(
    floating: FloatingWorkshop, tmp_path: Path
) -> None:
    floating.build()
    platform = floating.open()
    kept = list(platform.blobs.addresses())
    done = back_up(tmp_path / "monday.tar", tmp_path / "monday.keys", platform.backup_parts())
    assert done.blobs == len(kept)
    new = Stores(settings_in(tmp_path / "new"))
    restore(tmp_path / "monday.tar", tmp_path / "monday.keys", new.backup_parts())
    assert list(new.blobs.addresses()) == kept
    new.close()


def test_a_backup_of_a_folder_is_restored_into_a_bucket(
    workshop: Workshop, storage: ObjectStorage, tmp_path: Path
) -> None:
    workshop.build()
    platform = workshop.open()
    back_up(tmp_path / "monday.tar", tmp_path / "monday.keys", platform.backup_parts())
    new = Stores(replace(settings_in(tmp_path / "new"), blobs=bucket_in(storage)))
    restore(tmp_path / "monday.tar", tmp_path / "monday.keys", new.backup_parts())
    assert list(new.blobs.addresses()) == list(platform.blobs.addresses())
    new.close()


def test_another_machine_with_the_same_bucket_reads_what_one_wrote(floating: FloatingWorkshop, tmp_path: Path) -> None:
    floating.build()
    mine, theirs = open_blobs(floating.bucket, floating.home), open_blobs(floating.bucket, tmp_path / "other")
    for digest in mine.addresses():
        assert theirs.get(digest) == mine.get(digest)


def test_what_is_old_is_collected_and_what_is_young_stays(storage: ObjectStorage, tmp_path: Path) -> None:
    bucket = bucket_in(storage)
    blobs = open_blobs(bucket, tmp_path)
    old, young = blobs.put(b"old"), blobs.put(b"young")
    storage.make_old(bucket_place(bucket))
    blobs.renew(young)
    grace = utc_now() - timedelta(hours=1)
    assert [blobs.remove(digest, unless_put_since=grace) for digest in (old, young)] == [True, False]


def test_the_settings_choose(storage: ObjectStorage, tmp_path: Path) -> None:
    assert isinstance(open_blobs(None, tmp_path), BlobFolder)
    assert isinstance(open_blobs(tmp_path / "elsewhere", tmp_path), BlobFolder)
    assert isinstance(open_blobs(bucket_in(storage), tmp_path), CopiedBlobs)
    assert isinstance(open_blobs(bucket_in(storage, copies_mb=0), tmp_path), BlobBucket)


def test_certificates_that_cannot_be_read_are_named(storage: ObjectStorage, tmp_path: Path) -> None:
    with pytest.raises(SettingInvalidError, match=r"PLIMSOLL_S3_CA_FILE.*cannot be read"):
        open_blobs(replace(bucket_in(storage), ca_file=tmp_path / "none.pem"), tmp_path)


def test_lance_comes_to_the_same_object_storage(storage: ObjectStorage) -> None:
    wanted = bucket_in(storage)
    assert lance_options(wanted) == {
        "region": "us-east-1",
        "virtual_hosted_style_request": "false",
        "allow_http": "true",
        "endpoint": storage.endpoint,
        "access_key_id": ACCESS_KEY,
        "secret_access_key": SECRET_KEY,
    }
    away = replace(wanted, endpoint=None, access_key_id=None, path_style=False)
    assert lance_options(away) == {
        "region": "us-east-1",
        "virtual_hosted_style_request": "true",
        "allow_http": "false",
    }
