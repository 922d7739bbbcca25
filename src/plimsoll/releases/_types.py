"""Releases, environments, and the moves between them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from plimsoll.kernel.digest import Digest, Json, digest_json, short_name

MANIFEST_FORMAT = 1

Move = Literal["ship", "rollback"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What let a release through one gate: the suite, the run with every row, and the verdict."""

    suite: str
    suite_version: Digest
    """The version of the suite, whose thresholds were written down before the run."""
    run: Digest
    """Blob with the whole run."""
    verdict: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The exact versions of everything that shapes an answer. Without evidence it is a draft, with it a release."""

    app: str
    artifacts: Mapping[str, Digest]
    """`kind:name` to the digest of the version, such as `prompt:answer`."""
    evidence: tuple[Evidence, ...] = ()

    def to_json(self) -> Json:
        """The content whose digest is the manifest's name."""
        return {
            "format": MANIFEST_FORMAT,
            "app": self.app,
            "artifacts": dict(self.artifacts),
            "evidence": [asdict(evidence) for evidence in self.evidence],
        }

    @property
    def digest(self) -> Digest:
        """The content address."""
        return digest_json(self.to_json())

    @property
    def name(self) -> str:
        """What a person says: `r-3f9c2a` for a release, `d-3f9c2a` for a draft."""
        return short_name("r" if self.evidence else "d", self.digest)


@dataclass(frozen=True, slots=True)
class Release:
    """A manifest that passed its gates, and who made it when."""

    manifest: Manifest
    created_at: datetime
    author: str
    source_commit: str
    """Commit of the project folder, with `+changes` where it was not clean; empty outside Git."""


@dataclass(frozen=True, slots=True)
class EnvironmentMove:
    """One move of an environment's pointer. Moves are only ever added."""

    sequence: int
    app: str
    environment: str
    move: Move
    from_release: Digest | None
    to_release: Digest
    moved_at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Environment:
    """Where releases run, and which one is live there now."""

    app: str
    name: str
    live: Digest | None
    live_name: str
    """Short name of the live release; empty when nothing is live."""
    moved_at: datetime | None
    actor: str
