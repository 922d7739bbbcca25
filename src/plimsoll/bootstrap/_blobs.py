"""Where contents are kept."""

from pathlib import Path

from plimsoll.settings import BucketSettings, SettingInvalidError
from plimsoll.storage import BlobFolder, Blobs
from plimsoll.storage.bucket import BlobBucket, BucketKeys, BucketPlace, CopiedBlobs

_MB = 1_000_000


def open_blobs(wanted: Path | BucketSettings | None, home: Path) -> Blobs:
    """The blobs of an installation. No server is asked before it is needed.

    Raises InvalidError for an address that cannot be read, and where the client of object storage is not installed.
    """
    if not isinstance(wanted, BucketSettings):
        return BlobFolder(wanted or home / "blobs")
    bucket = BlobBucket(bucket_place(wanted))
    if not wanted.copies_mb:
        return bucket
    return CopiedBlobs(bucket, BlobFolder(home / "copies"), most_bytes=wanted.copies_mb * _MB)


def bucket_place(wanted: BucketSettings) -> BucketPlace:
    """The bucket that the settings name. Raises InvalidError."""
    keys = None
    if wanted.access_key_id is not None and wanted.secret_access_key is not None:
        keys = BucketKeys(wanted.access_key_id, wanted.secret_access_key, wanted.session_token)
    return BucketPlace(
        wanted.url,
        endpoint=wanted.endpoint,
        region=wanted.region,
        path_style=wanted.path_style,
        keys=keys,
        authorities=_authorities(wanted.ca_file),
    )


def _authorities(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"the path of a file with certificates; {path} cannot be read ({error.strerror})"
        raise SettingInvalidError("PLIMSOLL_S3_CA_FILE", reason) from error


def lance_options(wanted: BucketSettings) -> dict[str, str]:
    """How the index engine Lance comes to the object storage of the settings. Holds keys; for no text that is shown."""
    place = bucket_place(wanted)
    options = {
        "region": place.region,
        "virtual_hosted_style_request": "false" if place.path_style else "true",
        "allow_http": "false" if place.is_encrypted else "true",
    }
    if place.request_endpoint is not None:
        options["endpoint"] = place.request_endpoint
    if place.keys is not None:
        options |= {"access_key_id": place.keys.access_key_id, "secret_access_key": place.keys.secret_access_key}
        options |= {"session_token": place.keys.session_token} if place.keys.session_token else {}
    return options
