"""Blobs: bytes under the name of their own digest, in a folder, written so that a crash never leaves half of one."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Protocol

from plimsoll.kernel.digest import Digest, digest_bytes, hex_part

from ._errors import BlobDamagedError, BlobMissingError, storage_failure


class Blobs(Protocol):
    """Content-addressed bytes. What is put is never changed."""

    def put(self, data: bytes) -> Digest:
        """Keep `data` and return its address; putting the same bytes again changes nothing.

        Raises UnavailableError when the place is full or cannot be written.
        """

    def get(self, digest: Digest) -> bytes:
        """The bytes at an address. Raises IntegrityError when they are missing or no longer match it."""

    def has(self, digest: Digest) -> bool:
        """Whether something is kept at an address."""


class BlobFolder:
    """Blobs in a local folder, `ab/cdef…` under `root`.

    A blob is written to a temporary name, flushed to the disk, and renamed: after `kill -9` or a power cut it is
    there whole or not at all.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._partial = root / "partial"

    def put(self, data: bytes) -> Digest:
        """See `Blobs.put`."""
        digest = digest_bytes(data)
        path = self._path(digest)
        if not path.exists():
            try:
                if not path.parent.is_dir():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _flush_folder(self._root)
                self._partial.mkdir(exist_ok=True)
                write_whole(path, data, self._partial)
            except OSError as error:
                raise storage_failure(path, error) from error
        return digest

    def get(self, digest: Digest) -> bytes:
        """See `Blobs.get`."""
        path = self._path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise BlobMissingError(digest) from None
        except OSError as error:
            raise storage_failure(path, error) from error
        if digest_bytes(data) != digest:
            raise BlobDamagedError(digest, path)
        return data

    def has(self, digest: Digest) -> bool:
        """See `Blobs.has`."""
        return self._path(digest).exists()

    def remove_partial(self) -> None:
        """Remove what processes that were killed had begun to write."""
        for path in self._partial.glob("*") if self._partial.is_dir() else ():
            owner = path.name.partition(".")[0]
            if owner.isdecimal() and not _is_running(int(owner)):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _path(self, digest: Digest) -> Path:
        name = hex_part(digest)
        return self._root / name[:2] / name[2:]


def write_whole(path: Path, data: bytes, partial: Path) -> None:
    """Write a file so that at every moment it is there whole or not at all.

    It is written in the folder `partial`, which must be on the same disk, and renamed. Raises OSError.
    """
    temporary = partial / f"{os.getpid()}.{secrets.token_hex(8)}"
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _flush_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _flush_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
