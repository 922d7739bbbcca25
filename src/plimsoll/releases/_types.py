"""Releases, environments, and the moves between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from plimsoll.kernel.digest import Digest, Json, digest_json, short_name

MANIFEST_FORMAT = 1

Move = Literal["ship", "rollback", "split", "unsplit"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What let a release through one gate: the suite, the run with every row, and the verdict."""

    suite: str
    suite_version: Digest
    """The version of the suite, whose thresholds were written down before the run."""
    run: Digest
    """Blob with the whole run."""
    verdict: str

    def to_json(self) -> dict[str, Json]:
        """As it stands in a manifest and in the ledger."""
        return {"suite": self.suite, "suite_version": self.suite_version, "run": self.run, "verdict": self.verdict}


@dataclass(frozen=True, slots=True)
class DraftVerdict:
    """What one gate said of a draft."""

    sequence: int
    app: str
    draft: Digest
    suite: str
    suite_version: Digest
    run: Digest
    verdict: str
    judged_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an imported release comes from."""

    origin: str
    """Name of the installation that signed it."""
    signer: str
    """Its public key, as text."""


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
            "evidence": [evidence.to_json() for evidence in self.evidence],
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
    """Pseudonym of the actor who made or imported it."""
    source_commit: str
    """Commit of the project folder, with `+changes` where it was not clean; empty outside Git."""
    sequence: int
    """The ledger entry of its making."""
    origin: str = ""
    """The installation that it was imported from; empty for one that was made here."""


@dataclass(frozen=True, slots=True)
class EnvironmentMove:
    """One move of an environment's pointer, or of the share of a candidate. Moves are only ever added."""

    sequence: int
    """The ledger entry that says the same."""
    app: str
    environment: str
    move: Move
    from_release: Digest | None
    """What was live before."""
    to_release: Digest
    """What is live, or for a split the candidate, after."""
    moved_at: datetime
    actor: str
    """Pseudonym of who moved it."""
    reason: str | None
    """None when it was erased, or is sealed and its key is not here."""
    share: float = 1.0
    """Part of the traffic that `to_release` answers, from 0 to 1."""


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
    candidate: Digest | None = None
    """The release that answers a share of the traffic."""
    candidate_share: float = 0.0

    @property
    def candidate_name(self) -> str:
        """Short name of the candidate; empty when there is none."""
        return "" if self.candidate is None else short_name("r", self.candidate)
