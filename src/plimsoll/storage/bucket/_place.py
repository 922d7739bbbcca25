"""Where a bucket is, and who asks."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._errors import PlaceInvalidError

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", re.ASCII)
_PART = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9!_.*'()=-]{1,100}", re.ASCII)
_MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class BucketKeys:
    """Who asks. The values are in no text that this class makes."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """A prefix inside a bucket.

    `url` is `s3://bucket/some/prefix`; the prefix may be left out. Raises PlaceInvalidError.
    """

    url: str
    endpoint: str | None = None
    """Address of the server, `https://minio.example:9000`; None is Amazon S3 in `region`."""
    region: str = "us-east-1"
    path_style: bool = True
    """Whether the bucket stands in the path of an address; otherwise before the name of its host."""
    keys: BucketKeys | None = None
    """None leaves it to the machine: the role of its instance, container or service account."""
    authorities: bytes | None = field(default=None, repr=False)
    """Certificates of authorities (PEM) that are trusted beside those of the system."""

    def __post_init__(self) -> None:
        parts = self.prefix.split("/") if self.prefix else []
        known = all(map(_PART.fullmatch, parts)) and len(parts) <= _MOST_PARTS
        if not self.url.startswith("s3://") or not _BUCKET.fullmatch(self.bucket) or not known:
            # The url is not shown: whatever is wrong with it, it may hold a key.
            raise PlaceInvalidError(
                "the address of the bucket cannot be read",
                "write s3://bucket/prefix; keys do not belong into it, and the prefix is plain letters and digits",
            )
        if self.endpoint is not None and not _is_plain(self.endpoint):
            raise PlaceInvalidError(
                "the address of the object storage cannot be read",
                "write https://host:port, without user, password or query",
            )

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        return self.url.removeprefix("s3://").partition("/")[0]

    @property
    def prefix(self) -> str:
        """What stands before the name of every object, without a slash at its end; may be empty."""
        return self.url.removeprefix("s3://").partition("/")[2].rstrip("/")

    @property
    def is_encrypted(self) -> bool:
        """Whether what goes over the network cannot be read on its way."""
        return self.endpoint is None or self.endpoint.startswith("https://")

    @property
    def request_endpoint(self) -> str | None:
        """The address to which requests go: with the bucket before its host, where that is the style."""
        if self.endpoint is None or self.path_style:
            return self.endpoint
        scheme, _, rest = self.endpoint.partition("://")
        return f"{scheme}://{self.bucket}.{rest}"

    def __str__(self) -> str:
        server = "Amazon S3" if self.endpoint is None else urlsplit(self.endpoint).netloc
        return f"the bucket {self.bucket} on {server}"


def _is_plain(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    odd = parts.query or parts.fragment or "@" in endpoint or re.search(r"\s", endpoint) or port == 0
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not odd
