"""The versions in a file as publications, parents first."""

import graphlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec

from plimsoll.kernel.digest import Json, canonical_json
from plimsoll.registry import KINDS, Publication, VersionRef
from plimsoll.releases import Manifest
from plimsoll.releases.bundle import BundleNewerError, BundleReader, BundleTamperedError, blob_name

_Address = Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}\Z")]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f:]+\Z")]


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    app: str
    kind: str
    name: _Name
    number: Annotated[int, msgspec.Meta(ge=1)]
    digest: _Address
    created_at: str
    author: str
    source_commit: str
    sequence: Annotated[int, msgspec.Meta(ge=0)]
    parents: list[tuple[str, _Name, _Address]]

    @property
    def ref(self) -> VersionRef:
        return VersionRef.from_key(f"{self.kind}:{self.name}", self.digest)


def publications(bundle: BundleReader, manifest: Manifest) -> tuple[Publication, ...]:
    """What is to be published so that every version of the file is a version here.

    Parents that are not in the file are left out: they belong to other releases of the same artifacts.
    Raises BundleNewerError for a kind that this version does not know, and BundleTamperedError.
    """
    rows = _rows(bundle)
    unknown = sorted({row.kind for row in rows} - set(KINDS))
    if unknown:
        raise BundleNewerError(bundle.path, f"it has artifacts of the kind {unknown[0]!r}")
    refs = {row.ref: row for row in sorted(rows, key=lambda row: (row.kind, row.name, row.number))}
    differences = [*_missing(manifest, refs), *(_foreign(row, manifest) for row in rows if row.app != manifest.app)]
    if len(refs) != len(rows):
        differences.append("versions.json lists a version twice")
    if differences:
        raise BundleTamperedError(bundle.path, differences)
    parents = {ref: _parents(row, refs) for ref, row in refs.items()}
    return tuple(
        Publication(ref.kind, ref.name, _content(bundle, ref), parents[ref]) for ref in _parents_first(bundle, parents)
    )


def _rows(bundle: BundleReader) -> list[_Row]:
    try:
        return msgspec.json.decode(bundle.read("versions.json"), type=list[_Row])
    except (msgspec.DecodeError, RecursionError) as error:
        raise BundleTamperedError(bundle.path, [f"versions.json cannot be read: {error}"]) from error


def _missing(manifest: Manifest, refs: Mapping[VersionRef, _Row]) -> list[str]:
    listed = {(ref.key, ref.digest) for ref in refs}
    needed = [*manifest.artifacts.items()]
    needed += [(f"suite:{each.suite}", each.suite_version) for each in manifest.evidence]
    return [f"versions.json lacks {key} {digest}" for key, digest in needed if (key, digest) not in listed]


def _foreign(row: _Row, manifest: Manifest) -> str:
    return f"versions.json has {row.kind}:{row.name} of {row.app!r}, and the release is of {manifest.app}"


def _parents(row: _Row, refs: Mapping[VersionRef, _Row]) -> tuple[VersionRef, ...]:
    named = {(kind, name, digest) for kind, name, digest in row.parents}
    return tuple(ref for ref in refs if (ref.kind, ref.name, ref.digest) in named)


def _parents_first(bundle: BundleReader, parents: Mapping[VersionRef, Sequence[VersionRef]]) -> Iterable[VersionRef]:
    try:
        return tuple(graphlib.TopologicalSorter(parents).static_order())
    except graphlib.CycleError as error:
        circle = " from ".join(ref.key for ref in error.args[1])
        raise BundleTamperedError(bundle.path, [f"versions.json goes round in a circle: {circle}"]) from error


def _content(bundle: BundleReader, ref: VersionRef) -> Json:
    """The content of a version; written canonically, since its digest here is that of its canonical form."""
    name = blob_name(ref.digest)
    data = bundle.read(name)
    try:
        content: Json = msgspec.json.decode(data)
        exact = canonical_json(content) == data
    except (ValueError, RecursionError) as error:
        raise BundleTamperedError(bundle.path, [f"{name}, the content of {ref.key}, cannot be read"]) from error
    if not exact:
        raise BundleTamperedError(bundle.path, [f"{name}, the content of {ref.key}, is not canonical JSON"])
    return content
