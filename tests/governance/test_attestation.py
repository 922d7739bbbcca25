import json
from dataclasses import replace
from typing import Any

import pytest
from tests.governance.sample_release import AT, BUILT, COMMIT, sample

from plimsoll.governance.provenance import StatementInvalidError, provenance_statement, read_statement
from plimsoll.kernel.digest import canonical_json, digest_json

FILES = {"verify.py": digest_json("verify"), "bom.cdx.json": digest_json("bom")}


def statement(source_commit: str = COMMIT, **built: Any) -> dict[str, Any]:
    facts = sample()
    facts = replace(facts, release=replace(facts.release, source_commit=source_commit))
    data = provenance_statement(facts, replace(BUILT, **built), FILES)
    value: dict[str, Any] = json.loads(data)
    assert canonical_json(value) == data
    return value


def test_the_statement_has_the_shape_of_the_standards() -> None:
    """in-toto Statement v1 and SLSA Provenance v1: every required field, nothing of another name."""
    said = statement()
    assert said.keys() == {"_type", "subject", "predicateType", "predicate"}
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    assert said["predicate"].keys() == {"buildDefinition", "runDetails"}
    definition, details = said["predicate"]["buildDefinition"], said["predicate"]["runDetails"]
    assert definition.keys() == {"buildType", "externalParameters", "internalParameters", "resolvedDependencies"}
    assert details.keys() == {"builder", "metadata", "byproducts"}
    assert details["builder"] == {"id": "urn:plimsoll:plimsoll/3f9c2a11"}
    assert details["metadata"] == {
        "invocationId": "plimsoll/3f9c2a11#42",
        "startedOn": "2026-03-04T05:06:07.000890Z",
        "finishedOn": "2026-03-04T05:06:07.000890Z",
    }
    for resource in [*said["subject"], *definition["resolvedDependencies"], *details["byproducts"]]:
        assert resource.keys() <= {"name", "uri", "digest", "annotations"}
        assert all(set(digits) <= set("0123456789abcdef") for digits in resource["digest"].values())


def test_the_subject_is_the_release() -> None:
    manifest = sample().release.manifest
    assert statement()["subject"] == [
        {"name": f"skellan-quay/{manifest.name}", "digest": {"sha256": manifest.digest.removeprefix("sha256:")}}
    ]


def test_every_version_of_the_manifest_is_a_dependency() -> None:
    manifest = sample().release.manifest
    said = statement()["predicate"]["buildDefinition"]
    *versions, _commit = said["resolvedDependencies"]
    parts = {each["uri"]: f"sha256:{each['digest']['sha256']}" for each in versions}
    assert sorted(parts.values()) == sorted(manifest.artifacts.values())
    assert parts["plimsoll:skellan-quay/route/default@3"] == manifest.artifacts["route:default"]
    assert said["externalParameters"] == {"app": "skellan-quay", "source_commit": COMMIT}
    assert said["internalParameters"]["evidence"] == [each.to_json() for each in manifest.evidence]


def test_the_commit_is_a_dependency_and_whether_there_were_changes() -> None:
    def sources(commit: str) -> list[object]:
        dependencies = statement(commit)["predicate"]["buildDefinition"]["resolvedDependencies"]
        return [each for each in dependencies if "sha256" not in each["digest"]]

    told = {"name": "source", "digest": {"gitCommit": COMMIT}}
    assert sources(COMMIT) == [told]
    assert sources(f"{COMMIT}+changes") == [{**told, "annotations": {"uncommitted_changes": True}}]
    for commit in ("", "abc", "main", COMMIT.upper(), COMMIT + "\n"):
        assert sources(commit) == []


def test_a_release_that_was_imported_says_from_where() -> None:
    said = statement(imported=("plimsoll/0badcafe", "plimsoll/0badcafe"))["predicate"]["buildDefinition"]
    assert said["internalParameters"]["imported_from"] == {"origin": "plimsoll/0badcafe", "signer": "plimsoll/0badcafe"}


def test_no_run_no_time_of_its_beginning() -> None:
    assert "startedOn" not in statement(started_at=None)["predicate"]["runDetails"]["metadata"]


def test_a_statement_is_read_back() -> None:
    facts = sample()
    said = read_statement(provenance_statement(facts, BUILT, FILES))
    manifest = facts.release.manifest
    assert (said.app, said.release, said.source_commit) == ("skellan-quay", manifest.digest, COMMIT)
    assert said.subject == f"skellan-quay/{manifest.name}"
    assert said.byproducts == FILES
    assert sorted(said.dependencies.values()) == sorted(manifest.artifacts.values())
    assert facts.release.created_at == AT


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("_type",), "https://in-toto.io/Statement/v0.1"),
        (("predicateType",), "https://slsa.dev/provenance/v0.2"),
        (("predicate", "buildDefinition", "buildType"), "urn:other"),
        (("subject",), []),
        (("subject",), [{"name": "x", "digest": {"sha1": "0"}}]),
        (("subject",), [{"name": "x", "digest": {"sha256": "A" * 64}}]),
        (("predicate", "runDetails", "byproducts"), [{"name": "verify.py"}]),
        (("predicate", "buildDefinition", "externalParameters"), {}),
        (("predicate",), None),
    ],
)
def test_another_statement_is_refused(path: tuple[str, ...], value: object) -> None:
    said = statement()
    place = said
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(StatementInvalidError):
        read_statement(json.dumps(said).encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(StatementInvalidError):
        read_statement(data)
