"""Checkpoints that are left outside: in a file, and in a Git repository of somebody else."""

import os
import subprocess
from pathlib import Path

import pytest
from tests.conftest import need_tool

from plimsoll.ledger._errors import AnchorAheadError, AnchorBrokenError, AnchorFailedError, AnchorInvalidError
from plimsoll.ledger.anchor import FileAnchor, GitAnchor, open_anchor

NOTES = tuple(
    f"plimsoll/00c0ffee\n{size}\nroot{size}=\n\n— plimsoll/00c0ffee signature{size}\n" for size in range(1, 4)
)
BRANCH = "refs/heads/plimsoll-checkpoints"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outside" / "checkpoints.jsonl"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository, as somebody else keeps it."""
    folder = tmp_path / "remote.git"
    subprocess.run([need_tool("git"), "init", "--quiet", "--bare", str(folder)], check=True)
    return folder


def git(*arguments: str | Path) -> str:
    done = subprocess.run([need_tool("git"), *map(str, arguments)], check=True, capture_output=True, text=True)
    return done.stdout


def at(remote: Path, cache: Path) -> GitAnchor:
    anchor = open_anchor(f"git+file://{remote}", cache, os.environ)
    assert isinstance(anchor, GitAnchor)
    return anchor


def test_notes_are_kept_in_order_and_not_twice(file: Path) -> None:
    anchor = open_anchor(str(file), file.parent / "unused", os.environ)
    assert isinstance(anchor, FileAnchor)
    assert anchor.notes() == ()
    for note in NOTES:
        anchor.add(note)
        anchor.add(note)
    assert anchor.notes() == NOTES
    assert FileAnchor(file).notes() == NOTES
    assert file.read_bytes().count(b"\n") == 3


@pytest.mark.parametrize("kept", range(1, 40))
def test_half_of_a_last_line_is_passed_over_and_mended(file: Path, kept: int) -> None:
    anchor = FileAnchor(file)
    anchor.add(NOTES[0])
    anchor.add(NOTES[1])
    first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + second[:kept])
    assert anchor.notes() == NOTES[:1]
    anchor.add(NOTES[1])
    anchor.add(NOTES[2])
    assert anchor.notes() == NOTES


def test_a_whole_last_line_without_its_end_counts(file: Path) -> None:
    anchor = FileAnchor(file)
    anchor.add(NOTES[0])
    anchor.add(NOTES[1])
    file.write_bytes(file.read_bytes().removesuffix(b"\n"))
    assert anchor.notes() == NOTES[:2]
    anchor.add(NOTES[2])
    assert anchor.notes() == NOTES


@pytest.mark.parametrize("broken", [b"x", b"{}", b"[]", b"", b'{"note": 1}', b'{"note": "x"', b"\xff"])
@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_line_that_somebody_broke_is_said(file: Path, broken: bytes, line: int) -> None:
    anchor = FileAnchor(file)
    for note in NOTES:
        anchor.add(note)
    lines = file.read_bytes().splitlines()
    lines[line] = broken
    changed = b"".join(each + b"\n" for each in lines)
    file.write_bytes(changed)
    with pytest.raises(AnchorBrokenError, match=f"line {line + 1} of the anchor"):
        anchor.notes()
    assert file.read_bytes() == changed


def test_a_log_that_became_shorter_is_said(file: Path) -> None:
    anchor = FileAnchor(file)
    for note in NOTES:
        anchor.add(note)
    before = file.read_bytes()
    with pytest.raises(AnchorAheadError, match="entries are missing"):
        anchor.add(NOTES[0])
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(AnchorFailedError, match="plain"):
        FileAnchor(tmp_path / "plain" / "checkpoints.jsonl").add(NOTES[0])
    with pytest.raises(AnchorFailedError):
        FileAnchor(tmp_path).notes()


def test_notes_are_pushed_and_read_by_everybody(remote: Path, tmp_path: Path) -> None:
    one, other = at(remote, tmp_path / "one"), at(remote, tmp_path / "other")
    assert one.notes() == ()
    one.add(NOTES[0])
    one.add(NOTES[0])
    assert other.notes() == NOTES[:1]
    other.add(NOTES[1])
    one.add(NOTES[2])
    assert one.notes() == other.notes() == at(remote, tmp_path / "new").notes() == NOTES
    assert git("-C", remote, "rev-list", "--count", BRANCH).strip() == "3"


def test_a_push_that_failed_is_made_up_for(remote: Path, tmp_path: Path) -> None:
    anchor = at(remote, tmp_path / "cache")
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    for _ in range(2):  # that it stands in the copy is not enough, however often
        with pytest.raises(AnchorFailedError):
            anchor.add(NOTES[0])
    hook.unlink()
    anchor.add(NOTES[0])
    assert at(remote, tmp_path / "new").notes() == NOTES[:1]
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(AnchorFailedError):
        anchor.add(NOTES[1])
    hook.unlink()
    anchor.add(NOTES[1])
    anchor.add(NOTES[2])
    assert at(remote, tmp_path / "newer").notes() == NOTES


def test_a_copy_that_was_half_made_is_mended(remote: Path, tmp_path: Path) -> None:
    """Not by going on in the repository around it."""
    git("init", "--quiet", tmp_path)
    (tmp_path / "cache" / ".git").mkdir(parents=True)
    at(remote, tmp_path / "cache").add(NOTES[0])
    assert at(remote, tmp_path / "new").notes() == NOTES[:1]
    assert git("-C", tmp_path, "for-each-ref").strip() == ""


def test_the_repository_of_a_hook_is_left_alone(remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git tells its hooks by variables which repository is meant; ours is another."""
    project = tmp_path / "project"
    git("init", "--quiet", project)
    monkeypatch.setenv("GIT_DIR", str(project / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(project))
    monkeypatch.setenv("GIT_INDEX_FILE", str(project / ".git" / "index"))
    at(remote, tmp_path / "cache").add(NOTES[0])
    assert not (project / ".git" / "index").exists()
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert git("-C", project, "for-each-ref").strip() == ""
    assert at(remote, tmp_path / "new").notes() == NOTES[:1]


def test_a_remote_cannot_make_us_write_elsewhere(remote: Path, tmp_path: Path) -> None:
    """A symbolic link in its tree is checked out as a plain file, and is then no checkpoint."""
    target = tmp_path / "target"
    target.write_text("")
    work = tmp_path / "work"
    git("init", "--quiet", work)
    (work / "checkpoints.jsonl").symlink_to(target)
    git("-C", work, "add", "checkpoints.jsonl")
    git("-C", work, "-c", "user.name=m", "-c", "user.email=m@example.org", "commit", "--quiet", "--message", "link")
    git("-C", work, "push", "--quiet", f"file://{remote}", f"HEAD:{BRANCH}")
    anchor = at(remote, tmp_path / "cache")
    anchor.add(NOTES[0])
    assert target.read_text() == ""
    assert anchor.notes() == NOTES[:1]


def test_a_remote_that_is_not_there_is_said(tmp_path: Path) -> None:
    need_tool("git")
    with pytest.raises(AnchorFailedError) as caught:
        at(tmp_path / "nowhere.git", tmp_path / "cache").add(NOTES[0])
    assert str(tmp_path / "nowhere.git") in caught.value.message


def test_a_password_in_an_address_is_never_shown(tmp_path: Path) -> None:
    need_tool("git")
    anchor = open_anchor("git+https://anna:geheim@localhost:1/audit.git", tmp_path / "cache", os.environ)
    with pytest.raises(AnchorFailedError) as caught:
        anchor.notes()
    shown = f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    assert "localhost:1/audit.git" in shown
    assert "geheim" not in shown
    with pytest.raises(AnchorInvalidError) as invalid:
        open_anchor("git+http://anna:geheim@localhost:1/audit.git", tmp_path / "cache", os.environ)
    assert "geheim" not in str(invalid.value)


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% /tmp/x",
        "ext::sh",
        "--upload-pack=touch",
        "-oProxyCommand=touch",
        "/srv/audit.git",
        "audit.git",
        "git@example.org:audit.git",
        "http://example.org/audit.git",
        "git://example.org/audit.git",
        "fd::17",
        "file://a b",
        "file://a\nssh://b",
        "https://",
        "",
    ],
)
def test_addresses_that_run_programs_or_are_none_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(AnchorInvalidError):
        open_anchor(f"git+{address}", tmp_path / "cache", os.environ)
    assert not (tmp_path / "cache").exists()


def test_no_program_of_the_user_is_run(remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks and settings that the user has for all repositories do not count here."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "commit-msg", "pre-push", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        (hooks / name).chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\nhooksPath = {hooks}\n[commit]\ngpgsign = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    at(remote, tmp_path / "cache").add(NOTES[0])
    assert not (tmp_path / "ran").exists()
    assert os.environ["GIT_CONFIG_GLOBAL"] == str(config)
