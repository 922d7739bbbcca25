"""The whole chain behind one answer: query, passages, prompt, answer, and the release with all it was made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Digest, Json
from plimsoll.kernel.errors import NotFoundError
from plimsoll.registry import Registry, Version, VersionRef
from plimsoll.releases import Manifest, Release, Releases
from plimsoll.releases.environments import EnvironmentMove, Environments
from plimsoll.tracing import Trace


@dataclass(frozen=True, slots=True)
class PassageUsed:
    """A retrieved passage, and whether the answer cites it."""

    rank: int
    id: str
    document: str
    page: int
    start: int
    end: int
    score: float
    cited: bool


@dataclass(frozen=True, slots=True)
class ArtifactUsed:
    """One version in the release, and the versions of this release that it was made from."""

    version: Version
    parents: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything behind one answer."""

    trace: Trace
    manifest: Manifest
    release: Release | None
    """None when a draft answered."""
    shipped: EnvironmentMove | None
    """The move that made the release live where it answered."""
    passages: tuple[PassageUsed, ...]
    artifacts: tuple[ArtifactUsed, ...]

    def to_json(self) -> Json:
        """For programs."""
        trace = self.trace
        return {
            "trace": trace.id,
            "app": trace.app,
            "endpoint": trace.endpoint,
            "environment": trace.environment,
            "at": to_text(trace.started_at),
            "question": trace.question,
            "passages": [_fields(passage) for passage in self.passages],
            "prompt": trace.prompt,
            "messages": list(trace.messages),
            "model": trace.model,
            "answer": trace.answer,
            "citations": list(trace.citations),
            "release": _release_json(self.manifest, self.release),
            "shipped": None if self.shipped is None else _move_json(self.shipped),
            "artifacts": [
                {**_version_json(used.version), "parents": [_version_json(parent) for parent in used.parents]}
                for used in self.artifacts
            ],
        }


def trace_lineage(trace: Trace, registry: Registry, releases: Releases, environments: Environments) -> Lineage:
    """Follow an answer back to everything that made it. Raises NotFoundError and IntegrityError."""
    manifest = releases.manifest(trace.release)
    return Lineage(
        trace=trace,
        manifest=manifest,
        release=_release(manifest, releases),
        shipped=_shipped(trace, environments.moves(trace.app, environment=trace.environment)),
        passages=_passages(trace),
        artifacts=tuple(_artifact(manifest, key, registry) for key in sorted(manifest.artifacts)),
    )


def _release(manifest: Manifest, releases: Releases) -> Release | None:
    try:
        return releases.release(manifest.app, manifest.digest)
    except NotFoundError:
        return None


def _shipped(trace: Trace, moves: Sequence[EnvironmentMove]) -> EnvironmentMove | None:
    before = [move for move in moves if move.to_release == trace.release and move.moved_at <= trace.started_at]
    return before[-1] if before else None


def _passages(trace: Trace) -> tuple[PassageUsed, ...]:
    cited = {citation["passage_id"] for citation in trace.citations}
    names = [name for name in PassageUsed.__dataclass_fields__ if name not in {"rank", "cited"}]

    def used(rank: int, passage: Any) -> PassageUsed:
        return PassageUsed(rank=rank, cited=passage["id"] in cited, **{name: passage[name] for name in names})

    return tuple(used(rank, passage) for rank, passage in enumerate(trace.passages, start=1))


def _artifact(manifest: Manifest, key: str, registry: Registry) -> ArtifactUsed:
    ref = VersionRef.from_key(key, manifest.artifacts[key])
    # The same content may have been made from other parents before; those of this release are in its manifest.
    parents = [
        parent for parent in registry.parents(manifest.app, ref) if manifest.artifacts.get(parent.key) == parent.digest
    ]
    return ArtifactUsed(
        registry.version(manifest.app, ref), tuple(registry.version(manifest.app, parent) for parent in parents)
    )


def _fields(passage: PassageUsed) -> Json:
    return {name: getattr(passage, name) for name in PassageUsed.__dataclass_fields__}


def _version_json(version: Version) -> dict[str, Json]:
    return {
        "kind": version.kind,
        "name": version.name,
        "number": version.number,
        "digest": version.digest,
        "author": version.author,
        "source_commit": version.source_commit,
        "created_at": to_text(version.created_at),
    }


def _release_json(manifest: Manifest, release: Release | None) -> Json:
    digest: Digest = manifest.digest
    content: dict[str, Json] = {"name": manifest.name, "digest": digest}
    if release is not None:
        content |= {
            "created_at": to_text(release.created_at),
            "author": release.author,
            "source_commit": release.source_commit,
            "evidence": [
                {"suite": evidence.suite, "verdict": evidence.verdict, "run": evidence.run}
                for evidence in manifest.evidence
            ],
        }
    return content


def _move_json(move: EnvironmentMove) -> Json:
    return {
        "move": move.move,
        "at": to_text(move.moved_at),
        "actor": move.actor,
        "reason": move.reason,
        "from": move.from_release,
    }
