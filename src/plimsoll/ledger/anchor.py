"""Places outside the database where checkpoints are left, so that a tail cannot be cut off unseen.

A file is as safe as its folder; a Git remote is safe from whoever runs the database but not the remote.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from msgspec import DecodeError, json

from ._errors import AnchorAheadError, AnchorBrokenError, AnchorFailedError, AnchorInvalidError

__all__ = ["Anchor", "AnchorAheadError", "FileAnchor", "GitAnchor", "open_anchor"]

_GIT = "git+"
_GIT_ADDRESS = re.compile(r"(file|https|ssh)://[^\s]+")
_WITH_SECRET = re.compile(r"//[^/@\s]*@")
_QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "core.fsmonitor=false")
_OF_A_HOOK = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"}
_BRANCH = "refs/heads/plimsoll-checkpoints"
_TIMEOUT_S = 60
_FILE = "checkpoints.jsonl"
_LONGEST_LINE = 1 << 20
_MOST_DIGITS = 19


class Anchor(Protocol):
    """Where checkpoints are left."""

    def add(self, note: str) -> None:
        """Leave a checkpoint; one that is the last already changes nothing.

        Raises AnchorFailedError, and AnchorAheadError when the last one there is of a longer log: then somebody put an
        older state of the log back.
        """

    def notes(self) -> tuple[str, ...]:
        """Every checkpoint that was left, oldest first. Raises AnchorFailedError and AnchorBrokenError."""


def open_anchor(text: str, cache: Path, environ: Mapping[str, str]) -> Anchor:
    """The anchor that a setting names: the path of a file, or `git+` and the address of a repository.

    `cache` is a folder for the copy of that repository, `environ` what git is started with. Raises AnchorInvalidError.
    """
    if not text.startswith(_GIT):
        return FileAnchor(Path(text))
    address = text.removeprefix(_GIT)
    if not _GIT_ADDRESS.fullmatch(address):
        raise AnchorInvalidError(_WITH_SECRET.sub("//", text))
    return GitAnchor(address, cache, environ)


class FileAnchor:
    """Checkpoints as lines of JSON at the end of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, note: str) -> None:
        """See `Anchor.add`."""
        last = _last(self._path)
        if last == note:
            return
        _refuse_shorter(str(self._path), last, note)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _append(self._path, note)
        except OSError as error:
            raise AnchorFailedError(str(self._path), error.strerror or str(error)) from error

    def notes(self) -> tuple[str, ...]:
        """See `Anchor.notes`."""
        return _read(self._path)


class GitAnchor:
    """Checkpoints as lines of a file in a Git repository that somebody else keeps; each one is pushed."""

    def __init__(self, address: str, cache: Path, environ: Mapping[str, str]) -> None:
        self._address = address
        self._cache = cache.absolute()
        self._environ = {name: value for name, value in environ.items() if name not in _OF_A_HOOK}

    def add(self, note: str) -> None:
        """See `Anchor.add`."""
        pushed = self._fetch()
        last = _read(self._cache / _FILE)[-1:]
        if pushed and last == (note,):
            return
        _refuse_shorter(self._shown, last[0] if last else None, note)
        # A push that failed left the note here, and not there.
        if last != (note,):
            try:
                _append(self._cache / _FILE, note)
            except OSError as error:
                raise AnchorFailedError(self._shown, error.strerror or str(error)) from error
        self._git("add", _FILE)
        identity = ["-c", "user.name=plimsoll", "-c", "user.email=plimsoll@localhost", "-c", "commit.gpgsign=false"]
        message = f"checkpoint of {note.partition(chr(10))[0]}"
        self._git(*identity, "commit", "--quiet", "--allow-empty", "--message", message)
        self._git("push", "--quiet", "--", self._address, f"HEAD:{_BRANCH}")

    def notes(self) -> tuple[str, ...]:
        """See `Anchor.notes`."""
        self._fetch()
        return _read(self._cache / _FILE)

    def _fetch(self) -> bool:
        """Make the copy what the remote has; the remote is what counts. False where it has nothing yet."""
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AnchorFailedError(self._shown, error.strerror or str(error)) from error
        self._git("init", "--quiet")
        if not self._git("ls-remote", "--", self._address, _BRANCH).strip():
            return False
        self._git("fetch", "--quiet", "--", self._address, _BRANCH)
        self._git("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD")
        return True

    @property
    def _shown(self) -> str:
        """The address for a person, without the password that may stand in it."""
        return _WITH_SECRET.sub("//", self._address)

    def _git(self, *arguments: str) -> str:
        program = shutil.which("git")
        if program is None:
            raise AnchorFailedError(self._shown, "git is not installed")
        # No transport that runs a program, no program of the user's own, and nothing that the remote could plant.
        rules: Sequence[str] = ("-c", "protocol.allow=never", *_allowed("file", "https", "ssh"), *_QUIET)
        # Named outright, so that git never takes a repository around this one for ours, nor that of a hook in which
        # we may have been started.
        place = [f"--git-dir={self._cache / '.git'}", f"--work-tree={self._cache}"]
        command = [program, "-C", str(self._cache), *place, *rules, *arguments]
        try:
            # In a session of its own there is no terminal on which it could ask for a password.
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=True,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=self._environ,
            )
        except subprocess.CalledProcessError as error:
            reason = _WITH_SECRET.sub("//", error.stderr or "").strip().splitlines()
            # Not `from error`: its command line shows the address with its password.
            raise AnchorFailedError(
                self._shown, reason[-1] if reason else f"git ended with {error.returncode}"
            ) from None
        except subprocess.TimeoutExpired:
            raise AnchorFailedError(self._shown, f"git did not end within {_TIMEOUT_S} s") from None
        except OSError as error:
            raise AnchorFailedError(self._shown, error.strerror or str(error)) from error
        return done.stdout


def _allowed(*transports: str) -> list[str]:
    return [part for name in transports for part in ("-c", f"protocol.{name}.allow=always")]


def _line(note: str) -> bytes:
    return json.encode({"note": note}) + b"\n"


def _append(path: Path, note: str) -> None:
    """Add a line, and wait until it is on the disk; half of a line that a crash left is taken away before."""
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        torn = _tail(file).rpartition(b"\n")[2]
        if torn and _note(torn) is not None:
            file.write(b"\n")
        elif torn:
            file.truncate(file.seek(0, os.SEEK_END) - len(torn))
        file.write(_line(note))
        file.flush()
        os.fsync(file.fileno())


def _tail(file: BinaryIO) -> bytes:
    """The end of a file, in which its last line surely is."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINE))
    return file.read()


def _last(path: Path) -> str | None:
    """The last checkpoint, without reading all that came before it."""
    try:
        with path.open("rb") as file:
            *lines, torn = _tail(file).split(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AnchorFailedError(str(path), error.strerror or str(error)) from error
    found = _note(torn)
    return found if found is not None or not lines else _note(lines[-1])


def _refuse_shorter(place: str, last: str | None, note: str) -> None:
    """Two heads of one log, of which the later one is the shorter: then one of them is not of this log any more."""
    if last is None:
        return
    (origin, size), (own, own_size) = _head(last), _head(note)
    if origin == own and size > own_size:
        raise AnchorAheadError(place, size, own_size)


def _head(note: str) -> tuple[str, int]:
    """Origin and size, as a note says them; whether that is signed is for a verification to find out."""
    origin, _, rest = note.partition("\n")
    size = rest.partition("\n")[0]
    return origin, int(size) if size.isdecimal() and len(size) < _MOST_DIGITS else 0


def _read(path: Path) -> tuple[str, ...]:
    try:
        *lines, torn = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise AnchorFailedError(str(path), error.strerror or str(error)) from error
    notes = []
    for number, line in enumerate(lines, start=1):
        note = _note(line)
        if note is None:
            raise AnchorBrokenError(str(path), number)
        notes.append(note)
    # A crash may have left half of the last line; what is broken elsewhere was broken by somebody.
    last = _note(torn)
    return tuple(notes) if last is None else (*notes, last)


def _note(line: bytes) -> str | None:
    try:
        return json.decode(line, type=dict[str, str])["note"]
    except (DecodeError, KeyError):
        return None
