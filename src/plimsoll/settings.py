"""How this installation is set up: read once from the environment, only by the composition root and the doors.

Every setting has a default that works without any: PLIMSOLL_HOME (where records are kept; `.plimsoll` in the project),
PLIMSOLL_ACTOR (who acts; the user's name), PLIMSOLL_KEY (the API key that proves who acts), PLIMSOLL_API_KEY (one more
key that callers of the server may show), PLIMSOLL_WORKERS (processes for heavy stages; one less than the processors),
PLIMSOLL_DATABASE (a PostgreSQL address for the records instead of files), PLIMSOLL_BLOBS (where contents are kept: a
folder, or `s3://bucket/prefix` with the variables of `BucketSettings`; `blobs` in PLIMSOLL_HOME), PLIMSOLL_INDEX (what
answers searches, where a knowledge base does not say: auto, embedded, lance or pgvector; auto), PLIMSOLL_KEYS (the
folder of the installation's own secrets; `keys` in PLIMSOLL_HOME), PLIMSOLL_ANCHOR (where checkpoints of the ledger are
left: a file, or `git+` and an address; a file in PLIMSOLL_HOME). Traces are sent on to the collector that
OpenTelemetry's variables name (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or OTEL_EXPORTER_OTLP_ENDPOINT, with …_HEADERS); to
none otherwise.
"""

import getpass
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import unquote

from plimsoll.kernel.errors import InvalidError

_REFERENCE = re.compile(r"\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}")
_MOST_WORKERS = 64
_MOST_COPIES_MB = 10_000_000
_BUCKET_SCHEME = "s3://"

IndexChoice = Literal["auto", "embedded", "lance", "pgvector"]
"""What answers searches; `auto` goes by the size of an index."""


class SettingInvalidError(InvalidError):
    """An environment variable has a value that cannot be used."""

    code = "setting_invalid"

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"the environment variable {name} must be {wanted}", hint=f"set {name} again, or unset it")


class SecretMissingError(InvalidError):
    """A `${env:NAME}` reference names a variable that is not set."""

    code = "secret_missing"

    def __init__(self, name: str, where: str) -> None:
        super().__init__(
            f"{where} needs the environment variable {name}, which is not set",
            hint=f"export {name}=… before you run this command",
        )
        self.named = name, where


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """The bucket of object storage in which contents are kept: PLIMSOLL_BLOBS=s3://bucket/prefix.

    Values may be `${env:NAME}` references. What the tools of AWS call AWS_… is used where ours is not set.
    """

    url: str
    endpoint: str | None
    """Address of an S3-compatible server (PLIMSOLL_S3_ENDPOINT, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL); or Amazon."""
    region: str
    """PLIMSOLL_S3_REGION, AWS_REGION, AWS_DEFAULT_REGION; us-east-1."""
    path_style: bool
    """PLIMSOLL_S3_PATH_STYLE, yes or no: the bucket in the path of addresses; yes where there is an endpoint."""
    ca_file: Path | None
    """Certificates of authorities that are trusted as well (PLIMSOLL_S3_CA_FILE, AWS_CA_BUNDLE)."""
    copies_mb: int
    """How much of the disk copies may take (PLIMSOLL_BLOBS_COPIES_MB); 0 keeps none."""
    access_key_id: str | None = field(default=None, repr=False)
    """PLIMSOLL_S3_ACCESS_KEY_ID, AWS_ACCESS_KEY_ID; without a key the role of the machine is used."""
    secret_access_key: str | None = field(default=None, repr=False)
    """PLIMSOLL_S3_SECRET_ACCESS_KEY, AWS_SECRET_ACCESS_KEY."""
    session_token: str | None = field(default=None, repr=False)
    """PLIMSOLL_S3_SESSION_TOKEN, AWS_SESSION_TOKEN."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation is set up."""

    home: Path
    """Folder of databases, blobs and indexes."""
    keys: Path
    """Folder of the installation's own secrets: what signs, and what seals personal data."""
    anchor: str
    """Where checkpoints of the ledger are left."""
    actor: str
    """Who is recorded as the author of versions, releases and moves."""
    workers: int
    api_key: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    """The API key of who acts; without one the actor is only said, not proven."""
    database_url: str | None = field(default=None, repr=False)
    blobs: Path | BucketSettings | None = None
    """Where contents are kept: a folder, or a bucket; None is the folder `blobs` of `home`."""
    index: IndexChoice = "auto"
    """What answers searches over an index, where its knowledge base does not say."""
    otlp_endpoint: str | None = None
    """Where traces are sent as well: the whole address of a collector, ending in /v1/traces."""
    otlp_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What is sent with them, such as a key."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Where `${env:NAME}` references are looked up."""

    def resolve(self, text: str, *, where: str) -> str:
        """`text` with every `${env:NAME}` replaced. `where` says who needs it. Raises SecretMissingError."""
        return _resolve(self.environ, text, where)


def read_settings(project: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings for a project folder. Raises SettingInvalidError, and SecretMissingError for a reference to none."""
    home = _folder(environ, "PLIMSOLL_HOME", project / ".plimsoll")
    return Settings(
        home=home,
        keys=_folder(environ, "PLIMSOLL_KEYS", home / "keys"),
        anchor=environ.get("PLIMSOLL_ANCHOR") or str(home / "anchor" / "checkpoints.jsonl"),
        actor=environ.get("PLIMSOLL_ACTOR") or _user_name(),
        workers=_workers(environ.get("PLIMSOLL_WORKERS")),
        api_key=environ.get("PLIMSOLL_API_KEY") or None,
        key=environ.get("PLIMSOLL_KEY") or None,
        database_url=environ.get("PLIMSOLL_DATABASE") or None,
        blobs=_blobs(environ),
        index=_index(environ.get("PLIMSOLL_INDEX")),
        otlp_endpoint=_otlp_endpoint(environ),
        otlp_headers=_otlp_headers(environ),
        environ=environ,
    )


def _folder(environ: Mapping[str, str], name: str, default: Path) -> Path:
    text = environ.get(name)
    if not text:
        return default
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError:  # `~somebody` who does not exist
        raise SettingInvalidError(name, "a folder") from None


def _index(text: str | None) -> IndexChoice:
    known = get_args(IndexChoice)
    if text and text not in known:
        raise SettingInvalidError("PLIMSOLL_INDEX", f"{', '.join(known[:-1])} or {known[-1]}")
    return cast("IndexChoice", text or "auto")


def _blobs(environ: Mapping[str, str]) -> Path | BucketSettings | None:
    text = environ.get("PLIMSOLL_BLOBS")
    if not text:
        return None
    if not text.startswith(_BUCKET_SCHEME):
        if "://" in text:
            raise SettingInvalidError("PLIMSOLL_BLOBS", "a folder, or s3://bucket/prefix")
        return _folder(environ, "PLIMSOLL_BLOBS", Path())
    key = _first(environ, "PLIMSOLL_S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID")
    secret = _first(environ, "PLIMSOLL_S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
    if (key is None) != (secret is None):
        name = "PLIMSOLL_S3_ACCESS_KEY_ID" if key is None else "PLIMSOLL_S3_SECRET_ACCESS_KEY"
        raise SettingInvalidError(name, "set when the other half of the key is")
    endpoint = _first(environ, "PLIMSOLL_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    authorities = _first(environ, "PLIMSOLL_S3_CA_FILE", "AWS_CA_BUNDLE")
    return BucketSettings(
        url=text,
        endpoint=endpoint,
        region=_first(environ, "PLIMSOLL_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION") or "us-east-1",
        path_style=_yes(environ, "PLIMSOLL_S3_PATH_STYLE", otherwise=endpoint is not None),
        ca_file=None if authorities is None else Path(authorities),
        copies_mb=_whole(environ, "PLIMSOLL_BLOBS_COPIES_MB", otherwise=4096, most=_MOST_COPIES_MB),
        access_key_id=key,
        secret_access_key=secret,
        session_token=_first(environ, "PLIMSOLL_S3_SESSION_TOKEN", "AWS_SESSION_TOKEN"),
    )


def _first(environ: Mapping[str, str], *names: str) -> str | None:
    """The value of the first variable that is set, with its references resolved."""
    name = next((name for name in names if environ.get(name)), None)
    return None if name is None else _resolve(environ, environ[name], name)


def _resolve(environ: Mapping[str, str], text: str, where: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        found = environ.get(name)
        if not found:
            raise SecretMissingError(name, where)
        return found

    return _REFERENCE.sub(value, text)


def _yes(environ: Mapping[str, str], name: str, *, otherwise: bool) -> bool:
    text = environ.get(name)
    if not text:
        return otherwise
    if text not in {"yes", "no"}:
        raise SettingInvalidError(name, "yes or no")
    return text == "yes"


def _whole(environ: Mapping[str, str], name: str, *, otherwise: int, most: int) -> int:
    text = environ.get(name)
    if not text:
        return otherwise
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most):
        raise SettingInvalidError(name, f"a whole number from 0 to {most}")
    return int(text)


def _otlp_endpoint(environ: Mapping[str, str]) -> str | None:
    """As OpenTelemetry's exporters read it (specification of the OTLP exporter, 1.45): the first as it is."""
    whole = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    address = whole or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    if not address:
        return None
    if not address.startswith(("http://", "https://")):
        name = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" if whole else "OTEL_EXPORTER_OTLP_ENDPOINT"
        raise SettingInvalidError(name, "an address that begins with http:// or https://")
    return address if whole else address.rstrip("/") + "/v1/traces"


def _otlp_headers(environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    name = "OTEL_EXPORTER_OTLP_TRACES_HEADERS"
    text = environ.get(name) or environ.get("OTEL_EXPORTER_OTLP_HEADERS") or ""
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if any(not sign or not key.strip() for key, sign, _ in pairs):
        raise SettingInvalidError(name, "a list such as name=value,name=value")
    return tuple((key.strip().lower(), unquote(value.strip())) for key, _, value in pairs)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return f"uid-{os.getuid()}"


def _workers(text: str | None) -> int:
    if text is None:
        return max(1, (os.cpu_count() or 1) - 1)
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_WORKERS:
        raise SettingInvalidError("PLIMSOLL_WORKERS", f"a whole number from 1 to {_MOST_WORKERS}")
    return int(text)
