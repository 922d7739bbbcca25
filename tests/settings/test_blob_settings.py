"""Where contents are kept, as the environment says it."""

from pathlib import Path

import pytest

from plimsoll.settings import BucketSettings, SecretMissingError, SettingInvalidError, read_settings

PROJECT = Path("/srv/harbour")
BUCKET = {"PLIMSOLL_BLOBS": "s3://harbour/blobs"}
SECRET = "kept-out-of-every-text"  # noqa: S105  # it opens nothing
KEY = {"PLIMSOLL_S3_ACCESS_KEY_ID": "AKIAHARBOUR", "PLIMSOLL_S3_SECRET_ACCESS_KEY": SECRET}


def bucket(**environ: str) -> BucketSettings:
    found = read_settings(PROJECT, {**BUCKET, **environ}).blobs
    assert isinstance(found, BucketSettings)
    return found


def test_without_a_variable_they_are_in_the_home() -> None:
    assert read_settings(PROJECT, {}).blobs is None


def test_a_folder_may_be_anywhere() -> None:
    assert read_settings(PROJECT, {"PLIMSOLL_BLOBS": "/mnt/blobs"}).blobs == Path("/mnt/blobs")


def test_a_bucket_needs_nothing_but_its_address() -> None:
    found = bucket()
    assert found.url == "s3://harbour/blobs"
    assert (found.endpoint, found.region, found.path_style, found.access_key_id) == (None, "us-east-1", False, None)


def test_everything_can_be_said() -> None:
    found = bucket(
        PLIMSOLL_S3_ENDPOINT="https://minio.example:9000",
        PLIMSOLL_S3_REGION="eu-central-1",
        PLIMSOLL_S3_PATH_STYLE="no",
        PLIMSOLL_S3_CA_FILE="/etc/ca.pem",
        PLIMSOLL_S3_SESSION_TOKEN="token",  # noqa: S106  # it opens nothing
        PLIMSOLL_BLOBS_COPIES_MB="0",
        **KEY,
    )
    assert found == BucketSettings(
        url="s3://harbour/blobs",
        endpoint="https://minio.example:9000",
        region="eu-central-1",
        path_style=False,
        ca_file=Path("/etc/ca.pem"),
        copies_mb=0,
        access_key_id="AKIAHARBOUR",
        secret_access_key=SECRET,
        session_token="token",  # noqa: S106  # it opens nothing
    )


def test_an_endpoint_is_asked_in_path_style() -> None:
    assert bucket(PLIMSOLL_S3_ENDPOINT="https://minio.example").path_style


def test_the_variables_of_amazons_tools_are_known_and_ours_come_first() -> None:
    theirs = {
        "AWS_ACCESS_KEY_ID": "AKIATHEIRS",
        "AWS_SECRET_ACCESS_KEY": "theirs",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_S3": "https://theirs.example",
    }
    found = bucket(**theirs)
    assert (found.access_key_id, found.secret_access_key) == ("AKIATHEIRS", "theirs")
    assert (found.region, found.endpoint) == ("eu-west-1", "https://theirs.example")
    assert bucket(**theirs, **KEY).access_key_id == "AKIAHARBOUR"


def test_a_key_may_be_a_reference() -> None:
    reference = {**KEY, "PLIMSOLL_S3_SECRET_ACCESS_KEY": "${env:MINIO_PASSWORD}"}
    assert bucket(**reference, MINIO_PASSWORD=SECRET).secret_access_key == SECRET
    with pytest.raises(SecretMissingError, match="MINIO_PASSWORD"):
        bucket(**reference)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PLIMSOLL_BLOBS", "gs://bucket/prefix"),
        ("PLIMSOLL_S3_PATH_STYLE", "maybe"),
        ("PLIMSOLL_BLOBS_COPIES_MB", "-1"),
        ("PLIMSOLL_BLOBS_COPIES_MB", "lots"),
        ("PLIMSOLL_BLOBS_COPIES_MB", "9" * 5000),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingInvalidError, match=name):
        read_settings(PROJECT, {**BUCKET, name: value})


@pytest.mark.parametrize("half", KEY)
def test_half_a_key_is_refused(half: str) -> None:
    (other,) = KEY.keys() - {half}
    with pytest.raises(SettingInvalidError, match=other):
        bucket(**{half: KEY[half]})


def test_no_key_is_in_any_text() -> None:
    shown = repr(read_settings(PROJECT, {**BUCKET, **KEY, "PLIMSOLL_S3_SESSION_TOKEN": "token-of-a-session"}))
    assert not any(secret in shown for secret in (SECRET, "AKIAHARBOUR", "token-of-a-session"))
