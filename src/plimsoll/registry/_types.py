"""What a version is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from plimsoll.kernel.digest import Digest, Json, digest_json

from ._errors import KindUnknownError, ReferenceInvalidError

Kind = Literal[
    "prompt",
    "source",
    "knowledge",
    "index",
    "guardrail",
    "route",
    "endpoint",
    "agent",
    "adapter",
    "model",
    "dataset",
    "suite",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


def split_key(key: str) -> tuple[Kind, str]:
    """Kind and name of `kind:name`. Raises KindUnknownError and ReferenceInvalidError."""
    kind, colon, name = key.partition(":")
    if not colon or not name:
        raise ReferenceInvalidError(key)
    return check_kind(kind), name


def check_kind(kind: str) -> Kind:
    """A text as a kind. Raises KindUnknownError."""
    if kind not in KINDS:
        raise KindUnknownError(kind, KINDS)
    return kind


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
        kind, name = split_key(key)
        return cls(kind, name, digest)


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
    """Pseudonym of the actor who published it first."""
    source_commit: str
    sequence: int
    """The ledger entry of its publication."""

    @property
    def ref(self) -> VersionRef:
        """The exact name."""
        return VersionRef(self.kind, self.name, self.digest)

    @property
    def label(self) -> str:
        """What a person says: `answer v3`."""
        return f"{self.name} v{self.number}"
