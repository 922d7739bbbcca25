"""What belongs to a release: its versions with all that they were made from, and every blob behind them."""

import re
from collections.abc import Iterable, Mapping

from msgspec import json

from plimsoll.governance.provenance import ReleaseFacts
from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Digest, Json, canonical_json
from plimsoll.registry import Registry, Version, VersionRef
from plimsoll.releases import Manifest, Release

from ._types import Blobs, ExportParts

Parents = Mapping[VersionRef, tuple[VersionRef, ...]]

_REFERENCE = re.compile(rb'"(sha256:[0-9a-f]{64})"')
"""A whole string of canonical JSON; inside another string its quotation marks would be escaped."""


def gather(release: Release, parts: ExportParts) -> ReleaseFacts:
    """The facts of a release, as far as they belong to it. Raises NotFoundError and IntegrityError."""
    manifest = release.manifest
    all_parents = _ancestors(manifest, parts.registry)
    versions = tuple(parts.registry.version(manifest.app, ref) for ref in sorted(all_parents, key=_order))
    return ReleaseFacts(
        release=release,
        versions=versions,
        parents=all_parents,
        contents={version.digest: parts.registry.content(version.digest) for version in versions},
        runs={each.run: json.decode(parts.blobs.get(each.run)) for each in manifest.evidence},
        owner=parts.owner,
        purpose=parts.purpose,
    )


def versions_document(facts: ReleaseFacts, registry: Registry) -> bytes:
    """`versions.json`. Each version names all parents of all times; those of other releases are not in the file."""
    parents = registry.parents_of(facts.release.manifest.app, facts.parents)
    rows: list[Json] = [_row(version, parents[version.ref]) for version in facts.versions]
    return canonical_json(rows)


def blobs_behind(facts: ReleaseFacts, blobs: Blobs) -> list[Digest]:
    """The contents of the versions, the evidence, and every blob that one of these names and that is kept here."""
    waiting = [*facts.contents, *facts.runs]
    found = set(waiting)
    while waiting:
        for digest in _references(blobs.get(waiting.pop())):
            if digest not in found and blobs.has(digest):
                found.add(digest)
                waiting.append(digest)
    return sorted(found)


def _ancestors(manifest: Manifest, registry: Registry) -> dict[VersionRef, tuple[VersionRef, ...]]:
    """Every version behind a release with its parents.

    The same content may have been made from other parents before, such as an endpoint from older indexes. Of an
    artifact that is in the release, only the version that is in it counts.
    """
    roots = [VersionRef.from_key(key, digest) for key, digest in manifest.artifacts.items()]
    roots += [VersionRef("suite", each.suite, each.suite_version) for each in manifest.evidence]
    chosen = {ref.key: ref for ref in roots}
    parents: dict[VersionRef, tuple[VersionRef, ...]] = {}
    level = set(roots)
    while level:
        found = registry.parents_of(manifest.app, sorted(level, key=_order))
        for ref, above in found.items():
            parents[ref] = tuple(parent for parent in above if chosen.get(parent.key, parent) == parent)
        level = {parent for ref in level for parent in parents[ref]} - parents.keys()
    return parents


def _order(ref: VersionRef) -> tuple[str, str, Digest]:
    return ref.kind, ref.name, ref.digest


def _row(version: Version, parents: Iterable[VersionRef]) -> Json:
    return {
        "app": version.app,
        "kind": version.kind,
        "name": version.name,
        "number": version.number,
        "digest": version.digest,
        "created_at": to_text(version.created_at),
        "author": version.author,
        "source_commit": version.source_commit,
        "sequence": version.sequence,
        "parents": [list(_order(parent)) for parent in sorted(parents, key=_order)],
    }


def _references(data: bytes) -> list[Digest]:
    """What a blob names; only blobs of JSON name others."""
    return [found.decode() for found in _REFERENCE.findall(data)] if data[:1] in {b"{", b"["} else []
