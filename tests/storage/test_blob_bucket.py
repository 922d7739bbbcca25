"""What is special about blobs in a bucket: servers that fail, keys that are refused, removals that were never ended."""

import secrets
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import obstore
import pytest
import trustme
from tests.object_storage import (
    ACCESS_KEY,
    HASTY,
    SECRET_KEY,
    ObjectStorage,
    Reply,
    Script,
    failing_storage,
    refusal,
)

from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import digest_bytes, hex_part
from plimsoll.kernel.errors import IntegrityError, PlimsollError, UnavailableError
from plimsoll.storage._errors import BlobDamagedError, PlaceInvalidError
from plimsoll.storage.bucket import BlobBucket, BucketKeys, BucketPlace, BucketUnreachableError
from plimsoll.storage.bucket._errors import (
    BlobUnsteadyError,
    BucketBusyError,
    BucketClientMissingError,
    BucketDeniedError,
    BucketElsewhereError,
    BucketFailedError,
    BucketMissingError,
    BucketUnfitError,
)

DATA = b"some content"
DIGEST = digest_bytes(DATA)
KEYS = BucketKeys(ACCESS_KEY, SECRET_KEY)
NOTHING_LISTENS = "http://127.0.0.1:9"

ASKING: dict[str, Callable[[BlobBucket], object]] = {
    "put": lambda blobs: blobs.put(DATA),
    "get": lambda blobs: blobs.get(DIGEST),
    "has": lambda blobs: blobs.has(DIGEST),
    "renew": lambda blobs: blobs.renew(DIGEST),
    "addresses": lambda blobs: list(blobs.addresses()),
    "size": lambda blobs: blobs.size(DIGEST),
    "age_s": lambda blobs: blobs.age_s(DIGEST, utc_now()),
    "check": lambda blobs: blobs.check(DIGEST),
    "put_times": lambda blobs: list(blobs.put_times()),
    "remove": lambda blobs: blobs.remove(DIGEST),
    "remove_partial": lambda blobs: blobs.remove_partial(),
}


def always(reply: Reply) -> Script:
    return lambda _method, _path, _number: reply


def holds_no_secret(error: BaseException) -> bool:
    """Whether neither an error nor anything it came from says what nobody may read."""
    texts = [str(error), repr(error)]
    if isinstance(error, PlimsollError):
        texts.append(error.hint)
    shown = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    secret = any(each in text for each in (ACCESS_KEY, SECRET_KEY) for text in texts)
    return not secret and (shown is None or holds_no_secret(shown))


@pytest.mark.parametrize("asking", ASKING)
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refusal(500, "InternalError"), BucketUnreachableError),
        (refusal(503, "SlowDown"), BucketBusyError),
        (refusal(429, "TooManyRequests"), BucketBusyError),
        (refusal(403, "AccessDenied"), BucketDeniedError),
        (refusal(403, "InvalidAccessKeyId"), BucketDeniedError),
        (refusal(401, "Unauthorized"), BucketDeniedError),
        (refusal(301, "PermanentRedirect"), BucketElsewhereError),
        (refusal(400, "Odd"), BucketFailedError),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else value.__name__,
)
def test_what_a_server_refuses_is_said_without_its_words(
    asking: str, reply: Reply, expected: type[UnavailableError]
) -> None:
    with failing_storage(always(reply)) as server, pytest.raises(UnavailableError) as caught:
        ASKING[asking](BlobBucket(server.place(), HASTY))
    assert isinstance(caught.value, expected)
    assert "the bucket harbour on 127.0.0.1" in caught.value.message
    assert caught.value.hint
    assert holds_no_secret(caught.value)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AuthorizationHeaderMalformed", BucketElsewhereError),
        ("ExpiredToken", BucketDeniedError),
        ("RequestTimeTooSkewed", BucketDeniedError),
    ],
)
def test_a_code_tells_more_than_its_status(code: str, expected: type[UnavailableError]) -> None:
    with failing_storage(always(refusal(400, code))) as server, pytest.raises(expected):
        BlobBucket(server.place(), HASTY).get(DIGEST)


@pytest.mark.parametrize("asking", ASKING)
def test_a_server_that_is_not_there_is_said(asking: str) -> None:
    with pytest.raises(BucketUnreachableError, match=r"nothing listens") as caught:
        ASKING[asking](BlobBucket(BucketPlace("s3://harbour/p", endpoint=NOTHING_LISTENS, keys=KEYS), HASTY))
    assert caught.value.retry_after_s == 5


@pytest.mark.parametrize("asking", sorted(ASKING.keys() - {"has", "renew", "remove_partial"}))
def test_a_bucket_that_is_not_there_is_said(storage: ObjectStorage, asking: str) -> None:
    place = storage.place(bucket="not-there")
    with pytest.raises(BucketMissingError, match="not-there"):
        ASKING[asking](BlobBucket(place, HASTY))


def test_a_server_without_conditional_writes_is_named() -> None:
    with failing_storage(always(refusal(501, "NotImplemented"))) as server, pytest.raises(BucketUnfitError):
        BlobBucket(server.place(), HASTY).put(DATA)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_that_recovers_is_asked_again(status: int) -> None:
    def twice(_method: str, _path: str, number: int) -> Reply:
        return refusal(status, "SlowDown") if number <= 2 else Reply(body=DATA)

    with failing_storage(twice) as server:
        assert BlobBucket(server.place(), HASTY).get(DIGEST) == DATA
        assert len(server.asked) == 3


def test_attempts_are_bounded() -> None:
    with failing_storage(always(refusal(503, "SlowDown"))) as server:
        with pytest.raises(BucketBusyError):
            BlobBucket(server.place(), HASTY).get(DIGEST)
        assert len(server.asked) == 1 + HASTY.retries


@pytest.mark.parametrize("asking", ["get", "check"])
def test_an_answer_that_breaks_off_is_never_taken_for_the_content(asking: str) -> None:
    with failing_storage(always(Reply(body=DATA, cut=4))) as server, pytest.raises(BucketUnreachableError):
        ASKING[asking](BlobBucket(server.place(), HASTY))


@pytest.mark.parametrize("asking", ["get", "check"])
@pytest.mark.parametrize("data", [DATA[:-1], DATA + b"!", b"", b"other content"])
def test_wrong_bytes_are_named(asking: str, data: bytes) -> None:
    with failing_storage(always(Reply(body=data))) as server, pytest.raises(BlobDamagedError, match=hex_part(DIGEST)):
        ASKING[asking](BlobBucket(server.place(), HASTY))


def test_a_server_that_says_nothing_is_given_up() -> None:
    silent = threading.Event()

    def never(_method: str, _path: str, _number: int) -> Reply:
        silent.wait(30)
        return Reply(body=DATA)

    hasty = replace(HASTY, silence_s=0.2, retries=0)
    with failing_storage(never) as server:
        with pytest.raises(BucketUnreachableError, match="too long"):
            BlobBucket(server.place(), hasty).get(DIGEST)
        silent.set()


def test_a_private_authority_is_trusted_where_it_is_named() -> None:
    authority = trustme.CA()
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(certificate)
    with failing_storage(always(Reply(body=DATA)), certificate) as server:
        place = replace(server.place(), authorities=authority.cert_pem.bytes())
        assert BlobBucket(place, HASTY).get(DIGEST) == DATA
        with pytest.raises(BucketUnreachableError, match="not trusted"):
            BlobBucket(server.place(), replace(HASTY, retries=0)).get(DIGEST)


def test_a_listing_of_many_pages_is_whole(storage: ObjectStorage) -> None:
    blobs = BlobBucket(storage.place(), HASTY)
    client = blobs._client._store
    names = {f"{number % 256:02x}/{secrets.token_hex(31)}" for number in range(1100)}
    for name in names:
        obstore.put(client, name, b"")
    assert list(blobs.addresses()) == sorted("sha256:" + name.replace("/", "") for name in names)


def test_a_large_blob_comes_back_and_is_checked_piece_by_piece(storage: ObjectStorage) -> None:
    blobs = BlobBucket(storage.place(), HASTY)
    data = secrets.token_bytes(1024) * 9 * 1024
    digest = blobs.put(data)
    blobs.check(digest)
    assert blobs.size(digest) == len(data)
    assert blobs.get(digest) == data


def test_prefixes_of_one_bucket_know_nothing_of_each_other(storage: ObjectStorage) -> None:
    outer = storage.place("fleet")
    inner = replace(outer, url=outer.url + "2")
    digest = BlobBucket(outer, HASTY).put(secrets.token_bytes(8))
    assert not BlobBucket(inner, HASTY).has(digest)
    assert list(BlobBucket(inner, HASTY).addresses()) == []
    assert list(BlobBucket(outer, HASTY).addresses()) == [digest]


def test_a_folder_of_blobs_can_be_copied_into_a_bucket(storage: ObjectStorage) -> None:
    """Objects have the names of the files, so that any tool may move them."""
    place = storage.place()
    digest = BlobBucket(place, HASTY).put(DATA)
    assert f"{place.prefix}/{hex_part(digest)[:2]}/{hex_part(digest)[2:]}" in storage.objects


def test_a_removal_that_was_never_ended_holds_nobody_up_for_good(storage: ObjectStorage) -> None:
    place = storage.place()
    blobs = BlobBucket(place, HASTY, lease_s=0.2)
    digest = blobs.put(DATA)
    blobs._client.write(f"removing/{hex_part(digest)}", b"of a process that was killed")
    assert blobs.put(DATA) == digest
    blobs._client.write(f"removing/{hex_part(digest)}", b"of another")
    assert blobs.remove(digest)
    assert [name for name in storage.objects if name.startswith(place.prefix)] == []


def test_marks_of_old_removals_are_cleared_away_and_new_ones_stay(storage: ObjectStorage) -> None:
    place = storage.place()
    blobs = BlobBucket(place, HASTY)
    blobs._client.write(f"removing/{'a' * 64}", b"old")
    storage.make_old(place)
    blobs._client.write(f"removing/{'b' * 64}", b"new")
    blobs.remove_partial()
    assert [name for name in storage.objects if name.startswith(place.prefix)] == [
        f"{place.prefix}/removing/{'b' * 64}"
    ]


def test_a_removal_that_took_too_long_removes_nothing(storage: ObjectStorage) -> None:
    """Whoever puts the blob stops waiting for a removal at some time, and then it must not go on."""
    blobs = BlobBucket(storage.place(), HASTY, lease_s=0)
    digest = blobs.put(DATA)
    with pytest.raises(BlobUnsteadyError):
        blobs.remove(digest)
    assert blobs.get(digest) == DATA


def test_a_blob_that_is_removed_while_it_is_renewed_is_put_anew(storage: ObjectStorage) -> None:
    place = storage.place()
    blobs = BlobBucket(place, HASTY)
    digest = blobs.put(DATA)
    with pytest.MonkeyPatch.context() as patch:

        def remove_meanwhile(of: str) -> None:
            patch.undo()
            blobs.remove(of)

        patch.setattr(blobs, "_await_removal", remove_meanwhile)
        assert blobs.put(DATA) == digest
    assert blobs.get(digest) == DATA


def test_an_age_counts_from_the_later_of_writing_and_renewal(storage: ObjectStorage) -> None:
    place = storage.place()
    blobs = BlobBucket(place, HASTY)
    digest = blobs.put(DATA)
    blobs.renew(digest)
    (renewal,) = [name for name in storage.objects if name.startswith(f"{place.prefix}/renewed/")]
    storage.objects[renewal].last_modified -= timedelta(days=9)
    assert blobs.age_s(digest, utc_now()) < 3600


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3:///prefix",
        "s3://key:secret@bucket/prefix",
        "s3://bucket/../other",
        "s3://bucket/a//b",
        "s3://bucket/a?b",
        "s3://bucket/a b",
        "s3://b/p",
        "gs://bucket/p",
        "bucket",
        "s3://bucket/" + "/".join("abcdefghi"),
    ],
)
def test_an_odd_address_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(PlaceInvalidError) as caught:
        BucketPlace(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["ftp://host", "host:9000", "http://", "https://me:secret@host", "http://host?x=1", "http://host:0"]
)
def test_an_odd_endpoint_is_refused_and_not_shown(endpoint: str) -> None:
    with pytest.raises(PlaceInvalidError) as caught:
        BucketPlace("s3://bucket/p", endpoint=endpoint)
    assert "secret" not in str(caught.value)


def test_a_place_tells_everything_but_its_keys() -> None:
    place = BucketPlace("s3://bucket/some/prefix/", endpoint="https://minio.example:9000", keys=KEYS)
    assert (place.bucket, place.prefix, place.is_encrypted) == ("bucket", "some/prefix", True)
    assert str(place) == "the bucket bucket on minio.example:9000"
    assert place.request_endpoint == "https://minio.example:9000"
    assert replace(place, path_style=False).request_endpoint == "https://bucket.minio.example:9000"
    assert str(BucketPlace("s3://bucket")) == "the bucket bucket on Amazon S3"
    assert SECRET_KEY not in repr(place)
    assert ACCESS_KEY not in repr(place)


def test_the_bucket_before_the_host_is_asked_for_there() -> None:
    """`localhost` answers for every name below it, where the system resolves those."""
    place = BucketPlace("s3://harbour/p", endpoint="http://localhost:9", path_style=False, keys=KEYS)
    config = BlobBucket(place, HASTY)._client._store.config
    assert config["endpoint"] == "http://harbour.localhost:9"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plimsoll.storage.bucket._client.find_spec", lambda _name: None)
    with pytest.raises(BucketClientMissingError) as caught:
        BlobBucket(BucketPlace("s3://bucket/p"))
    assert "plimsoll[s3]" in caught.value.hint


def test_a_missing_blob_is_no_missing_bucket(storage: ObjectStorage) -> None:
    with pytest.raises(IntegrityError, match="missing"):
        BlobBucket(storage.place(), HASTY).size(DIGEST)
