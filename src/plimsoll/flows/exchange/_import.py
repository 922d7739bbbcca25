"""From one file to a release in the records."""

from collections.abc import Sequence
from pathlib import Path

from plimsoll.kernel.errors import NotFoundError
from plimsoll.kernel.signing import VerifyingKey
from plimsoll.registry import Publication, Registry
from plimsoll.releases import Manifest, Origin, Releases
from plimsoll.releases.bundle import BundleReader, BundleTamperedError, blob_name, read_bundle

from ._check import check
from ._errors import AppDiffersError
from ._types import Blobs, ImportParts, ImportReport


def import_release(path: Path, trusted: Sequence[VerifyingKey], parts: ImportParts) -> ImportReport:
    """Take in a release that another installation exported, if one of the `trusted` keys signed it.

    Everything is verified before anything is written. Then blobs are written, then versions, then the release: the
    same content is the same version, numbers are those of this installation, and who acted here is `parts.by`. After a
    crash in between there are at most blobs and versions that no release names, and the same import goes on. A second
    import changes nothing. Raises UntrustedKeyError, AppDiffersError, BundleInvalidError, BundleNewerError,
    BundleTamperedError, and UnavailableError when the file cannot be read or the records cannot be written.
    """
    with read_bundle(path) as bundle:
        checked = check(bundle, trusted)
        app, key = checked.manifest.app, checked.key
        if app != parts.app:
            raise AppDiffersError(path, app, parts.app)
        existed = _is_here(checked.manifest, parts.releases)
        blobs_new = _take_blobs(bundle, parts.blobs)
        versions_new = _count_new(app, checked.publications, parts.registry)
        parts.registry.publish(app, checked.publications, by=parts.by, source_commit=checked.source_commit)
        release = parts.releases.keep_release(
            checked.manifest,
            by=parts.by,
            source_commit=checked.source_commit,
            origin=Origin(key.name, key.text()),
        )
        return ImportReport(
            release=release,
            origin=key.name,
            vkey=key.text(),
            existed=existed,
            versions=len(checked.publications),
            versions_new=versions_new,
            blobs=len(bundle.blobs),
            blobs_new=blobs_new,
            story=checked.story,
        )


def _take_blobs(bundle: BundleReader, blobs: Blobs) -> int:
    """Keep every blob, one in memory at a time; those that are here are kept too, so that nobody collects them now."""
    new = 0
    for digest in bundle.blobs:
        new += not blobs.has(digest)
        if blobs.put(bundle.read(blob_name(digest))) != digest:
            raise BundleTamperedError(bundle.path, [f"{blob_name(digest)} was changed while it was imported"])
    return new


def _is_here(manifest: Manifest, releases: Releases) -> bool:
    try:
        releases.release(manifest.app, manifest.digest)
    except NotFoundError:
        return False
    return True


def _count_new(app: str, publications: Sequence[Publication], registry: Registry) -> int:
    new = 0
    for publication in publications:
        try:
            registry.version(app, publication.ref)
        except NotFoundError:
            new += 1
    return new
