"""What both documents are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from plimsoll.kernel.digest import Digest, Json
from plimsoll.registry import Version, VersionRef
from plimsoll.releases import Release

Object = Mapping[str, Json]
"""A JSON object."""


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """Everything that the records know of one release."""

    release: Release
    versions: tuple[Version, ...]
    """Those of the manifest, of its suites, and all that they were made from."""
    parents: Mapping[VersionRef, tuple[VersionRef, ...]]
    """Of each version, those among `versions` that it was made from."""
    contents: Mapping[Digest, Json]
    """The content of each version."""
    runs: Mapping[Digest, Object] = field(default_factory=dict)
    """The evidence, by its address."""
    owner: str = ""
    """Who answers for the application, as plimsoll.yaml says; empty where that is not known."""
    purpose: str = ""
    """What it is for, as plimsoll.yaml says."""


@dataclass(frozen=True, slots=True)
class Built:
    """Where and when the release was made."""

    origin: str
    """The installation, by the name of its signing key: `plimsoll/3f9c2a11`."""
    invocation: str
    """What made it: the ledger entry, `plimsoll/3f9c2a11#1042`."""
    started_at: datetime | None
    """When the first of its runs began; None when no run is known."""
    finished_at: datetime
    imported: tuple[str, str] | None = None
    """Origin and key (the name of the signer) of the file that it was imported from; None when it was made here."""
