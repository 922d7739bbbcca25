"""Secrets in files that only their owner can read: made once, whichever of several processes comes first."""

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ._errors import KeyFileExposedError, storage_failure

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFolder:
    """A folder of secrets, closed to everybody else."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get_or_make(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of a name; `make` gives it when there is none yet.

        Raises KeyFileExposedError when others could read it, and UnavailableError when it cannot be read or written.
        """
        path = self._root / name
        with _translated(path):
            if not path.exists():
                self._make(path, make())
            if path.stat().st_mode & _OTHERS:
                raise KeyFileExposedError(path)
            return path.read_bytes()

    def has(self, name: str) -> bool:
        """Whether there is a secret of that name."""
        return (self._root / name).exists()

    def put(self, name: str, secret: bytes) -> None:
        """Keep a secret that comes from elsewhere; one that is there already stays as it is."""
        with _translated(self._root / name):
            self._make(self._root / name, secret)

    def _make(self, path: Path, secret: bytes) -> None:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._root / f".{os.getpid()}.{secrets.token_hex(8)}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(secret)
                file.flush()
                os.fsync(file.fileno())
            try:
                # A link fails where the name is taken, so that of several processes one alone decides.
                os.link(temporary, path)
            except FileExistsError:
                return
        finally:
            temporary.unlink()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_failure(path, error) from error
