"""Places outside the database where checkpoints are left, so that a tail cannot be cut off unseen.

A file is as safe as its folder; a Git remote is safe from whoever runs the database but not the remote.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from msgspec import DecodeError, ValidationError, json

from ._errors import AnchorFailedError, AnchorInvalidError

_GIT = "git+"
_GIT_ADDRESS = re.compile(r"(file|https|ssh)://[^\s]+")
_TIMEOUT_S = 60
_FILE = "checkpoints.jsonl"


class Anchor(Protocol):
    """Where checkpoints are left."""

    def add(self, note: str) -> None:
        """Leave a checkpoint; one that is the last already changes nothing. Raises AnchorFailedError."""

    def notes(self) -> tuple[str, ...]:
        """Every checkpoint that was left, oldest first. Raises AnchorFailedError."""


def open_anchor(text: str, cache: Path) -> Anchor:
    """The anchor that a setting names: the path of a file, or `git+` and the address of a repository.

    `cache` is a folder for the copy of that repository. Raises AnchorInvalidError.
    """
    if not text.startswith(_GIT):
        return FileAnchor(Path(text))
    address = text.removeprefix(_GIT)
    if not _GIT_ADDRESS.fullmatch(address):
        raise AnchorInvalidError(text)
    return GitAnchor(address, cache)


class FileAnchor:
    """Checkpoints as lines of JSON at the end of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, note: str) -> None:
        """See `Anchor.add`."""
        if self.notes()[-1:] == (note,):
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(_line(note))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AnchorFailedError(str(self._path), error.strerror or str(error)) from error

    def notes(self) -> tuple[str, ...]:
        """See `Anchor.notes`."""
        return _read(self._path)


class GitAnchor:
    """Checkpoints as lines of a file in a Git repository that somebody else keeps; each one is pushed."""

    def __init__(self, address: str, cache: Path) -> None:
        self._address = address
        self._cache = cache

    def add(self, note: str) -> None:
        """See `Anchor.add`."""
        if self.notes()[-1:] == (note,):
            return
        path = self._cache / _FILE
        try:
            with path.open("ab") as file:
                file.write(_line(note))
        except OSError as error:
            raise AnchorFailedError(self._address, error.strerror or str(error)) from error
        self._git("add", _FILE)
        identity = ["-c", "user.name=plimsoll", "-c", "user.email=plimsoll@localhost", "-c", "commit.gpgsign=false"]
        self._git(*identity, "commit", "--quiet", "--message", f"checkpoint of {note.partition(chr(10))[0]}")
        self._git("push", "--quiet", "origin", "HEAD:refs/heads/plimsoll-checkpoints")

    def notes(self) -> tuple[str, ...]:
        """See `Anchor.notes`."""
        self._fetch()
        return _read(self._cache / _FILE)

    def _fetch(self) -> None:
        """Make the copy what the remote has; the remote is what counts."""
        if not (self._cache / ".git").is_dir():
            self._cache.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet")
            self._git("remote", "add", "origin", self._address)
        self._git("remote", "set-url", "origin", self._address)
        if self._git("ls-remote", "--heads", "origin", "plimsoll-checkpoints").strip():
            self._git("fetch", "--quiet", "origin", "plimsoll-checkpoints")
            self._git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")

    def _git(self, *arguments: str) -> str:
        program = shutil.which("git")
        if program is None:
            raise AnchorFailedError(self._address, "git is not installed")
        # Nothing may ask a question, and no transport that runs a program.
        rules: Sequence[str] = ("-c", "protocol.allow=never", *_allowed("file", "https", "ssh"))
        command = [program, "-C", str(self._cache), *rules, *arguments]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True, stdin=subprocess.DEVNULL
            )
        except subprocess.CalledProcessError as error:
            reason = (error.stderr or "").strip().splitlines()
            raise AnchorFailedError(
                self._address, reason[-1] if reason else f"git ended with {error.returncode}"
            ) from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AnchorFailedError(self._address, str(error)) from error
        return done.stdout


def _allowed(*transports: str) -> list[str]:
    return [part for name in transports for part in ("-c", f"protocol.{name}.allow=always")]


def _line(note: str) -> bytes:
    return json.encode({"note": note}) + b"\n"


def _read(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise AnchorFailedError(str(path), error.strerror or str(error)) from error
    notes = []
    for number, line in enumerate(lines, start=1):
        try:
            notes.append(json.decode(line, type=dict[str, str])["note"])
        except (DecodeError, ValidationError, KeyError):
            # A crash may have left half of the last line; what is broken elsewhere was broken by somebody.
            if number < len(lines):
                raise AnchorFailedError(str(path), f"line {number} is not a checkpoint") from None
    return tuple(notes)
