"""One tar file of regular members, and a list of their digests as its last one.

Nothing is ever unpacked onto a disk by its name: members are read one by one, and only those whose names are known.
"""

import hashlib
import io
import os
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from msgspec import DecodeError, convert, json

from plimsoll.kernel.digest import Digest, Json, canonical_json, digest_bytes

from ._errors import BackupDamagedError, FileThereError
from ._types import Row

MANIFEST = "manifest.json"
_PIECE = 1 << 20
_MOST_JSON = 64 << 20
_MEMBER = re.compile(
    r"[a-z_]+\.json|(records|traces|usage|keys)/[a-z_]+\.jsonl|blobs/[0-9a-f]{64}|secrets/[a-z0-9._-]{1,64}"
)


class ArchiveWriter:
    """Writes members, and gives the file its name when all of them are on the disk; for its owner alone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._part = file.with_name(f".{file.name}.{os.getpid()}.part")
        if file.exists():
            raise FileThereError(file)
        how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        self._stream = os.fdopen(os.open(self._part, how, 0o600), "wb")
        self._tar = tarfile.open(fileobj=self._stream, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed in __exit__
        self._members: dict[str, str] = {}
        self.digest: Digest = ""
        """Of the list of members; known at the end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._stream.close()
            with suppress(FileNotFoundError):
                self._part.unlink()

    def add(self, name: str, data: bytes) -> None:
        """One member."""
        self._add(name, io.BytesIO(data), len(data), hashlib.sha256(data).hexdigest())

    def add_rows(self, name: str, rows: Iterable[Row]) -> int:
        """One member with a line of JSON for each row; says how many those were."""
        count, sha256 = 0, hashlib.sha256()
        with tempfile.TemporaryFile(dir=self._file.parent) as spool:
            for line in _lines(rows):
                count += 1
                sha256.update(line)
                spool.write(line)
            size = spool.tell()
            spool.seek(0)
            self._add(name, spool, size, sha256.hexdigest())
        return count

    def _add(self, name: str, data: IO[bytes], size: int, sha256: str) -> None:
        self._members[name] = sha256
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o644
        self._tar.addfile(member, data)

    def _finish(self) -> None:
        manifest = canonical_json({"members": dict(sorted(self._members.items()))})
        self.digest = digest_bytes(manifest)
        self.add(MANIFEST, manifest)
        self._tar.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        try:
            # A link and no rename, so that a file that appeared meanwhile is not overwritten.
            os.link(self._part, self._file)
        except FileExistsError:
            raise FileThereError(self._file) from None


class ArchiveReader:
    """The members of a file whose digests are those of its list; any other file is refused when it is opened."""

    def __init__(self, file: Path, tar: tarfile.TarFile) -> None:
        self.file = file
        self._tar = tar
        self._places = dict(self._list())
        members = self.read_json(MANIFEST).get("members")
        try:
            self._members = convert(members, dict[str, str])
        except DecodeError:
            raise self._damaged(f"its {MANIFEST} lists no members") from None
        self._check()

    @property
    def names(self) -> tuple[str, ...]:
        """All members but the list, in the order of the file."""
        return tuple(name for name in self._places if name != MANIFEST)

    def sha256(self, name: str) -> str:
        """The digest of a member that is in the list."""
        return self._members[name]

    def read(self, name: str) -> bytes:
        """A member."""
        with self._open(name) as stream:
            return stream.read()

    def read_json(self, name: str) -> Mapping[str, Json]:
        """A member that is a small JSON object."""
        if name in self._places and self._places[name].size > _MOST_JSON:
            raise self._damaged(f"{name} is too large")
        return self._object(name, self.read(name))

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a member, one by one."""
        with self._open(name) as stream:
            for line in stream:
                yield self._object(name, line)

    def _object(self, name: str, data: bytes) -> Mapping[str, Json]:
        try:
            value: Json = json.decode(data)
        except (DecodeError, UnicodeDecodeError):
            value = None
        if not isinstance(value, dict):
            raise self._damaged(f"{name} holds something else than JSON objects")
        return value

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        stream = self._tar.extractfile(self._places[name]) if name in self._places else None
        if stream is None:
            raise self._damaged(f"{name} is missing")
        with stream:
            try:
                yield stream
            except (tarfile.TarError, EOFError, OSError) as error:
                raise self._damaged(f"{name} cannot be read ({error})") from error

    def _list(self) -> Iterator[tuple[str, tarfile.TarInfo]]:
        seen = set()
        for member in self._tar:
            name = ascii(member.name)
            if not member.isreg() or not _MEMBER.fullmatch(member.name):
                raise self._damaged(f"{name} does not belong into a backup")
            if member.name in seen:
                raise self._damaged(f"{name} comes twice")
            seen.add(member.name)
            yield member.name, member

    def _check(self) -> None:
        for name in sorted(self._members.keys() ^ {*self.names}):
            raise self._damaged(f"{name} is missing" if name in self._members else f"{name} is not in its list")
        for name in self.names:
            sha256 = hashlib.sha256()
            with self._open(name) as stream:
                while piece := stream.read(_PIECE):
                    sha256.update(piece)
            if sha256.hexdigest() != self._members[name]:
                raise self._damaged(f"{name} was changed")

    def _damaged(self, what: str) -> BackupDamagedError:
        return BackupDamagedError(self.file, what)


@contextmanager
def open_archive(file: Path) -> Iterator[ArchiveReader]:
    """Open a file that `ArchiveWriter` wrote. Raises BackupDamagedError, which names what differs."""
    try:
        with tarfile.open(file, "r:") as tar:
            yield ArchiveReader(file, tar)
    except (tarfile.TarError, EOFError) as error:
        raise BackupDamagedError(file, f"it is no whole tar file ({error})") from error


def rows_digest(rows: Iterable[Row]) -> str:
    """The SHA-256 that rows have as a member, in hexadecimal."""
    sha256 = hashlib.sha256()
    for line in _lines(rows):
        sha256.update(line)
    return sha256.hexdigest()


def _lines(rows: Iterable[Row]) -> Iterator[bytes]:
    for row in rows:
        yield json.encode(row, order="sorted") + b"\n"
