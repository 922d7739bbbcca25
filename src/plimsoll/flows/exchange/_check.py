"""Everything that is verified before anything is written. What differs is collected and named."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

import msgspec

from plimsoll.governance.provenance import PAYLOAD_TYPE, Statement, StatementInvalidError, read_statement
from plimsoll.kernel.digest import Digest, canonical_json
from plimsoll.kernel.dsse import EnvelopeInvalidError, EnvelopeUntrustedError, open_envelope
from plimsoll.kernel.signing import KeyInvalidError, VerifyingKey
from plimsoll.ledger.verifier import UnreadableError, verify_file
from plimsoll.registry import Publication
from plimsoll.releases import Evidence, Manifest
from plimsoll.releases.bundle import BundleInvalidError, BundleNewerError, BundleReader, BundleTamperedError

from ._errors import UntrustedKeyError
from ._lineage import publications

_MANIFEST_FORMAT = 1
_VKEY_CHARACTERS = 500
_App = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}\Z")]
"""As `plimsoll.project` names applications."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file of which nothing differs from what a trusted key signed."""

    manifest: Manifest
    source_commit: str
    publications: tuple[Publication, ...]
    """Every version with its content, parents first."""
    key: VerifyingKey
    story: tuple[Mapping[str, Any], ...]


def check(bundle: BundleReader, trusted: Sequence[VerifyingKey]) -> Checked:
    """Verify a whole file.

    In this order: the key is trusted, it signed the statement, every file is the one in the statement and no other is
    there, all that an outsider verifies (`plimsoll.ledger.verifier`), and that the versions can be taken in here.
    Raises UntrustedKeyError, BundleInvalidError, BundleNewerError, and BundleTamperedError that names what differs.
    """
    key = _trusted_key(bundle, trusted)
    statement = _statement(bundle, key)
    _refuse(bundle, _files_that_differ(bundle, statement))
    manifest = _manifest(bundle, statement)
    story = _verify_as_outsider(bundle, key)
    found = publications(bundle, manifest)
    return Checked(manifest, statement.source_commit, found, key, story)


def _trusted_key(bundle: BundleReader, trusted: Sequence[VerifyingKey]) -> VerifyingKey:
    """The key that the file names, if it is one of those that are trusted; by default none is."""
    text = bundle.head.get("vkey")
    try:
        key = VerifyingKey.parse(text if isinstance(text, str) and len(text) <= _VKEY_CHARACTERS else "")
    except KeyInvalidError as error:
        raise BundleInvalidError(bundle.path, f"bundle.json names no key: {error.message}") from error
    if key not in trusted:
        raise UntrustedKeyError(bundle.path, key)
    return key


def _statement(bundle: BundleReader, key: VerifyingKey) -> Statement:
    name = "attestation.json"
    data = bundle.read(name)
    try:
        envelope = msgspec.json.decode(data)
        payload = open_envelope(envelope, [key], PAYLOAD_TYPE)
        statement = read_statement(payload)
        exact = _envelope(payload, key, envelope["signatures"][0]["sig"]) == data
    except EnvelopeUntrustedError:
        raise BundleTamperedError(bundle.path, [f"{name} was not signed by {key.text()}"]) from None
    except (EnvelopeInvalidError, StatementInvalidError) as error:
        raise BundleTamperedError(bundle.path, [f"{name}: {error.message}"]) from error
    except (ValueError, KeyError, RecursionError) as error:
        raise BundleTamperedError(bundle.path, [f"{name} cannot be read"]) from error
    if not exact:
        raise BundleTamperedError(bundle.path, [f"{name} is not written as it was signed"])
    return statement


def _envelope(payload: bytes, key: VerifyingKey, signature: str) -> bytes:
    """The one way to write an envelope: what surrounds payload and signature is not signed, so it may not vary."""
    standard = signature.translate(str.maketrans("-_", "+/"))
    return canonical_json(
        {
            "payload": base64.b64encode(payload).decode("ascii"),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key.name, "sig": standard}],
        }
    )


def _files_that_differ(bundle: BundleReader, statement: Statement) -> list[str]:
    signed = statement.byproducts
    found = set(bundle.names) - {"attestation.json"}
    return [
        *(f"{name} is missing" for name in sorted(signed.keys() - found)),
        *(f"{name} was added" for name in sorted(found - signed.keys())),
        *(f"{name} was changed" for name in sorted(found & signed.keys()) if bundle.digest(name) != signed[name]),
    ]


def _manifest(bundle: BundleReader, statement: Statement) -> Manifest:
    """The manifest, which must be exactly the subject of the statement."""
    data = bundle.read("manifest.json")
    try:
        wire = msgspec.json.decode(data, type=_Manifest)
        if wire.format > _MANIFEST_FORMAT:
            raise BundleNewerError(bundle.path, f"its manifest has format {wire.format}")
        manifest = Manifest(
            wire.app, wire.artifacts, tuple(Evidence(**msgspec.structs.asdict(e)) for e in wire.evidence)
        )
        exact = canonical_json(manifest.to_json()) == data
    except (ValueError, RecursionError) as error:
        raise BundleTamperedError(bundle.path, [f"manifest.json cannot be read: {error}"]) from error
    differences = [
        *(["manifest.json is not written as a manifest is"] if not exact else []),
        *(["manifest.json is of no release: it has no evidence"] if not manifest.evidence else []),
        *(["manifest.json is not the release in the statement"] if manifest.digest != statement.release else []),
    ]
    _refuse(bundle, differences)
    return manifest


def _verify_as_outsider(bundle: BundleReader, key: VerifyingKey) -> tuple[Mapping[str, Any], ...]:
    """The checks that anybody can run with verify.py: proofs, openings, evidence, and what the entries say."""
    try:
        report = verify_file(bundle.path, key=key.text())
    except UnreadableError as error:
        raise BundleInvalidError(bundle.path, str(error)) from error
    _refuse(bundle, [f"{where} {what}" for where, what in report.findings])
    return tuple(cast("list[Mapping[str, Any]]", report.story))


def _refuse(bundle: BundleReader, differences: Sequence[str]) -> None:
    if differences:
        raise BundleTamperedError(bundle.path, differences)


class _Evidence(msgspec.Struct, forbid_unknown_fields=True):
    suite: str
    suite_version: Digest
    run: Digest
    verdict: str


class _Manifest(msgspec.Struct):
    format: int
    app: _App
    artifacts: dict[str, Digest]
    evidence: list[_Evidence]
