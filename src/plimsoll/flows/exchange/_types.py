"""What an export and an import need, and what they tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from plimsoll.kernel.digest import Digest
from plimsoll.ledger import By, Ledger
from plimsoll.registry import Registry
from plimsoll.releases import Release, Releases


class Blobs(Protocol):
    """Content-addressed bytes, as `plimsoll.storage` keeps them."""

    def put(self, data: bytes) -> Digest:
        """Keep bytes and return their address. Raises UnavailableError."""

    def get(self, digest: Digest) -> bytes:
        """The bytes at an address. Raises IntegrityError when they are missing or changed."""

    def has(self, digest: Digest) -> bool:
        """Whether something is kept at an address."""


@dataclass(frozen=True, slots=True)
class ExportParts:
    """Where a release and its story are read. The ledger's key signs the file."""

    registry: Registry
    blobs: Blobs
    ledger: Ledger
    owner: str = ""
    """Of the application, as plimsoll.yaml says; for the bill of materials."""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was handed over."""

    release: Release
    path: Path
    size_bytes: int
    vkey: str
    """The key with which the file was signed; its receiver must trust it."""
    versions: int
    blobs: int
    entries: int
    """Entries of the ledger, each with its proof."""


@dataclass(frozen=True, slots=True)
class ImportParts:
    """Where a release is taken in, and who does it."""

    app: str
    """The application of the project; a release of another one would show up nowhere."""
    registry: Registry
    releases: Releases
    blobs: Blobs
    by: By


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was taken in."""

    release: Release
    origin: str
    """The installation that signed the file."""
    vkey: str
    existed: bool
    """Whether this very release was here already, so that nothing was written down."""
    versions: int
    versions_new: int
    blobs: int
    blobs_new: int
    story: tuple[Mapping[str, Any], ...]
    """Where the release was live at its origin, since when, who approved it and why, as the proven entries say."""
