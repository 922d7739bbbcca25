"""The provenance of a release: an in-toto Statement v1 with a SLSA Provenance v1 predicate.

Shapes: github.com/in-toto/attestation, spec/v1/statement.md and resource_descriptor.md; slsa.dev/provenance/v1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Digest, Json, canonical_json, hex_part
from plimsoll.kernel.errors import InvalidError
from plimsoll.registry import Version

from ._types import Built, ReleaseFacts

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:plimsoll:release:v1"

_COMMIT = re.compile(r"(?P<commit>[0-9a-f]{40}|[0-9a-f]{64})(?P<changes>\+changes)?")


class StatementInvalidError(InvalidError):
    """A signed content that is no provenance of a release."""

    code = "statement_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the provenance statement cannot be read: {problem}",
            hint="it must be an in-toto Statement v1 with SLSA Provenance v1, as `plimsoll release export` writes it",
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """What a signer says of a release."""

    subject: str
    """`app/r-3f9c2a`."""
    release: Digest
    app: str
    source_commit: str
    dependencies: Mapping[str, Digest]
    """The versions of the manifest by their `plimsoll:app/kind/name@number`."""
    byproducts: Mapping[str, Digest]
    """Every other file of the export."""


def version_uri(version: Version) -> str:
    """How a statement names a version."""
    return f"plimsoll:{version.app}/{version.kind}/{version.name}@{version.number}"


def provenance_statement(facts: ReleaseFacts, built: Built, byproducts: Mapping[str, Digest]) -> bytes:
    """The statement as canonical JSON: what the release is, what it was made from, where, when, on what evidence.

    `byproducts` are the other files that are handed over with it, by name.
    """
    manifest = facts.release.manifest
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": f"{manifest.app}/{manifest.name}", "digest": _sha256(manifest.digest)}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "buildDefinition": _build_definition(facts, built),
                "runDetails": {
                    "builder": {"id": f"urn:plimsoll:{built.origin}"},
                    "metadata": _metadata(built),
                    "byproducts": [
                        {"name": name, "digest": _sha256(digest)} for name, digest in sorted(byproducts.items())
                    ],
                },
            },
        }
    )


def read_statement(data: bytes) -> Statement:
    """What `provenance_statement` said. Raises StatementInvalidError."""
    try:
        wire = msgspec.json.decode(data, type=_Wire)
    except (msgspec.DecodeError, RecursionError) as error:
        raise StatementInvalidError(str(error)) from None
    definition = wire.predicate.build_definition
    kinds = (wire.type, wire.predicate_type, definition.build_type)
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE, BUILD_TYPE):
        raise StatementInvalidError("its types are {!r}, {!r} and {!r}".format(*kinds))
    if len(wire.subject) != 1:
        raise StatementInvalidError(f"it has {len(wire.subject)} subjects")
    (subject,) = wire.subject
    return Statement(
        subject=subject.name,
        release=_digest(subject),
        app=definition.external_parameters.app,
        source_commit=definition.external_parameters.source_commit,
        dependencies=_named({each.uri: each for each in definition.resolved_dependencies if each.uri}),
        byproducts=_named({each.name: each for each in wire.predicate.run_details.byproducts}),
    )


def _build_definition(facts: ReleaseFacts, built: Built) -> Json:
    release = facts.release
    manifest = release.manifest
    internal: dict[str, Json] = {"evidence": [evidence.to_json() for evidence in manifest.evidence]}
    if built.imported is not None:
        origin, signer = built.imported
        internal["imported_from"] = {"origin": origin, "signer": signer}
    parts = [version for version in facts.versions if manifest.artifacts.get(version.ref.key) == version.digest]
    dependencies: list[Json] = [
        {"uri": version_uri(version), "digest": _sha256(version.digest)} for version in sorted(parts, key=version_uri)
    ]
    return {
        "buildType": BUILD_TYPE,
        "externalParameters": {"app": manifest.app, "source_commit": release.source_commit},
        "internalParameters": internal,
        "resolvedDependencies": [*dependencies, *_source(release.source_commit)],
    }


def _source(source_commit: str) -> list[Json]:
    """The commit of the project folder, where it was in Git. In which repository is not recorded."""
    found = _COMMIT.fullmatch(source_commit)
    if found is None:
        return []
    source: dict[str, Json] = {"name": "source", "digest": {"gitCommit": found["commit"]}}
    return [{**source, "annotations": {"uncommitted_changes": True}}] if found["changes"] else [source]


def _metadata(built: Built) -> Json:
    started: dict[str, Json] = {} if built.started_at is None else {"startedOn": to_text(built.started_at)}
    return {"invocationId": built.invocation, **started, "finishedOn": to_text(built.finished_at)}


def _sha256(digest: Digest) -> dict[str, Json]:
    return {"sha256": hex_part(digest)}


class _Resource(msgspec.Struct):
    name: str = ""
    uri: str = ""
    digest: dict[str, str] = {}


class _External(msgspec.Struct):
    app: str
    source_commit: str


class _Definition(msgspec.Struct, rename="camel"):
    build_type: str
    external_parameters: _External
    resolved_dependencies: list[_Resource]


class _Details(msgspec.Struct):
    byproducts: list[_Resource]


class _Predicate(msgspec.Struct, rename="camel"):
    build_definition: _Definition
    run_details: _Details


class _Wire(msgspec.Struct, rename="camel"):
    type: str = msgspec.field(name="_type")
    subject: list[_Resource]
    predicate_type: str
    predicate: _Predicate


def _named(resources: Mapping[str, _Resource]) -> dict[str, Digest]:
    return {name: _digest(resource) for name, resource in resources.items()}


def _digest(resource: _Resource) -> Digest:
    digits = resource.digest.get("sha256", "")
    if not re.fullmatch(r"[0-9a-f]{64}", digits):
        raise StatementInvalidError(f"{resource.name or resource.uri!r} has no sha256 digest")
    return f"sha256:{digits}"
