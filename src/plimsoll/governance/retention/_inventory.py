"""What an installation keeps, gathered from its stores for a plan."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from plimsoll.kernel.digest import Digest
from plimsoll.ledger import Ledger
from plimsoll.registry import Registry, VersionRef
from plimsoll.registry.labels import Labels
from plimsoll.releases import NothingBuiltError, Releases, rollback_target
from plimsoll.releases.environments import Environments
from plimsoll.tracing import Traces

from ._plan import (
    HeldRelease,
    HeldRun,
    HeldVersion,
    Inventory,
    Moved,
    Pointer,
    References,
    addresses_in,
    erased_blobs,
)


class KeptBlobs(Protocol):
    """What is asked of blobs here; see `plimsoll.storage.Blobs`."""

    def addresses(self) -> Iterator[Digest]:
        """Every address."""

    def put_times(self) -> Iterator[tuple[Digest, datetime]]:
        """Every address, and when it was put last."""

    def has(self, digest: Digest) -> bool:
        """Whether something is there."""

    def get(self, digest: Digest) -> bytes:
        """The bytes at an address. Raises IntegrityError."""

    def age_s(self, digest: Digest, now: datetime) -> float:
        """Seconds since it was put last. Raises IntegrityError when it is not there."""

    def remove(self, digest: Digest, *, unless_put_since: datetime | None = None) -> bool:
        """Remove it, unless it was put again at or after a moment."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that names something else."""

    registry: Registry
    labels: Labels
    releases: Releases
    environments: Environments
    traces: Traces
    ledger: Ledger
    blobs: KeptBlobs


def take_inventory(stores: Stores, *, traced_since: datetime) -> Inventory:
    """Everything that is kept now. Blobs are looked at before the records: what is named later is young by then.

    `Inventory.references` raises IntegrityError for content that must be there and cannot be read, because nobody knows
    what it refers to.
    """
    blobs = dict(stores.blobs.put_times())
    apps = tuple(dict.fromkeys([*stores.registry.apps(), *stores.traces.apps()]))
    versions = tuple(version for app in apps for version in _versions(stores.registry, app))
    releases = tuple(
        HeldRelease(app, release.manifest.digest, release.created_at)
        for app in apps
        for release in stores.releases.releases(app)
    )
    pointers = (*pointers_in_use(stores), *_other_pointers(stores, apps))
    named = {version.ref.digest for version in versions} | {pointer.digest for pointer in pointers}
    named |= {release.digest for release in releases}
    erased = erased_blobs(stores.ledger.entries(act="subject.erase"))
    return Inventory(
        references=read_references(stores.blobs, blobs.keys() | (named - erased)),
        versions=versions,
        releases=releases,
        runs=tuple(_runs(stores.releases, apps)),
        pointers=pointers,
        moves=tuple(_moves(stores.environments)),
        traced=frozenset(digest for app in apps for digest in stores.traces.releases(app, since=traced_since)),
        blobs=blobs,
    )


def pointers_in_use(stores: Stores) -> tuple[Pointer, ...]:
    """The manifests that somebody may ask at any moment: working drafts, live releases and candidates."""
    found = []
    for app in stores.registry.apps():
        with suppress(NothingBuiltError):
            found.append(Pointer(stores.releases.working_draft(app).digest, f"the working build of {app}"))
    for place in stores.environments.environments():
        where = f"{place.name} of {place.app}"
        pointed = {"the live release in": place.live, "the candidate in": place.candidate}
        found += [Pointer(digest, f"{what} {where}") for what, digest in pointed.items() if digest is not None]
    return tuple(found)


def read_references(blobs: KeptBlobs, expected: frozenset[Digest] | set[Digest]) -> References:
    """Reads what a content names. An address that is not expected names nothing."""
    known: dict[Digest, frozenset[Digest]] = {}

    def references(digest: Digest) -> frozenset[Digest]:
        if digest not in expected:
            return frozenset()
        if digest not in known:
            known[digest] = addresses_in(blobs.get(digest))
        return known[digest]

    return references


def _versions(registry: Registry, app: str) -> Iterator[HeldVersion]:
    parents: dict[VersionRef, list[VersionRef]] = {}
    for child, parent in registry.edges(app):
        parents.setdefault(child, []).append(parent)
    for version in registry.versions(app):
        made_from = tuple(parents.get(version.ref, ()))
        yield HeldVersion(app, version.ref, version.number, version.created_at, made_from)


def _runs(releases: Releases, apps: Iterable[str]) -> Iterator[HeldRun]:
    for app in apps:
        for verdict in releases.verdicts(app):
            yield HeldRun(verdict.draft, verdict.run, verdict.judged_at)


def _moves(environments: Environments) -> Iterator[Moved]:
    for move in environments.moves():
        named = (move.to_release,) if move.from_release is None else (move.from_release, move.to_release)
        yield Moved(move.moved_at, named)


def _other_pointers(stores: Stores, apps: Sequence[str]) -> Iterator[Pointer]:
    for place in stores.environments.environments():
        target = rollback_target(stores.environments.moves(place.app, environment=place.name))
        if target is not None:
            yield Pointer(target, f"where a rollback in {place.name} of {place.app} leads")
    for app in apps:
        for ref, labels in stores.labels.named(app).items():
            yield Pointer(ref.digest, f"{ref.key}@{', @'.join(labels)} of {app}")
