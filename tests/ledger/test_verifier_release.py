import base64
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import rfc8785
from tests.ledger.verifier_files import (
    STRANGER,
    ReleaseExport,
    a_release,
    envelope,
    held,
    proved,
    said,
    sha256,
)

from plimsoll.ledger.verifier import (
    verify_file,
)

# Release exports


def test_a_whole_release_verifies_and_tells_its_story(tmp_path: Path) -> None:
    whole = a_release()
    report = verify_file(whole.write(tmp_path / "r"), [held(tmp_path / "h", whole.log.lines, len(whole.log.lines))])
    assert said(report) == ""
    (ship,) = report.story
    assert (ship["role"], ship["moved"]["name"], ship["moved"]["reason"]) == ("ship", "Ada Lovelace", "ready")
    assert [row["entry"] for row in ship["evidence"]] == [4]
    assert (report.trust["held_compared"], report.trust["key_origin"]) == (1, "held")


def blob_of(release: ReleaseExport, key: str) -> str:
    digest: str = release.manifest["artifacts"][key]
    return digest.replace("sha256:", "blobs/")


def change_blob(release: ReleaseExport) -> str:
    name = blob_of(release, "prompt:answer")
    release.replaced[name] = b'{"text":"hellO"}'
    return f"{name}: does not match its name: its content was changed"


def remove_blob(release: ReleaseExport) -> str:
    name = blob_of(release, "index:papers")
    release.replaced[name] = b"removed"
    return f"{name}: is missing from the archive: it is the version of index:papers"


def remove_run(release: ReleaseExport) -> str:
    name = "blobs/" + release.manifest["evidence"][0]["run"].removeprefix("sha256:")
    release.replaced[name] = b"removed"
    return f"{name}: is missing from the archive: it is the run of ask"


def add_file(release: ReleaseExport) -> str:
    release.replaced["more.txt"] = b"more"
    return "more.txt: does not belong in the archive"


def add_blob(release: ReleaseExport) -> str:
    name = sha256(b"payload").replace("sha256:", "blobs/")
    release.replaced[name] = b"payload"
    return f"{name}: does not belong in the archive: nothing in the release names it"


def change_manifest(release: ReleaseExport) -> str:
    release.replaced["manifest.json"] = release.files()["manifest.json"].replace(b"pass", b"fail")
    return "manifest.json: is of the release sha256:"


def change_bom(release: ReleaseExport) -> str:
    release.replaced["bom.cdx.json"] = b"[]"
    return "bom.cdx.json: does not match its digest in the signed statement: its content was changed"


def change_versions(release: ReleaseExport) -> str:
    changed = [{**release.versions[0], "author": "s-00000000000000bb"}, *release.versions[1:]]
    release.replaced["versions.json"] = rfc8785.dumps(changed)
    return "versions.json: does not match its digest in the signed statement"


def resign_versions(release: ReleaseExport) -> str:
    release.versions[0]["author"] = "s-00000000000000bb"
    return f"prompt:answer {release.versions[0]['digest']}: differs from what entry 1 says"


def forget_version(release: ReleaseExport) -> str:
    digest = release.versions.pop(0)["digest"]
    return f"versions.json: does not list prompt:answer {digest}, which the manifest names"


def wrong_proof(release: ReleaseExport) -> str:
    release.rows[2]["proof"][0] = base64.b64encode(bytes(32)).decode()
    return "ledger/entries.jsonl line 3: entry 3 is not in the ledger"


def changed_entry(release: ReleaseExport) -> str:
    release.rows[4]["entry"] = release.rows[4]["entry"].replace("c0ffee", "decade")
    return "ledger/entries.jsonl line 5: entry 5 is not in the ledger"


def no_freeze(release: ReleaseExport) -> str:
    del release.rows[4]
    return f"proves no entry by which {release.release} was frozen or imported"


def no_verdict(release: ReleaseExport) -> str:
    del release.rows[3]
    return "is a run of ask that no gate.judge entry of the file judges"


def twice_the_same_entry(release: ReleaseExport) -> str:
    release.rows.append(proved(release.log, 1))
    return "or it stands twice"


def changed_opening(release: ReleaseExport) -> str:
    release.log.openings[0]["content"]["name"] = "Eve"
    return "ledger/openings.jsonl line 1 (entry 3): is not what the entry commits to: it was changed"


def other_signer(release: ReleaseExport) -> str:
    files = release.files()
    statement = json.loads(base64.b64decode(json.loads(files["attestation.json"])["payload"]))
    release.replaced["attestation.json"] = json.dumps(envelope(statement, STRANGER)).encode()
    return "attestation.json: has no signature that verifies under the key plimsoll/0a1b2c3d"


def other_payload_type(release: ReleaseExport) -> str:
    statement = json.loads(base64.b64decode(json.loads(release.files()["attestation.json"])["payload"]))
    release.replaced["attestation.json"] = json.dumps(envelope(statement, kind="application/json")).encode()
    return "attestation.json: is signed, but is no in-toto statement with SLSA provenance"


def other_subject(release: ReleaseExport) -> str:
    statement = json.loads(base64.b64decode(json.loads(release.files()["attestation.json"])["payload"]))
    statement["subject"][0]["digest"]["sha256"] = "0" * 64
    statement["predicate"]["buildDefinition"]["resolvedDependencies"].pop(0)
    release.replaced["attestation.json"] = json.dumps(envelope(statement)).encode()
    return f"attestation.json: does not name the version {release.manifest['artifacts']['prompt:answer']}"


def other_checkpoint(release: ReleaseExport) -> str:
    release.replaced["ledger/checkpoint.note"] = STRANGER.note(release.log.lines).encode()
    return "ledger/checkpoint.note: is not signed by the key"


def other_evidence(release: ReleaseExport) -> str:
    release.manifest["evidence"][0]["verdict"] = "fail"
    return f"proves no entry by which {release.release} was frozen or imported"


TAMPERINGS = [
    change_blob, remove_blob, remove_run, add_file, add_blob, change_manifest, change_bom, change_versions,
    resign_versions, forget_version, wrong_proof, changed_entry, no_freeze, no_verdict, twice_the_same_entry,
    changed_opening, other_signer, other_payload_type, other_subject, other_checkpoint, other_evidence,
]  # fmt: skip


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_a_change_of_a_release_is_named(tmp_path: Path, tamper: Callable[[ReleaseExport], str]) -> None:
    release = a_release()
    finding = tamper(release)
    report = verify_file(release.write(tmp_path / "r"))
    assert finding in said(report)


def link(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


def test_links_doubles_and_names_that_lead_out_are_named(tmp_path: Path) -> None:
    extra = [link("blobs/link"), tarfile.TarInfo("bom.cdx.json"), tarfile.TarInfo("../../x"), tarfile.TarInfo("/x")]
    found = said(verify_file(a_release().write(tmp_path / "r", extra)))
    assert "blobs/link: is a link or something else that is no file" in found
    assert "bom.cdx.json: is in the archive twice" in found
    assert "../../x: leads out of the archive" in found
    assert "/x: leads out of the archive" in found
