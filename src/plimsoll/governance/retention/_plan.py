"""What may be forgotten: a plan over everything that is kept, apart from any I/O.

The rules, in the order in which they are applied:

- A manifest is kept while it is live, a candidate, the next target of a rollback, a working draft, or named by a kept
  trace; while a move within the retention names it; while it is one of the newest of its application, or young.
- A version is kept while it is young, while a label points at it, and while it is the newest of its artifact, so that
  no number is ever given twice.
- A run is kept as long as the draft that it judged, and while it is young.
- A blob is kept while it is young: somebody may be about to name it.
- What is kept keeps whatever its content names by a `sha256:` address, and a version keeps the versions it was made
  from; so on, down to blobs that name nothing.
- Everything else is collected.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from plimsoll.kernel.digest import Digest, Json
from plimsoll.registry import VersionRef

References = Callable[[Digest], Iterable[Digest]]
"""Gives the addresses that the content at an address names; none when there is no such content."""

_ADDRESS = re.compile(rb"sha256:[0-9a-f]{64}(?![0-9a-f])")
_JSON_STARTS = (b"{", b"[")


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """A version of an artifact, and what it was made from."""

    app: str
    ref: VersionRef
    number: int
    created_at: datetime
    parents: tuple[VersionRef, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldRelease:
    """A release. What it is made of stands in its manifest, the blob at its address."""

    app: str
    digest: Digest
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HeldRun:
    """The run with which a gate judged a draft, whether it passed or not."""

    draft: Digest
    run: Digest
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Pointer:
    """Something that is in use now."""

    digest: Digest
    why: str
    """For a person, such as `live in production of contracts`."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of an environment, and the manifests that it names."""

    moved_at: datetime
    releases: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that an installation keeps, of all its applications: blobs are shared between them."""

    references: References
    versions: tuple[HeldVersion, ...] = ()
    releases: tuple[HeldRelease, ...] = ()
    runs: tuple[HeldRun, ...] = ()
    pointers: tuple[Pointer, ...] = ()
    """Live and candidate releases, targets of rollbacks, working drafts, labels."""
    moves: tuple[Moved, ...] = ()
    traced: frozenset[Digest] = frozenset()
    """Manifests (of releases and of drafts) that kept traces name."""
    blobs: Mapping[Digest, datetime] = field(default_factory=dict)
    """When each blob was put last."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept that nothing needs any more."""

    versions_days: float = 90.0
    """Versions, runs and releases; and how long ago a release may have been live."""
    keep_releases: int = 10
    """The newest releases of each application, however old they are."""
    traces_days: float = 30.0
    grace_s: float = 86_400.0
    """Blobs put within this time stay. It must be longer than the longest build takes."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What is to be forgotten, and why everything else is not."""

    releases: tuple[HeldRelease, ...]
    versions: tuple[HeldVersion, ...]
    blobs: tuple[Digest, ...]
    kept: Mapping[Digest, str]
    """A reason for each address that is kept, for a person."""

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.releases or self.versions or self.blobs)


def plan_collection(inventory: Inventory, retention: Retention, now: datetime) -> Collection:
    """What the rules of this module leave over. `now` must be taken before the inventory is."""
    made_from: dict[Digest, list[Digest]] = {}
    for version in inventory.versions:
        made_from.setdefault(version.ref.digest, []).extend(parent.digest for parent in version.parents)
    for run in inventory.runs:
        made_from.setdefault(run.draft, []).append(run.run)

    def leads_to(digest: Digest) -> Iterator[Digest]:
        yield from made_from.get(digest, ())
        yield from inventory.references(digest)

    kept = reachable(_roots(inventory, retention, now), leads_to)
    return Collection(
        releases=tuple(release for release in inventory.releases if release.digest not in kept),
        versions=tuple(version for version in inventory.versions if version.ref.digest not in kept),
        blobs=tuple(sorted(inventory.blobs.keys() - kept.keys())),
        kept=kept,
    )


def reachable(roots: Iterable[Pointer], references: References) -> dict[Digest, str]:
    """Every address that the roots lead to, with the reason of the first root that does."""
    found: dict[Digest, str] = {}
    for root in roots:
        waiting = [root.digest]
        while waiting:
            digest = waiting.pop()
            if digest not in found:
                found[digest] = root.why
                waiting.extend(references(digest))
    return found


def addresses_in(content: bytes) -> frozenset[Digest]:
    """Every `sha256:` address that a JSON content names, wherever it stands; none for what is not JSON.

    That is more than it needs, never less: which of them are blobs is nobody's knowledge but the kind's own.
    """
    if not content.startswith(_JSON_STARTS):
        return frozenset()
    return frozenset(address.decode() for address in _ADDRESS.findall(content))


class Acted(Protocol):
    """What is asked of an entry of the ledger."""

    @property
    def act(self) -> str:
        """What was done."""

    @property
    def facts(self) -> Mapping[str, Json]:
        """To what."""


def erased_blobs(entries: Iterable[Acted]) -> set[Digest]:
    """The blobs that erasures of data subjects destroyed. One that is missing and not here was tampered with."""
    erased: set[Digest] = set()
    for entry in entries:
        blobs = entry.facts.get("blobs") if entry.act == "subject.erase" else None
        if isinstance(blobs, list | tuple):
            erased.update(digest for digest in blobs if isinstance(digest, str))
    return erased


def _roots(inventory: Inventory, retention: Retention, now: datetime) -> Iterator[Pointer]:
    oldest = now - timedelta(days=retention.versions_days)
    yield from inventory.pointers
    yield from (Pointer(digest, "named by a trace that is kept") for digest in sorted(inventory.traced))
    for move in inventory.moves:
        if move.moved_at >= oldest:
            yield from (Pointer(digest, "was live within the retention") for digest in move.releases)
    yield from _newest_releases(inventory.releases, retention.keep_releases)
    yield from _newest_versions(inventory.versions)
    young = f"younger than {retention.versions_days:g} days"
    yield from (Pointer(release.digest, young) for release in inventory.releases if release.created_at >= oldest)
    yield from (Pointer(version.ref.digest, young) for version in inventory.versions if version.created_at >= oldest)
    yield from (Pointer(run.run, young) for run in inventory.runs if run.judged_at >= oldest)
    grace = now - timedelta(seconds=retention.grace_s)
    yield from (Pointer(digest, "put just now") for digest, put_at in inventory.blobs.items() if put_at >= grace)


def _newest_releases(releases: Iterable[HeldRelease], count: int) -> Iterator[Pointer]:
    by_app: dict[str, list[HeldRelease]] = {}
    for release in releases:
        by_app.setdefault(release.app, []).append(release)
    for app, those in by_app.items():
        those.sort(key=lambda release: (release.created_at, release.digest), reverse=True)
        for release in those[:count]:
            yield Pointer(release.digest, f"one of the newest {count} releases of {app}")


def _newest_versions(versions: Iterable[HeldVersion]) -> Iterator[Pointer]:
    newest: dict[tuple[str, str], HeldVersion] = {}
    for version in versions:
        artifact = (version.app, version.ref.key)
        if artifact not in newest or newest[artifact].number < version.number:
            newest[artifact] = version
    for version in newest.values():
        yield Pointer(version.ref.digest, f"the newest version of {version.ref.key} of {version.app}")
