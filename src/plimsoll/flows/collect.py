"""Collect what nothing needs any more: old traces, then releases and versions, then the blobs that only they named.

Records go first, each batch in one transaction with its ledger entry; blobs go last. Somebody may publish at the same
time: whatever is put again becomes young, and young things stay. That is looked at once more under the lock that
removes a record, and in the one step that removes a blob. So no record ever names a blob that was collected, as long as
nobody takes longer than the grace period from putting a blob to naming it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from graphlib import TopologicalSorter
from typing import Any

from plimsoll.governance.retention import (
    Collection,
    HeldVersion,
    KeptBlobs,
    Retention,
    Stores,
    plan_collection,
    take_inventory,
)
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import ConflictError
from plimsoll.ledger import By
from plimsoll.registry import VersionRef

_BATCH = 500
_ATTEMPTS = 3


@dataclass(slots=True)
class Collected:
    """What a collection did. A dry run only plans."""

    plan: Collection
    """The last plan; after a collection that did everything at once it says why everything else is kept."""
    traces: int = 0
    releases: list[Digest] = field(default_factory=list)
    versions: list[tuple[str, VersionRef]] = field(default_factory=list)
    """Each with its application."""
    blobs: list[Digest] = field(default_factory=list)
    """Fewer than planned where some were put again meanwhile."""


class CollectionOvertakenError(ConflictError):
    """Something that was to be collected is being used again."""

    code = "collection_overtaken"

    def __init__(self, digest: Digest) -> None:
        super().__init__(f"the content of {digest} was put again just now", hint="collect again a little later")


def collect(stores: Stores, retention: Retention, *, by: By, dry_run: bool = False) -> Collected:
    """Forget what the retention does not keep; with `dry_run` only say what that would be.

    When others change things faster than they can be collected, it gives up after three attempts, and what is left is
    collected next time. Raises ConflictError then, and IntegrityError when content that must be kept is damaged or
    missing: what it refers to is not known, so nothing is collected.
    """
    now = utc_now()
    since = now - timedelta(days=retention.traces_days)
    done = Collected(plan_collection(take_inventory(stores, traced_since=since), retention, now))
    if dry_run:
        return done
    done.traces = stores.traces.purge_before(since)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _collect_records(stores, done, by, _Watch(stores.blobs, now, retention.grace_s))
            break
        except ConflictError:
            if attempt == _ATTEMPTS:
                raise
            now = utc_now()
            done.plan = plan_collection(take_inventory(stores, traced_since=since), retention, now)
    grace = now - timedelta(seconds=retention.grace_s)
    done.blobs = [digest for digest in done.plan.blobs if stores.blobs.remove(digest, unless_put_since=grace)]
    return done


@dataclass(frozen=True, slots=True)
class _Watch:
    """Tells whether somebody put something again since the plan was made."""

    blobs: KeptBlobs
    planned_at: datetime
    grace_s: float

    def check(self, digests: Iterable[Digest]) -> None:
        for digest in digests:
            if self.blobs.has(digest) and self.blobs.age_s(digest, self.planned_at) <= self.grace_s:
                raise CollectionOvertakenError(digest)


def _collect_records(stores: Stores, done: Collected, by: By, watch: _Watch) -> None:
    plan = done.plan
    for app in dict.fromkeys(release.app for release in plan.releases):
        digests = [release.digest for release in plan.releases if release.app == app]
        stores.releases.collect(app, digests, by=by, guard=_release_guard(stores, app, digests, watch))
        done.releases += digests
    for app in dict.fromkeys(version.app for version in plan.versions):
        refs = _children_first([version for version in plan.versions if version.app == app])
        for first in range(0, len(refs), _BATCH):
            some = refs[first : first + _BATCH]
            stores.registry.collect(app, some, by=by, guard=_version_guard(stores, app, some, watch))
            done.versions += [(app, ref) for ref in some]


# A guard is handed the connection of another room's transaction, and only hands it on.
def _release_guard(stores: Stores, app: str, digests: list[Digest], watch: _Watch) -> Callable[[Any], None]:
    def guard(connection: Any) -> None:
        stores.environments.refuse_pointed(connection, app, digests)
        watch.check(digests)

    return guard


def _version_guard(stores: Stores, app: str, refs: list[VersionRef], watch: _Watch) -> Callable[[Any], None]:
    def guard(connection: Any) -> None:
        stores.labels.refuse_named(connection, app, refs)
        stores.releases.refuse_contained(connection, app, refs)
        watch.check(ref.digest for ref in refs)

    return guard


def _children_first(versions: Iterable[HeldVersion]) -> list[VersionRef]:
    """No version before those that were made from it, so that no batch leaves a child without its parent."""
    sorter: TopologicalSorter[VersionRef] = TopologicalSorter()
    wanted = set()
    for version in versions:
        wanted.add(version.ref)
        sorter.add(version.ref)
        for parent in version.parents:
            sorter.add(parent, version.ref)
    return [ref for ref in sorter.static_order() if ref in wanted]
