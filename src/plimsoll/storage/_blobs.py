"""Blobs: bytes under the name of their own digest, in a folder, written so that a crash never leaves half of one."""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from plimsoll.kernel.digest import Digest, digest_bytes, hex_part

from ._errors import BlobDamagedError, BlobMissingError, storage_failure

_TWO_DIGITS = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{62}")


class Blobs(Protocol):
    """Content-addressed bytes. What is put is never changed.

    A blob is put before the record that names it is written. So whoever collects what no record names must leave the
    blobs that were put a short while ago: it looks for them before it reads the records, and then removes each with
    `unless_put_since` set to a grace period before it began. Putting a blob again makes it young again.
    """

    def put(self, data: bytes) -> Digest:
        """Keep `data` and return its address; putting the same bytes again changes its age alone.

        Raises UnavailableError when the place is full or cannot be written.
        """

    def get(self, digest: Digest) -> bytes:
        """The bytes at an address. Raises IntegrityError when they are missing or no longer match it."""

    def has(self, digest: Digest) -> bool:
        """Whether something is kept at an address."""

    def renew(self, digest: Digest) -> bool:
        """Make what is kept at an address young again, before a record names it; False when nothing is there."""

    def addresses(self) -> Iterator[Digest]:
        """Every address at which something is kept, in order."""

    def size(self, digest: Digest) -> int:
        """How many bytes are kept at an address. Raises IntegrityError when nothing is."""

    def age_s(self, digest: Digest, now: datetime) -> float:
        """How long ago the content was put for the last time. Raises IntegrityError when nothing is kept there."""

    def check(self, digest: Digest) -> None:
        """Read the content and hold it against its address. Raises IntegrityError when it is missing or differs."""

    def remove(self, digest: Digest, *, unless_put_since: datetime | None = None) -> bool:
        """Remove what is kept at an address, unless it was put (again) at or after a moment; says whether it did.

        Nothing is there afterwards, or before: both are well. Raises UnavailableError when it cannot be removed.
        """

    def put_times(self) -> Iterator[tuple[Digest, datetime]]:
        """Every address in order, and when its content was put for the last time, without a question for each."""

    def remove_partial(self) -> None:
        """Remove what processes that were killed had begun."""


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
        try:
            if not self._renew(path, len(data)):
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
        with _reading(digest, path):
            data = path.read_bytes()
        if digest_bytes(data) != digest:
            raise BlobDamagedError(digest, f"on disk ({path})")
        return data

    def has(self, digest: Digest) -> bool:
        """See `Blobs.has`."""
        return self._path(digest).exists()

    def renew(self, digest: Digest) -> bool:
        """See `Blobs.renew`."""
        path = self._path(digest)
        try:
            return path.exists() and self._renew(path, path.stat().st_size)
        except OSError as error:
            raise storage_failure(path, error) from error

    def addresses(self) -> Iterator[Digest]:
        """See `Blobs.addresses`."""
        for folder in sorted(_names(self._root, _TWO_DIGITS)):
            for rest in sorted(_names(self._root / folder, _REST)):
                yield f"sha256:{folder}{rest}"

    def size(self, digest: Digest) -> int:
        """See `Blobs.size`."""
        return self._status(digest).st_size

    def age_s(self, digest: Digest, now: datetime) -> float:
        """See `Blobs.age_s`."""
        return now.timestamp() - self._status(digest).st_mtime

    def check(self, digest: Digest) -> None:
        """See `Blobs.check`."""
        path = self._path(digest)
        with _reading(digest, path), path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != hex_part(digest):
            raise BlobDamagedError(digest, f"on disk ({path})")

    def remove(self, digest: Digest, *, unless_put_since: datetime | None = None) -> bool:
        """See `Blobs.remove`."""
        path = self._path(digest)
        try:
            with self._locked(fcntl.LOCK_EX):
                if unless_put_since and path.stat().st_mtime >= unless_put_since.timestamp():
                    return False
                path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise storage_failure(path, error) from error
        return True

    def put_times(self) -> Iterator[tuple[Digest, datetime]]:
        """See `Blobs.put_times`."""
        for digest in self.addresses():
            with contextlib.suppress(BlobMissingError):  # somebody removed it meanwhile
                yield digest, datetime.fromtimestamp(self._status(digest).st_mtime, UTC)

    def remove_partial(self) -> None:
        """See `Blobs.remove_partial`."""
        for path in self._partial.glob("*") if self._partial.is_dir() else ():
            owner = path.name.partition(".")[0]
            if owner.isdecimal() and not _is_running(int(owner)):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _renew(self, path: Path, size: int) -> bool:
        """Make a blob young again; says whether it is there in its full length."""
        try:
            with self._locked(fcntl.LOCK_SH):
                os.utime(path)
                return path.stat().st_size == size
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno == errno.EROFS:
                # Nobody removes anything from a read-only disk.
                return path.stat().st_size == size
            raise

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Keep a removal and a renewal apart; the lock ends with its process, however that ends."""
        handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)

    def _status(self, digest: Digest) -> os.stat_result:
        path = self._path(digest)
        with _reading(digest, path):
            return path.stat()

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


@contextlib.contextmanager
def _reading(digest: Digest, path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise BlobMissingError(digest, "the folder of blobs") from None
    except OSError as error:
        raise storage_failure(path, error) from error


def _names(folder: Path, form: re.Pattern[str]) -> list[str]:
    """The names in a folder that have a form; none where there is no folder."""
    try:
        return [path.name for path in folder.iterdir() if form.fullmatch(path.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise storage_failure(folder, error) from error


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
