"""What a version is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from plimsoll.kernel.digest import Digest, Json, digest_json

Kind = Literal["prompt", "source", "knowledge", "index", "route", "endpoint", "dataset", "suite"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class VersionRef:
    """Names one version exactly."""

    kind: Kind
    name: str
    digest: Digest

    @property
    def key(self) -> str:
        """`kind:name`, as in a manifest."""
        return f"{self.kind}:{self.name}"

    @classmethod
    def from_key(cls, key: str, digest: Digest) -> "VersionRef":
        """The reverse of `key`."""
        kind, _, name = key.partition(":")
        return cls(cast("Kind", kind), name, digest)


@dataclass(frozen=True, slots=True)
class Publication:
    """Content that should become a version, and the versions it was made from."""

    kind: Kind
    name: str
    content: Json
    parents: tuple[VersionRef, ...] = ()

    @property
    def ref(self) -> VersionRef:
        """The exact name that the version will have."""
        return VersionRef(self.kind, self.name, digest_json(self.content))


@dataclass(frozen=True, slots=True)
class Version:
    """One immutable content of an artifact."""

    app: str
    kind: Kind
    name: str
    number: int
    """From 1, in the order of first publication."""
    digest: Digest
    created_at: datetime
    author: str
    source_commit: str

    @property
    def ref(self) -> VersionRef:
        """The exact name."""
        return VersionRef(self.kind, self.name, self.digest)

    @property
    def label(self) -> str:
        """What a person says: `answer v3`."""
        return f"{self.name} v{self.number}"
