import logging
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from plimsoll.documents import DocumentError
from plimsoll.documents.sources import EVERYBODY, Bucket, FetchError, SourceUnreachableError
from plimsoll.kernel.errors import UnavailableError

MOST = 1_000_000


class Storage:
    """A bucket on a server of this machine."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        # It has no types.
        self.client: Any = import_module("boto3").client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",  # noqa: S106 - of a server that lives for one test
        )

    def put(self, key: str, body: bytes = b"text", **metadata: str) -> None:
        self.client.put_object(Bucket="papers", Key=key, Body=body, Metadata=metadata)

    def bucket(self, **settings: Any) -> Bucket:
        given = {"name": "papers", "endpoint": self.endpoint, "access_key_id": "key", "secret_access_key": "secret"}
        return Bucket(**{**given, "retries": 0, "timeout_s": 10.0, **settings})


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def storage(server: str) -> Iterator[Storage]:
    storage = Storage(server)
    storage.client.create_bucket(Bucket="papers")
    yield storage
    for item in storage.client.list_objects_v2(Bucket="papers").get("Contents", []):
        storage.client.delete_object(Bucket="papers", Key=item["Key"])
    storage.client.delete_bucket(Bucket="papers")


def test_objects_are_listed_below_the_prefix_and_by_patterns(storage: Storage) -> None:
    for key in ("2024/a.txt", "2024/b/c.PDF", "2024/b/d.exe", "2024/draft.txt", "2023/e.txt"):
        storage.put(key)
    storage.put("2024/", b"")
    result = storage.bucket(prefix="2024/", exclude=("draft*",)).scan()
    assert [file.path for file in result.files] == ["a.txt", "b/c.PDF"]
    assert [item.path for item in result.skipped] == ["b/d.exe"]
    assert result.files[0].size == 4
    assert all(file.location is None and file.version for file in result.files)


def test_what_did_not_change_is_not_fetched_again(storage: Storage) -> None:
    storage.put("a.txt", b"first")
    bucket = storage.bucket()
    (file,) = bucket.scan().files
    first = bucket.fetch(file, known="", max_bytes=MOST)
    assert first is not None
    assert first.data == b"first"
    storage.client.delete_object(Bucket="papers", Key="a.txt")
    assert bucket.fetch(file, known=first.version, max_bytes=MOST) is None
    storage.put("a.txt", b"second")
    (changed,) = bucket.scan().files
    second = bucket.fetch(changed, known=first.version, max_bytes=MOST)
    assert second is not None
    assert second.data == b"second"


def test_readers_and_facts_stand_at_the_object(storage: Storage) -> None:
    storage.put("a.txt", access="legal, finance", year="2024")
    storage.put("b.txt")
    bucket = storage.bucket(access=("staff",))
    first, second = (bucket.fetch(file, known="", max_bytes=MOST) for file in bucket.scan().files)
    assert first is not None
    assert second is not None
    assert (first.access, first.metadata) == (("finance", "legal"), {"year": "2024"})
    assert (second.access, second.metadata) == (None, {})
    assert [file.access for file in bucket.scan().files] == [("staff",), ("staff",)]
    assert bucket.access != EVERYBODY


def test_an_object_whose_readers_are_not_understood_is_not_read(storage: Storage) -> None:
    storage.put("a.txt", access=" , ")
    bucket = storage.bucket()
    with pytest.raises(DocumentError, match="a group"):
        bucket.fetch(bucket.scan().files[0], known="", max_bytes=MOST)


def test_what_was_copied_from_a_folder_is_not_shown_to_more_people(storage: Storage) -> None:
    for key in ("hr/.access.yaml", "hr/pay/a.txt", "b.txt.meta.json", "b.txt", "c.txt", "hr2/d.txt", "e/.access.yml"):
        storage.put(key)
    result = storage.bucket().scan()
    assert [file.path for file in result.files] == ["c.txt", "hr2/d.txt"]
    told = {item.path: item.reason for item in result.skipped}
    assert told["hr/pay/a.txt"] == "hr/.access.yaml speaks of it, and is not read in a bucket"
    assert told["b.txt"] == "b.txt.meta.json speaks of it, and is not read in a bucket"
    assert told["b.txt.meta.json"] == "it speaks of another object, and is not read in a bucket"
    storage.put(".access.yaml")
    assert storage.bucket().scan().files == ()


def test_names_that_would_steer_a_terminal_are_refused(storage: Storage) -> None:
    for key in ("a\u2028b.txt", "\u202etxt.exe.txt", "c.txt"):
        storage.put(key)
    result = storage.bucket().scan()
    assert [file.path for file in result.files] == ["c.txt"]
    assert {item.reason for item in result.skipped} == {"its name has control characters"}
    assert all(item.path.isprintable() for item in result.skipped)


def test_the_place_of_a_bucket_is_its_server_too(storage: Storage) -> None:
    assert str(storage.bucket(prefix="2024/")) == f"s3://papers/2024/ at {storage.endpoint}"
    assert str(Bucket("papers")) == "s3://papers/"


def test_an_object_without_a_suffix_is_known_by_its_type(storage: Storage) -> None:
    storage.client.put_object(Bucket="papers", Key="page", Body=b"<p>x", ContentType="text/html; charset=utf-8")
    bucket = storage.bucket()
    fetched = bucket.fetch(bucket.scan().files[0], known="", max_bytes=MOST)
    assert fetched is not None
    assert fetched.name.startswith("page.htm")


def test_too_large_an_object_is_not_fetched(storage: Storage) -> None:
    storage.put("a.txt", b"x" * 100)
    bucket = storage.bucket()
    with pytest.raises(DocumentError, match="the limit is"):
        bucket.fetch(bucket.scan().files[0], known="", max_bytes=10)


def test_an_object_that_is_gone_is_one_failure(storage: Storage) -> None:
    storage.put("a.txt")
    bucket = storage.bucket()
    (file,) = bucket.scan().files
    storage.client.delete_object(Bucket="papers", Key="a.txt")
    with pytest.raises(FetchError, match=r"a\.txt was not fetched: it is not there"):
        bucket.fetch(file, known="", max_bytes=MOST)


def test_a_bucket_that_is_not_there_stops_everything(storage: Storage) -> None:
    with pytest.raises(SourceUnreachableError, match="s3://nowhere/"):
        storage.bucket(name="nowhere").scan()


def test_a_server_that_is_not_there_stops_everything_and_shows_no_key() -> None:
    bucket = Bucket("papers", endpoint="http://127.0.0.1:9", access_key_id="kkk", secret_access_key="sss", retries=0)  # noqa: S106
    with pytest.raises(UnavailableError) as caught:
        bucket.scan()
    assert "sss" not in f"{caught.value} {bucket!r}"
    assert "kkk" not in f"{caught.value} {bucket!r}"
