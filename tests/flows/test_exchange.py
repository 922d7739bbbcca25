import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from tests.flows.installation import APP, COMMIT, SEGMENT, Installation

from plimsoll.flows.exchange import UntrustedKeyError, export_release, import_release
from plimsoll.flows.exchange._errors import AppDiffersError, FileThereError
from plimsoll.flows.exchange._lineage import publications
from plimsoll.governance.provenance import PAYLOAD_TYPE
from plimsoll.kernel.digest import Digest, canonical_json, digest_bytes, digest_json
from plimsoll.kernel.dsse import open_envelope, sign_envelope
from plimsoll.kernel.errors import IntegrityError, PlimsollError, UnavailableError
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import By
from plimsoll.registry import Publication
from plimsoll.releases import EnvironmentPolicy, Origin, Release
from plimsoll.releases.bundle import (
    BundleInvalidError,
    BundleNewerError,
    BundleTamperedError,
    blob_name,
    read_bundle,
    write_bundle,
)
from plimsoll.storage import BlobFolder

Files = dict[str, bytes]
Change = Callable[[Files], None]
DOCUMENTS = (
    "attestation.json",
    "bom.cdx.json",
    "bundle.json",
    "ledger/checkpoint.note",
    "ledger/entries.jsonl",
    "ledger/openings.jsonl",
    "manifest.json",
    "verify.py",
    "versions.json",
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "away")
    made.person("ines")
    yield made
    made.close()


@pytest.fixture
def release(home: Installation) -> Release:
    return home.freeze()


@pytest.fixture
def path(home: Installation, release: Release, tmp_path: Path) -> Path:
    path = tmp_path / "harbour.plimsoll"
    export_release(release, path, home.export_parts)
    return path


def files_of(path: Path) -> Files:
    with read_bundle(path) as bundle:
        return {name: bundle.read(name) for name in bundle.names}


def rewrite(path: Path, files: Files) -> None:
    write_bundle(path, sorted(files.items()))


def sign_again(files: Files, key: SigningKey) -> None:
    """What a signer does who lies: a statement that fits the changed files."""
    payload = open_envelope(json.loads(files["attestation.json"]), [key.verifier], PAYLOAD_TYPE)
    statement = json.loads(payload)
    others = {name: data for name, data in files.items() if name != "attestation.json"}
    statement["predicate"]["runDetails"]["byproducts"] = [
        {"name": name, "digest": {"sha256": digest_bytes(data).removeprefix("sha256:")}}
        for name, data in others.items()
    ]
    files["attestation.json"] = canonical_json(sign_envelope(PAYLOAD_TYPE, canonical_json(statement), key))


def refused(path: Path, home: Installation, away: Installation) -> BundleTamperedError:
    """The import says what differs, and changes nothing."""
    before = away.state()
    with pytest.raises(BundleTamperedError) as caught:
        import_release(path, [home.vkey], away.import_parts)
    assert away.state() == before
    return caught.value


def verify(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What an outsider does: the program out of the file, alone, on the file."""
    program = path.parent / "outside" / "verify.py"
    program.parent.mkdir(exist_ok=True)
    with tarfile.open(path) as archive:
        member = archive.extractfile("verify.py")
        assert member is not None
        program.write_bytes(member.read())
    command = [sys.executable, "-I", str(program), str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=program.parent)


def test_a_release_goes_from_one_installation_to_another(
    home: Installation, away: Installation, release: Release, path: Path
) -> None:
    report = import_release(path, [home.vkey], away.import_parts)
    assert report.release.manifest == release.manifest
    assert (report.existed, report.versions_new, report.versions) == (False, 8, 8)
    assert away.releases.release(APP, release.manifest.name) == report.release
    assert report.release.source_commit == COMMIT
    for key, digest in release.manifest.artifacts.items():
        kept = next(each for each in away.registry.versions(APP) if each.ref.key == key)
        assert kept.digest == digest
        assert kept.author == away.ledger.find_subject("ines")
        assert away.registry.content(digest) == home.registry.content(digest)
    assert away.blobs.get(digest_bytes(SEGMENT)) == SEGMENT
    (evidence,) = release.manifest.evidence
    assert away.blobs.get(evidence.run) == home.blobs.get(evidence.run)


def test_the_lineage_comes_along(home: Installation, away: Installation, path: Path) -> None:
    import_release(path, [home.vkey], away.import_parts)
    for version in home.registry.versions(APP):
        assert away.registry.parents(APP, version.ref) == home.registry.parents(APP, version.ref)


def test_the_ledger_says_that_and_from_where_it_was_imported(
    home: Installation, away: Installation, release: Release, path: Path
) -> None:
    import_release(path, [home.vkey], away.import_parts)
    (entry,) = away.ledger.entries(act="release.import")
    assert entry.facts["release"] == release.manifest.digest
    assert (entry.facts["origin"], entry.facts["signer"]) == (home.vkey.name, home.vkey.text())
    assert entry.actor == away.ledger.find_subject("ines")
    assert [each.act for each in away.ledger.entries(act="release.freeze")] == []


def test_a_second_import_changes_nothing(home: Installation, away: Installation, path: Path) -> None:
    first = import_release(path, [home.vkey], away.import_parts)
    before = away.state()
    second = import_release(path, [home.vkey], away.import_parts)
    assert away.state() == before
    assert (second.existed, second.versions_new, second.blobs_new) == (True, 0, 0)
    assert second.release == first.release


def test_versions_that_are_here_already_are_the_same_versions(
    home: Installation, away: Installation, path: Path
) -> None:
    by = away.person("ines")
    known = home.registry.find(APP, "route:default")
    other = Publication("prompt", "answer", {"system": "Another.", "template": "x", "parameters": {}})
    route = Publication("route", "default", home.registry.content(known.digest))
    away.registry.publish(APP, [other, route], by=by, source_commit="")
    report = import_release(path, [home.vkey], away.import_parts)
    assert report.versions_new == report.versions - 1
    assert away.registry.find(APP, "prompt:answer").number == 2
    assert away.registry.find(APP, "route:default").number == 1


def test_an_interrupted_import_goes_on(home: Installation, away: Installation, path: Path) -> None:
    class Full(BlobFolder):
        room = 3

        def put(self, data: bytes) -> Digest:
            self.room -= 1
            if self.room < 0:
                raise UnavailableError("the disk is full")
            return super().put(data)

    size = away.ledger.size()
    parts = replace(away.import_parts, blobs=Full(away.home / "blobs"))
    with pytest.raises(UnavailableError):
        import_release(path, [home.vkey], parts)
    assert away.ledger.size() == size
    assert away.registry.versions(APP) == ()
    assert len(list(away.blobs.addresses())) == 3
    assert not import_release(path, [home.vkey], away.import_parts).existed


def test_a_place_that_cannot_be_written_is_said_and_nothing_changes(
    home: Installation, away: Installation, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    before = away.state()
    parts = replace(away.import_parts, blobs=BlobFolder(tmp_path / "file" / "blobs"))
    with pytest.raises(UnavailableError):
        import_release(path, [home.vkey], parts)
    assert away.state() == before


def test_what_was_imported_can_be_exported_again(
    home: Installation, away: Installation, release: Release, path: Path, tmp_path: Path
) -> None:
    taken = import_release(path, [home.vkey], away.import_parts)
    again = tmp_path / "again.plimsoll"
    export_release(taken.release, again, away.export_parts)
    assert verify(again).returncode == 0
    statement = json.loads(open_envelope(json.loads(files_of(again)["attestation.json"]), [away.vkey], PAYLOAD_TYPE))
    internal = statement["predicate"]["buildDefinition"]["internalParameters"]
    assert internal["imported_from"] == {"origin": home.vkey.name, "signer": home.vkey.text()}
    third = Installation(tmp_path / "third")
    try:
        assert import_release(again, [away.vkey], third.import_parts).release.manifest == release.manifest
    finally:
        third.close()


def test_nobody_is_trusted_unless_somebody_said_so(home: Installation, away: Installation, path: Path) -> None:
    before = away.state()
    for trusted in ([], [away.vkey]):
        with pytest.raises(UntrustedKeyError) as caught:
            import_release(path, trusted, away.import_parts)
        assert caught.value.vkey == home.vkey.text()
        assert f"--trust {home.vkey.text()}" in caught.value.hint
    assert away.state() == before


def test_a_key_of_the_same_name_is_another_key(home: Installation, away: Installation, path: Path) -> None:
    double = SigningKey.generate(home.vkey.name).verifier
    with pytest.raises(UntrustedKeyError):
        import_release(path, [double], away.import_parts)


def test_a_file_that_somebody_else_signed_in_our_name_is_refused(
    home: Installation, away: Installation, path: Path
) -> None:
    files = files_of(path)
    payload = open_envelope(json.loads(files["attestation.json"]), [home.vkey], PAYLOAD_TYPE)
    double = SigningKey.generate(home.vkey.name)
    files["attestation.json"] = canonical_json(sign_envelope(PAYLOAD_TYPE, payload, double))
    rewrite(path, files)
    assert refused(path, home, away).differences == (f"attestation.json was not signed by {home.vkey.text()}",)


@pytest.mark.parametrize("name", [*DOCUMENTS, "a version", "the run", "the segment"])
def test_any_byte_that_was_changed_is_noticed_and_named(
    home: Installation, away: Installation, release: Release, path: Path, name: str
) -> None:
    blobs = {
        "a version": release.manifest.artifacts["prompt:answer"],
        "the run": release.manifest.evidence[0].run,
        "the segment": digest_bytes(SEGMENT),
    }
    member = blob_name(blobs[name]) if name in blobs else name
    files = files_of(path)
    data = files[member]
    before = away.state()
    for place in sorted({0, 1, len(data) // 3, len(data) // 2, len(data) - 1}):
        changed = bytearray(data)
        changed[place] ^= 0x01
        rewrite(path, {**files, member: bytes(changed)})
        with pytest.raises((BundleTamperedError, BundleInvalidError, BundleNewerError, UntrustedKeyError)) as caught:
            import_release(path, [home.vkey], away.import_parts)
        if member != "bundle.json":
            assert isinstance(caught.value, BundleTamperedError)
            assert member in caught.value.message
    assert away.state() == before


def test_every_byte_of_the_signature_counts(home: Installation, away: Installation, path: Path) -> None:
    files = files_of(path)
    data = files["attestation.json"]
    for place in range(data.index(b'"payloadType"'), len(data)):
        changed = bytearray(data)
        changed[place] ^= 0x01
        rewrite(path, {**files, "attestation.json": bytes(changed)})
        with pytest.raises(BundleTamperedError):
            import_release(path, [home.vkey], away.import_parts)


def one_more_field(envelope: dict[str, Any]) -> None:
    envelope["note"] = "not signed"


def one_more_signature(envelope: dict[str, Any]) -> None:
    envelope["signatures"].append({"keyid": "plimsoll/0badcafe", "sig": envelope["signatures"][0]["sig"]})


def other_alphabet(envelope: dict[str, Any]) -> None:
    """The alphabet for addresses; a signature that happens to use none of its signs is written without its padding."""
    before = json.dumps(envelope)
    for place, name in ((envelope, "payload"), (envelope["signatures"][0], "sig")):
        place[name] = place[name].replace("+", "-").replace("/", "_")
    if json.dumps(envelope) == before:
        envelope["signatures"][0]["sig"] = envelope["signatures"][0]["sig"].rstrip("=")


@pytest.mark.parametrize(
    "change",
    [one_more_field, one_more_signature, other_alphabet, None],
    ids=["field", "signature", "alphabet", "spaces"],
)
def test_around_a_signature_there_is_nothing_that_was_not_signed(
    home: Installation, away: Installation, path: Path, change: Callable[[dict[str, Any]], None] | None
) -> None:
    files = files_of(path)
    envelope = json.loads(files["attestation.json"])
    if change is not None:
        change(envelope)
    files["attestation.json"] = json.dumps(envelope).encode() if change is None else canonical_json(envelope)
    rewrite(path, files)
    assert refused(path, home, away).differences == ("attestation.json is not written as it was signed",)


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "bundle.json"])
def test_a_file_that_is_missing_is_named(home: Installation, away: Installation, path: Path, name: str) -> None:
    files = files_of(path)
    del files[name]
    rewrite(path, files)
    assert refused(path, home, away).differences == (f"{name} is missing",)


def test_a_blob_that_is_missing_or_added_is_named(home: Installation, away: Installation, path: Path) -> None:
    files = files_of(path)
    del files[blob_name(digest_bytes(SEGMENT))]
    files[blob_name(digest_bytes(b"more"))] = b"more"
    rewrite(path, files)
    assert set(refused(path, home, away).differences) == {
        f"{blob_name(digest_bytes(SEGMENT))} is missing",
        f"{blob_name(digest_bytes(b'more'))} was added",
    }


def test_files_that_are_no_release_are_refused(home: Installation, away: Installation, path: Path) -> None:
    data = path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("bundle.json", "{}")
    for other in (buffer.getvalue(), b"", data[: len(data) // 2], data[:-1], data + b"\0"):
        path.write_bytes(other)
        with pytest.raises(BundleInvalidError):
            import_release(path, [home.vkey], away.import_parts)


def test_a_newer_format_asks_for_a_newer_version(home: Installation, away: Installation, path: Path) -> None:
    files = files_of(path)
    head = json.loads(files["bundle.json"])
    rewrite(path, {**files, "bundle.json": canonical_json({**head, "format": 2})})
    with pytest.raises(BundleNewerError, match="format is 2"):
        import_release(path, [home.vkey], away.import_parts)


def row_of(versions: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(row for row in versions if row["kind"] == kind)


def unknown_kind(versions: list[dict[str, Any]]) -> None:
    row_of(versions, "prompt")["kind"] = "dream"


def circle(versions: list[dict[str, Any]]) -> None:
    endpoint, prompt = row_of(versions, "endpoint"), row_of(versions, "prompt")
    prompt["parents"] = [["endpoint", "ask", endpoint["digest"]]]


def other_app(versions: list[dict[str, Any]]) -> None:
    row_of(versions, "prompt")["app"] = "other"


def twice(versions: list[dict[str, Any]]) -> None:
    versions.append(versions[0])


def left_out(versions: list[dict[str, Any]]) -> None:
    versions.remove(row_of(versions, "suite"))


def renumbered(versions: list[dict[str, Any]]) -> None:
    row_of(versions, "prompt")["number"] = 9


def strange_name(versions: list[dict[str, Any]]) -> None:
    row_of(versions, "prompt")["name"] = "answer\x1b[2J"


@pytest.mark.parametrize(
    "change", [unknown_kind, circle, other_app, twice, left_out, renumbered, strange_name], ids=lambda f: f.__name__
)
def test_a_trusted_signer_who_signs_nonsense_is_refused_too(
    home: Installation, away: Installation, path: Path, change: Callable[[list[dict[str, Any]]], None]
) -> None:
    files = files_of(path)
    versions = json.loads(files["versions.json"])
    change(versions)
    files["versions.json"] = canonical_json(versions)
    sign_again(files, home.ledger.key)
    rewrite(path, files)
    before = away.state()
    with pytest.raises(PlimsollError) as caught:
        import_release(path, [home.vkey], away.import_parts)
    assert "versions.json" in caught.value.message or "'dream'" in caught.value.message
    assert away.state() == before


def test_a_manifest_of_a_newer_version_is_said(home: Installation, away: Installation, path: Path) -> None:
    files = files_of(path)
    files["manifest.json"] = canonical_json({**json.loads(files["manifest.json"]), "format": 2, "more": True})
    sign_again(files, home.ledger.key)
    rewrite(path, files)
    with pytest.raises(BundleNewerError, match="manifest has format 2"):
        import_release(path, [home.vkey], away.import_parts)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"app": "other"}, "is not the release in the statement"),
        ({"evidence": []}, "has no evidence"),
        ({"more": 1}, "is not written as a manifest is"),
        ({"app": "../x"}, "cannot be read"),
        ({"artifacts": {"prompt:answer": 7}}, "cannot be read"),
    ],
)
def test_a_manifest_that_is_not_the_one_in_the_statement_is_refused(
    home: Installation, away: Installation, path: Path, changes: dict[str, Any], says: str
) -> None:
    files = files_of(path)
    files["manifest.json"] = canonical_json({**json.loads(files["manifest.json"]), **changes})
    sign_again(files, home.ledger.key)
    rewrite(path, files)
    assert says in refused(path, home, away).message


def test_every_artifact_and_suite_must_be_among_the_versions(path: Path, release: Release) -> None:
    with read_bundle(path) as bundle:
        assert len(publications(bundle, release.manifest)) == 8
        (evidence,) = release.manifest.evidence
        other = digest_bytes(b"other")
        for manifest, missing in (
            (replace(release.manifest, artifacts={"prompt:answer": other}), "prompt:answer"),
            (replace(release.manifest, evidence=(replace(evidence, suite_version=other),)), "suite:ask"),
        ):
            with pytest.raises(BundleTamperedError, match=f"lacks {missing} {other}"):
                publications(bundle, manifest)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b'{"system": "x"}', "is not canonical JSON"), (b"{", "cannot be read"), (b"[" * 60_000, "cannot be read")],
    ids=["spaces", "half", "deep"],
)
def test_a_content_that_would_be_another_version_here_is_refused(
    release: Release, path: Path, content: bytes, says: str
) -> None:
    files = files_of(path)
    versions = json.loads(files["versions.json"])
    files[blob_name(digest_bytes(content))] = content
    row_of(versions, "prompt")["digest"] = digest_bytes(content)
    files["versions.json"] = canonical_json(versions)
    rewrite(path, files)
    artifacts = {**release.manifest.artifacts, "prompt:answer": digest_bytes(content)}
    with read_bundle(path) as bundle, pytest.raises(BundleTamperedError, match=says):
        publications(bundle, replace(release.manifest, artifacts=artifacts))


def test_a_file_that_changes_while_it_is_imported_is_noticed(
    home: Installation, away: Installation, path: Path
) -> None:
    class Late(BlobFolder):
        def put(self, data: bytes) -> Digest:
            return super().put(data + b" changed")

    parts = replace(away.import_parts, blobs=Late(away.home / "blobs"))
    size = away.ledger.size()
    with pytest.raises(BundleTamperedError, match="changed while it was imported"):
        import_release(path, [home.vkey], parts)
    assert away.ledger.size() == size


def test_an_entry_that_the_ledger_does_not_prove_is_refused(home: Installation, away: Installation, path: Path) -> None:
    files = files_of(path)
    files["ledger/entries.jsonl"] = files["ledger/entries.jsonl"].replace(
        b'\\"verdict\\":\\"pass', b'\\"verdict\\":\\"fail'
    )
    sign_again(files, home.ledger.key)
    rewrite(path, files)
    assert "ledger/entries.jsonl" in refused(path, home, away).message


def test_an_outsider_verifies_the_file_with_nothing_of_ours(home: Installation, path: Path) -> None:
    done = verify(path, "--key", home.vkey.text(), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] is True
    assert report["kind"] == "release"
    assert "Read every answer." in done.stdout
    assert "The spring tariff." in done.stdout


def test_an_outsider_sees_what_was_changed(home: Installation, path: Path) -> None:
    files = files_of(path)
    rewrite(path, {**files, "bom.cdx.json": files["bom.cdx.json"].replace(b"CycloneDX", b"CycloneDy")})
    done = verify(path, "--key", home.vkey.text())
    assert done.returncode == 1
    assert "bom.cdx.json" in done.stdout


def test_the_bill_of_materials_in_the_file_is_valid(path: Path) -> None:
    text = files_of(path)["bom.cdx.json"].decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert "quay@example.com" in text


def test_the_file_holds_what_belongs_to_the_release_and_nothing_else(
    home: Installation, release: Release, path: Path
) -> None:
    home.blobs.put(b"of somebody else")
    home.registry.publish("other", [Publication("prompt", "x", {"a": 1})], by=home.person("ada"), source_commit="")
    later = home.freeze("Answer shortly.", b"another segment")
    path.unlink(missing_ok=True)
    export_release(release, path, home.export_parts)
    with read_bundle(path) as bundle:
        names = set(bundle.names)
    assert blob_name(digest_bytes(SEGMENT)) in names
    assert blob_name(digest_bytes(b"another segment")) not in names
    assert blob_name(digest_bytes(b"of somebody else")) not in names
    assert blob_name(later.manifest.artifacts["prompt:answer"]) not in names
    assert verify(path).returncode == 0


def test_of_an_artifact_made_anew_only_the_parents_in_the_release_are_in_the_file(
    home: Installation, away: Installation, path: Path
) -> None:
    """The endpoint is the same content, made from another prompt and another index."""
    first = home.freeze("One.", b"one")
    second = home.freeze("Two.", b"two")
    assert first.manifest.artifacts["endpoint:ask"] == second.manifest.artifacts["endpoint:ask"]
    path.unlink(missing_ok=True)
    export_release(second, path, home.export_parts)
    import_release(path, [home.vkey], away.import_parts)
    assert not away.blobs.has(digest_bytes(b"one"))
    endpoint = away.registry.find(APP, "endpoint:ask")
    indexes = [ref.digest for ref in away.registry.parents(APP, endpoint.ref) if ref.kind == "index"]
    assert indexes == [second.manifest.artifacts["index:texts"]]


def test_the_story_says_who_approved_it_and_why(home: Installation, away: Installation, path: Path) -> None:
    report = import_release(path, [home.vkey], away.import_parts)
    told = json.dumps(report.story)
    assert "staging" in told
    assert "Read every answer." in told


def test_a_person_who_was_erased_is_not_in_the_file(
    home: Installation, away: Installation, release: Release, path: Path
) -> None:
    bob = home.ledger.find_subject("bob")
    assert bob is not None
    home.ledger.erase(bob, {"basis": "request", "purged": {}, "blobs": [], "residuals": []}, by=home.person("ada"))
    path.unlink(missing_ok=True)
    export_release(release, path, home.export_parts)
    data = path.read_bytes()
    assert b"Read every answer." not in data
    assert b"The spring tariff." in data
    assert b"subject.erase" in files_of(path)["ledger/entries.jsonl"]
    assert verify(path).returncode == 0
    assert import_release(path, [home.vkey], away.import_parts).release.manifest == release.manifest


def test_the_entries_tell_the_whole_story_of_this_release_and_no_other(
    home: Installation, release: Release, path: Path
) -> None:
    ada = home.person("ada")
    policy = EnvironmentPolicy(approvals=1)
    for environment in ("staging", "elsewhere"):
        home.environments.adopt(APP, environment, policy, by=ada, reason="rules")
    home.person("nobody of this story")
    later = home.freeze("Answer shortly.", b"another segment")
    path.unlink(missing_ok=True)
    export_release(release, path, home.export_parts)
    rows = [json.loads(line) for line in files_of(path)["ledger/entries.jsonl"].splitlines()]
    entries = [json.loads(row["entry"]) for row in rows]
    assert Counter(entry["act"] for entry in entries) == {
        "actor.create": 2,
        "version.publish": 8,
        "lineage.add": 1,
        "gate.judge": 1,
        "release.freeze": 1,
        "review.approve": 1,
        "environment.ship": 2,
        "policy.adopt": 1,
    }
    subjects = {entry["facts"].get("subject", release.manifest.digest) for entry in entries}
    assert subjects == {release.manifest.digest}
    (away_from,) = [entry["facts"] for entry in entries if entry["facts"].get("to") == later.manifest.digest]
    assert away_from["from"] == release.manifest.digest


def test_an_export_of_something_damaged_is_refused_and_leaves_no_file(
    home: Installation, release: Release, tmp_path: Path
) -> None:
    home.blobs.remove(release.manifest.artifacts["prompt:answer"])
    path = tmp_path / "none.plimsoll"
    with pytest.raises(IntegrityError):
        export_release(release, path, home.export_parts)
    assert [each.name for each in tmp_path.iterdir() if each.suffix in {".plimsoll", ".partial"}] == []


def test_two_exports_differ_only_in_what_depends_on_the_moment(
    home: Installation, release: Release, path: Path
) -> None:
    before = files_of(path)
    path.unlink(missing_ok=True)
    export_release(release, path, home.export_parts)
    after = files_of(path)
    assert {name for name in before if before[name] != after.get(name)} <= {
        "bundle.json",
        "bom.cdx.json",
        "attestation.json",
    }
    assert before.keys() == after.keys()


def test_a_text_that_looks_like_an_address_inside_another_text_is_none(home: Installation, path: Path) -> None:
    secret = home.blobs.put(b'{"secret": true}')
    release = home.freeze(f'Never say "{secret}".')
    path.unlink(missing_ok=True)
    export_release(release, path, home.export_parts)
    with read_bundle(path) as bundle:
        assert not bundle.has_blob(secret)


def test_an_import_names_the_installation_and_not_a_person_elsewhere(
    home: Installation, away: Installation, release: Release, path: Path
) -> None:
    import_release(path, [home.vkey], away.import_parts)
    kept = away.releases.release(APP, release.manifest.digest)
    assert kept.author != release.author
    origin = Origin(home.vkey.name, home.vkey.text())
    again = away.releases.keep_release(release.manifest, by=By(kept.author), source_commit="", origin=origin)
    assert again == kept
    assert digest_json(release.manifest.to_json()) == kept.manifest.digest


def test_a_file_that_is_there_stays(home: Installation, release: Release, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(FileThereError):
        export_release(release, path, home.export_parts)
    assert path.read_bytes() == before


def test_a_release_of_another_application_is_refused(home: Installation, path: Path, away: Installation) -> None:
    size = away.ledger.size()
    with pytest.raises(AppDiffersError, match="other"):
        import_release(path, [home.vkey], replace(away.import_parts, app="other"))
    assert away.ledger.size() == size
    assert not list(away.blobs.addresses())
