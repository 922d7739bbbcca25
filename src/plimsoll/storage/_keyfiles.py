"""Secrets in files that only their owner can read: made once, whichever of several processes comes first."""

import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from plimsoll.kernel.errors import PlimsollError

from ._errors import KeyFileExposedError, KeyFileThereError, storage_failure

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFolder:
    """A folder of secrets, closed to everybody else."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get_or_make(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of a name; `make` gives it when there is none yet.

        Raises KeyFileExposedError when others could read or replace it, and UnavailableError when it cannot be read or
        written.
        """
        path = self._root / name
        with _translated(path):
            if not path.exists():
                self._make(path, make())
            if self._root.stat().st_mode & (stat.S_IWOTH | stat.S_ISVTX) == stat.S_IWOTH:
                raise KeyFileExposedError(self._root)
            if path.stat().st_mode & _OTHERS:
                raise KeyFileExposedError(path)
            return path.read_bytes()

    def has(self, name: str) -> bool:
        """Whether there is a secret of that name."""
        return (self._root / name).exists()

    def read_all(self) -> dict[str, bytes]:
        """Every secret by its name. Raises UnavailableError."""
        with _translated(self._root):
            paths = sorted(self._root.iterdir()) if self._root.is_dir() else []
            return {path.name: path.read_bytes() for path in paths if not path.name.startswith(".")}

    def put_all(self, secrets_by_name: Mapping[str, bytes]) -> Callable[[], None]:
        """Keep secrets that come from elsewhere, all of them or none; gives what takes them away again.

        Raises KeyFileThereError when there is one of these names already.
        """
        made: list[Path] = []

        def take_away() -> None:
            for path in made:
                path.unlink(missing_ok=True)

        try:
            for name, secret in secrets_by_name.items():
                path = self._root / name
                if path.exists():
                    raise KeyFileThereError(path)
                with _translated(path):
                    self._make(path, secret)
                made.append(path)
        except PlimsollError:
            take_away()
            raise
        return take_away

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
