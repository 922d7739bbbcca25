"""Secrets in files: made once, closed to others, and never replaced by a restore."""

import secrets
import threading
from pathlib import Path

import pytest

from plimsoll.kernel.errors import ConflictError, IntegrityError, UnavailableError
from plimsoll.storage import KeyFolder


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


def test_a_secret_is_made_once(folder: KeyFolder, tmp_path: Path) -> None:
    made = folder.get_or_make("a.key", lambda: b"first")
    assert (made, folder.get_or_make("a.key", lambda: b"second")) == (b"first", b"first")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "a.key").stat().st_mode & 0o777 == 0o600


def test_of_many_that_start_together_one_makes_it(folder: KeyFolder) -> None:
    found: list[bytes] = []
    start = threading.Barrier(8)

    def open_it() -> None:
        start.wait()
        found.append(folder.get_or_make("a.key", lambda: secrets.token_bytes(32)))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o606])
def test_a_secret_that_others_can_read_is_refused(folder: KeyFolder, tmp_path: Path, mode: int) -> None:
    folder.get_or_make("a.key", lambda: b"secret")
    (tmp_path / "keys" / "a.key").chmod(mode)
    with pytest.raises(IntegrityError, match="other users") as refused:
        folder.get_or_make("a.key", lambda: b"")
    assert "secret in" not in str(refused.value.hint)


def test_a_folder_in_which_others_can_replace_it_is_refused(folder: KeyFolder, tmp_path: Path) -> None:
    folder.get_or_make("a.key", lambda: b"secret")
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(IntegrityError, match="replace"):
        folder.get_or_make("a.key", lambda: b"")


def test_a_place_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("in the way")
    with pytest.raises(UnavailableError):
        KeyFolder(tmp_path / "keys").get_or_make("a.key", lambda: b"secret")


def test_secrets_from_elsewhere_are_kept_all_or_none(folder: KeyFolder, tmp_path: Path) -> None:
    folder.get_or_make("b.key", lambda: b"own")
    with pytest.raises(ConflictError):
        folder.put_all({"a.key": b"foreign", "b.key": b"foreign"})
    assert folder.read_all() == {"b.key": b"own"}
    take_away = folder.put_all({"a.key": b"foreign"})
    assert folder.read_all() == {"a.key": b"foreign", "b.key": b"own"}
    take_away()
    assert folder.read_all() == {"b.key": b"own"}
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["b.key"]
