"""What somebody can prove who has only an exported file, a checkpoint that they kept, and the verifier in one file."""

import json
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Run
from tests.flows.conftest import Workshop

POLICY = "promotion:\n  production: {approvals: 1, protected: true}\n"
REVIEWER = "berta.brandt@example.org"


class Story:
    """Ada builds and ships, Berta approves: everybody with a key of their own."""

    def __init__(self, run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
        self._run = run
        self._monkeypatch = monkeypatch
        self.root = workshop.root
        self.keys: dict[str, str] = {}

    def do(self, *arguments: str | Path, code: int = 0) -> Any:
        ended = self._run(*arguments, "--json", folder=self.root)
        assert ended.code == code, ended.out + ended.err
        return json.loads(ended.out)

    def key(self, actor: str) -> None:
        self.keys[actor] = self.do("key", "create", actor)["secret"]

    def become(self, actor: str) -> None:
        self._monkeypatch.setenv("PLIMSOLL_KEY", self.keys[actor])

    def erase(self, person: str) -> Any:
        return self.do("audit", "erase", person, "--yes")


@pytest.fixture
def story(run: Run, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Story:
    yaml = workshop.root / "plimsoll.yaml"
    yaml.write_text(yaml.read_text() + POLICY)
    story = Story(run, workshop, monkeypatch)
    story.do("build")
    story.key("ada")
    story.do("actor", "create", REVIEWER, "--role", "approver")
    story.key(REVIEWER)
    story.become("ada")
    release = story.do("release")["release"]["name"]
    story.become(REVIEWER)
    story.do("review", "approve", release, "production", "--reason", "read every answer")
    story.become("ada")
    story.do("ship", release, "production", "--reason", "the new lease")
    return story


def verified(export: Path, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """Run the verifier of an export as its receiver would: alone, with nothing of ours on the path."""
    with tarfile.open(export) as tar:
        program = export.with_suffix(".verify.py")
        member = tar.extractfile("verify.py")
        assert member is not None
        program.write_bytes(member.read())
    command = [sys.executable, "-I", str(program), str(export), *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=export.parent)
    return done.returncode, json.loads(done.stdout)


def test_an_outsider_proves_what_was_running_who_approved_it_and_on_what_evidence(story: Story, tmp_path: Path) -> None:
    kept, export = tmp_path / "kept.txt", tmp_path / "audit.tar"
    kept.write_text(story.do("audit", "checkpoint")["note"])
    # Life goes on after the checkpoint that the auditor keeps.
    story.do("registry", "label", "prompt:answer@stable", "prompt:answer@1")
    story.do("audit", "export", export)
    code, report = verified(export, "--checkpoint", kept, "--environment", "production", "--at", "2999-01-01")
    assert (code, report["ok"], report["trust"]["key_origin"]) == (0, True, "held")
    [live] = report["story"]
    text = json.dumps(live)
    assert live["environment"] == "production"
    assert REVIEWER in text
    assert "read every answer" in text
    assert "the new lease" in text
    assert '"pass"' in text
    code, before = verified(export, "--checkpoint", kept, "--at", "2001-01-01")
    assert (code, before["story"]) == (0, [])


def test_an_outsider_sees_that_the_record_was_edited(story: Story, tmp_path: Path) -> None:
    kept, export, forged = tmp_path / "kept.txt", tmp_path / "audit.tar", tmp_path / "forged.tar"
    kept.write_text(story.do("audit", "checkpoint")["note"])
    story.do("audit", "export", export)
    with tarfile.open(export) as old, tarfile.open(forged, "w", format=tarfile.USTAR_FORMAT) as new:
        for member in old.getmembers():
            file = old.extractfile(member)
            assert file is not None
            data = file.read()
            if member.name == "entries.jsonl":
                assert b"environment.ship" in data
                data = data.replace(b'"share":1,', b'"share":0,')
            new.addfile(member, BytesIO(data))
    code, report = verified(forged, "--checkpoint", kept)
    assert code == 1
    assert report["findings"]


def test_a_person_is_forgotten_and_every_proof_still_holds(story: Story, tmp_path: Path) -> None:
    kept, export = tmp_path / "kept.txt", tmp_path / "audit.tar"
    kept.write_text(story.do("audit", "checkpoint")["note"])
    assert story.do("audit", "erase", REVIEWER, "--dry-run")["subject"]
    done = story.erase(REVIEWER)
    assert (done["found"], done["residuals"]) == (True, [])
    assert story.do("audit", "verify", "--checkpoint", kept)["sound"]
    for path in story.root.rglob("*"):
        if path.is_file() and ".plimsoll" in path.parts:
            content = path.read_bytes().lower()
            assert REVIEWER.encode() not in content, path
            assert b"read every answer" not in content, path
    story.do("audit", "export", export)
    code, report = verified(export, "--checkpoint", kept, "--environment", "production", "--at", "2999-01-01")
    assert code == 0
    assert report["trust"]["erased"] > 0
    # That somebody approved it is still proved, and who it was is not known any more.
    [live] = report["story"]
    assert "review.approve" in json.dumps(live)
    assert REVIEWER not in json.dumps(report)


def test_a_release_is_one_file_that_another_installation_takes_in(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = story.do("release", "list")[0]["name"]
    bundle = tmp_path / "harbour.plimsoll"
    vkey = story.do("release", "export", name, bundle)["vkey"]
    code, report = verified(bundle, "--key", vkey)
    assert (code, report["ok"]) == (0, True)
    assert REVIEWER in json.dumps(report["story"])
    monkeypatch.delenv("PLIMSOLL_KEY")
    monkeypatch.setenv("PLIMSOLL_HOME", str(tmp_path / "elsewhere"))
    refused = story.do("release", "import", bundle, code=2)
    assert refused["error"]["code"] == "key_untrusted"
    taken = story.do("release", "import", bundle, "--trust", vkey)
    assert taken["name"] == name
    assert story.do("ship", name, "staging")["name"] == name
    assert story.do("audit", "verify")["sound"]
    flipped = bytearray(bundle.read_bytes())
    flipped[flipped.index(b"twenty-six")] ^= 1
    (tmp_path / "flipped.plimsoll").write_bytes(flipped)
    monkeypatch.setenv("PLIMSOLL_HOME", str(tmp_path / "third"))
    tampered = story.do("release", "import", tmp_path / "flipped.plimsoll", "--trust", vkey, code=3)
    assert "blobs/" in tampered["error"]["message"]
