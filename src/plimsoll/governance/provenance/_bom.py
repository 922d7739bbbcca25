"""The bill of materials of a release: CycloneDX 1.6 (ECMA-424), with a card for each model.

Only what the records say is written: a model's architecture or training data that nobody recorded is left out. Of the
documents of a source stand their number and the digest of their list, not one component each.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime

from plimsoll import __version__
from plimsoll.kernel.clock import to_text
from plimsoll.kernel.digest import Digest, Json, hex_part
from plimsoll.registry import Kind, Version, VersionRef

from ._models import Model, model_component, models_of, performance, services
from ._shapes import entries, properties, text
from ._types import ReleaseFacts

_DATA: dict[Kind, str] = {
    "prompt": "configuration",
    "source": "dataset",
    "knowledge": "configuration",
    "index": "other",
    "guardrail": "configuration",
    "route": "configuration",
    "endpoint": "definition",
    "agent": "definition",
    "dataset": "dataset",
    "suite": "definition",
}
"""The standard's type of data for each kind that is no model."""


def ml_bom(facts: ReleaseFacts, *, made_at: datetime) -> Json:
    """The bill of materials as a JSON value; the same facts and moment give the same one.

    Its serial number comes from the release's digest (RFC 9562, version 5), so a release has one bill.
    """
    manifest = facts.release.manifest
    models = models_of(facts)
    versions = sorted(facts.versions, key=lambda version: (version.kind, version.name, version.number))
    bom: dict[str, Json] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'urn:plimsoll:release:{manifest.digest}')}",
        "version": 1,
        "metadata": _metadata(facts, made_at),
        "components": [
            *(_component(version, facts) for version in versions),
            *(model_component(model, facts) for model in models),
        ],
        "dependencies": _dependencies(facts, versions, models),
    }
    called = services(models)
    return {**bom, "services": called} if called else bom


def _metadata(facts: ReleaseFacts, made_at: datetime) -> Json:
    release = facts.release
    manifest = release.manifest
    plimsoll = {"type": "application", "name": "plimsoll", "version": __version__}
    application: dict[str, Json] = {
        "type": "application",
        "bom-ref": manifest.digest,
        "name": manifest.app,
        "version": manifest.name,
        "hashes": _hashes(manifest.digest),
        "properties": properties(
            {
                "release": manifest.digest,
                "frozen_at": to_text(release.created_at),
                "source_commit": release.source_commit,
                "owner": facts.owner,
                "evidence": [f"{each.suite}: {each.verdict} ({each.run})" for each in manifest.evidence],
            }
        ),
    }
    if facts.purpose:
        application["description"] = facts.purpose
    return {"timestamp": to_text(made_at), "tools": {"components": [plimsoll]}, "component": application}


def _component(version: Version, facts: ReleaseFacts) -> Json:
    content = facts.contents.get(version.digest)
    component: dict[str, Json] = {
        "bom-ref": _ref(version.ref),
        "name": version.name,
        "version": str(version.number),
        "hashes": _hashes(version.digest),
        "properties": properties(
            {
                "kind": version.kind,
                "number": version.number,
                "created_at": to_text(version.created_at),
                "source_commit": version.source_commit,
                **_counts(version.kind, content),
            }
        ),
    }
    if version.kind in _DATA:
        data = {"type": _DATA[version.kind], "name": f"{version.kind}:{version.name}"}
        return {"type": "data", **component, "data": [data]}
    return {"type": "machine-learning-model", **component, "modelCard": _card(version, facts)}


def _card(version: Version, facts: ReleaseFacts) -> Json:
    """Of a trained model: what it was trained on, and what was measured of it."""
    parents = facts.parents.get(version.ref, ())
    datasets: list[Json] = [{"ref": _ref(parent)} for parent in parents if parent.kind == "dataset"]
    return {
        **({"modelParameters": {"datasets": datasets}} if datasets else {}),
        **performance(facts, version.ref),
    }


def _counts(kind: Kind, content: Json) -> Mapping[str, Json]:
    """How much is in a version, where its content says so."""
    if not isinstance(content, Mapping):
        return {}
    if kind == "source":
        documents = entries(content.get("documents"))
        fates = sorted({text(document, "fate") for document in documents} - {""})
        by_fate = {fate: sum(text(document, "fate") == fate for document in documents) for fate in fates}
        return {"documents": len(documents), **{f"documents:{fate}": count for fate, count in by_fate.items()}}
    if kind == "dataset":
        return {"rows": len(entries(content.get("rows")))}
    if kind == "index":
        return {name: content.get(name) for name in ("documents", "chunks", "dimension", "embedder")}
    return {}


def _dependencies(facts: ReleaseFacts, versions: list[Version], models: tuple[Model, ...]) -> list[Json]:
    """What each thing was made from or uses; the application has everything that its manifest names."""
    manifest = facts.release.manifest
    known = {version.ref for version in versions}
    evidence = [VersionRef("suite", each.suite, each.suite_version) for each in manifest.evidence]
    direct = [VersionRef.from_key(key, digest) for key, digest in manifest.artifacts.items()]
    edges: dict[str, set[str]] = {manifest.digest: {_ref(ref) for ref in [*direct, *evidence] if ref in known}}
    for version in versions:
        edges[_ref(version.ref)] = {_ref(parent) for parent in facts.parents.get(version.ref, ()) if parent in known}
    for model in models:
        edges[model.ref] = set()
        for user in model.used_by:
            edges[_ref(user)].add(model.ref)
    return [_dependency(ref, uses) for ref, uses in sorted(edges.items())]


def _dependency(ref: str, uses: set[str]) -> Json:
    return {"ref": ref, "dependsOn": sorted(uses)} if uses else {"ref": ref}


def _ref(ref: VersionRef) -> str:
    return f"{ref.key}@{ref.digest}"


def _hashes(digest: Digest) -> list[Json]:
    return [{"alg": "SHA-256", "content": hex_part(digest)}]
