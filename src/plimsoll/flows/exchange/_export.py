"""From a release in the records to one file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from plimsoll.governance.provenance import PAYLOAD_TYPE, Built, ReleaseFacts, ml_bom, provenance_statement
from plimsoll.kernel.clock import from_text, to_text, utc_now
from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_bytes
from plimsoll.kernel.dsse import sign_envelope
from plimsoll.ledger.verifier import standalone
from plimsoll.releases import Release
from plimsoll.releases.bundle import BUNDLE_FORMAT, BUNDLE_KIND, blob_name, write_bundle

from ._entries import Story, made_by, tell
from ._errors import FileThereError
from ._gather import blobs_behind, gather, versions_document
from ._types import Blobs, ExportParts, ExportReport


def export_release(release: Release, path: Path, parts: ExportParts) -> ExportReport:
    """Write a release with everything behind it to one file, signed with the key of this installation.

    The file is there whole or not at all; one blob is in memory at a time. Raises FileThereError, IntegrityError when
    something that the release names is damaged or missing, NotFoundError, and UnavailableError when the file cannot be
    written.
    """
    if path.exists():
        raise FileThereError(path)
    facts = gather(release, parts)
    blobs = blobs_behind(facts, parts.blobs)
    story = tell(facts, parts.ledger)
    documents = _documents(facts, story, parts)
    digests = {name: digest_bytes(data) for name, data in documents.items()}
    digests |= {blob_name(digest): digest for digest in blobs}
    statement = provenance_statement(facts, _built(facts, story, parts), digests)
    envelope = sign_envelope(PAYLOAD_TYPE, statement, parts.ledger.key)
    documents["attestation.json"] = canonical_json(envelope)
    size_bytes = write_bundle(path, _members(documents, blobs, parts.blobs))
    return ExportReport(
        release=release,
        path=path,
        size_bytes=size_bytes,
        vkey=parts.ledger.key.verifier.text(),
        versions=len(facts.versions),
        blobs=len(blobs),
        entries=len(story.entries),
    )


def _documents(facts: ReleaseFacts, story: Story, parts: ExportParts) -> dict[str, bytes]:
    """Everything but the blobs and the signature."""
    manifest = facts.release.manifest
    made_at = utc_now()
    key = parts.ledger.key
    head: dict[str, Json] = {
        "format": BUNDLE_FORMAT,
        "kind": BUNDLE_KIND,
        "app": manifest.app,
        "release": manifest.digest,
        "origin": key.name,
        "vkey": key.verifier.text(),
        "created_at": to_text(made_at),
    }
    return {
        "bundle.json": canonical_json(head),
        "manifest.json": canonical_json(manifest.to_json()),
        "versions.json": versions_document(facts, parts.registry),
        "bom.cdx.json": canonical_json(ml_bom(facts, made_at=made_at)),
        "ledger/entries.jsonl": story.lines,
        "ledger/checkpoint.note": story.checkpoint.encode(),
        "ledger/openings.jsonl": story.openings,
        "verify.py": standalone().encode(),
    }


def _built(facts: ReleaseFacts, story: Story, parts: ExportParts) -> Built:
    release = facts.release
    origin = parts.ledger.key.name
    started = [run["started_at"] for run in facts.runs.values() if isinstance(run.get("started_at"), str)]
    made = made_by(story, release.manifest.digest)
    imported = made is not None and made.act == "release.import"
    return Built(
        origin=origin,
        invocation=f"{origin}#{release.sequence}",
        started_at=min((from_text(str(moment)) for moment in started), default=None),
        finished_at=release.created_at,
        imported=(str(made.facts["origin"]), str(made.facts["signer"])) if made is not None and imported else None,
    )


def _members(documents: Mapping[str, bytes], blobs: Sequence[Digest], kept: Blobs) -> Iterator[tuple[str, bytes]]:
    addresses = {blob_name(digest): digest for digest in blobs}
    for name in sorted([*documents, *addresses]):
        yield name, documents[name] if name in documents else kept.get(addresses[name])
