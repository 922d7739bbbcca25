"""Reading the file of a release, which may come from anybody."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from msgspec import DecodeError, json

from plimsoll.kernel.digest import Digest

from ._errors import BundleInvalidError, BundleNewerError, BundleTamperedError, BundleUnusableError
from ._format import (
    BLOCK,
    BUNDLE_FORMAT,
    BUNDLE_KIND,
    END,
    HEAD_NAME,
    MEMBERS_MAX,
    blob_name,
    header,
    is_blob,
    is_known,
    padding,
    size_limit,
)

_AT_ONCE = 1024 * 1024


class _Member(NamedTuple):
    start: int
    size: int


class BundleReader:
    """The members of an opened file. Nothing is unpacked, and no name in the file ever becomes a path.

    All reading goes through the file that was opened, so what was checked and what is used are the same.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        self._members = _index(path, file)
        self.head = self._read_head()
        unknown = [name for name in self._members if not is_known(name)]
        if unknown:
            raise BundleInvalidError(path, f"{unknown[0]!r} has no place in it")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all members, ascending."""
        return tuple(self._members)

    @property
    def blobs(self) -> tuple[Digest, ...]:
        """The addresses of the blobs, ascending."""
        return tuple("sha256:" + name.removeprefix("blobs/") for name in self._members if is_blob(name))

    def has_blob(self, digest: Digest) -> bool:
        """Whether a blob is in the file."""
        return blob_name(digest) in self._members

    def read(self, name: str) -> bytes:
        """A whole member. Raises BundleTamperedError when it is not in the file."""
        return b"".join(self._chunks(name))

    def digest(self, name: str) -> Digest:
        """The content address of what really stands in a member, read piece by piece."""
        state = hashlib.sha256()
        for chunk in self._chunks(name):
            state.update(chunk)
        return "sha256:" + state.hexdigest()

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _chunks(self, name: str) -> Iterator[bytes]:
        member = self._members.get(name)
        if member is None:
            raise BundleTamperedError(self.path, [f"{name} is missing"])
        done = 0
        while done < member.size:
            chunk = _read_at(self.path, self._file, member.start + done, min(_AT_ONCE, member.size - done))
            done += len(chunk)
            yield chunk

    def _read_head(self) -> dict[str, object]:
        if HEAD_NAME not in self._members:
            raise BundleInvalidError(self.path, f"{HEAD_NAME} is missing")
        try:
            head = json.decode(self.read(HEAD_NAME), type=dict[str, object])
        except (DecodeError, RecursionError) as error:
            raise BundleInvalidError(self.path, f"{HEAD_NAME} cannot be read: {error}") from error
        kind, form = head.get("kind"), head.get("format")
        if kind != BUNDLE_KIND:
            raise BundleInvalidError(self.path, f"{HEAD_NAME} says that it is of kind {kind!r}")
        if not isinstance(form, int) or isinstance(form, bool) or form < 1:
            raise BundleInvalidError(self.path, f"{HEAD_NAME} says that it has format {form!r}")
        if form > BUNDLE_FORMAT:
            raise BundleNewerError(self.path, f"its format is {form}, and this version reads {BUNDLE_FORMAT}")
        return head


def read_bundle(path: Path) -> BundleReader:
    """Open the file of a release; it is closed by `with` or `close`.

    Raises BundleInvalidError for anything but an archive that `write_bundle` could have written: links, devices,
    absolute or unknown names, a name twice, members that are too large or too many, a changed header, a file that is
    cut off or goes on after its end. Raises BundleNewerError for a newer format and UnavailableError when the file
    cannot be read.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BundleUnusableError(path, error) from error
    try:
        return BundleReader(path, file)
    except BaseException:
        file.close()
        raise


def _index(path: Path, file: BinaryIO) -> dict[str, _Member]:
    """Where each member stands."""
    total = os.fstat(file.fileno()).st_size
    members: dict[str, _Member] = {}
    place, before = 0, ""
    while True:
        block = _read_at(path, file, place, BLOCK)
        if not any(block):
            break
        name, size = _member(path, block, place)
        _check_member(path, name, size, before)
        end = place + BLOCK + size + padding(size)
        if end + len(END) > total:
            raise BundleInvalidError(path, f"it is cut off inside {name}, after {total} bytes")
        if any(_read_at(path, file, end - padding(size), padding(size))):
            raise BundleInvalidError(path, f"there are bytes between {name} and what follows it")
        members[name] = _Member(place + BLOCK, size)
        if len(members) > MEMBERS_MAX:
            raise BundleInvalidError(path, f"it has more than {MEMBERS_MAX} members")
        place, before = end, name
    if total != place + len(END) or _read_at(path, file, place, len(END)) != END:
        raise BundleInvalidError(path, f"it does not end where its last member `{before}` ends")
    return members


def _member(path: Path, block: bytes, place: int) -> tuple[str, int]:
    """Name and size in a header; it must be byte for byte the header that such a member has."""
    name, size, expected = "", 0, b""
    with contextlib.suppress(ValueError):
        name = block[:100].rstrip(b"\0").decode("ascii")
        size = int(block[124:136].rstrip(b"\0 "), 8)
        expected = header(name, size)
    if block != expected:
        shown = f" of {name!r}" if is_known(name) else ""
        raise BundleInvalidError(path, f"there is no header{shown} of a plain file at byte {place}")
    return name, size


def _check_member(path: Path, name: str, size: int, before: str) -> None:
    if name <= before:
        raise BundleInvalidError(path, f"{name!r} stands twice or out of order")
    if size > size_limit(name):
        raise BundleInvalidError(path, f"{name!r} has {size} bytes, more than the {size_limit(name)} that are read")


def _read_at(path: Path, file: BinaryIO, place: int, size: int) -> bytes:
    try:
        file.seek(place)
        data = file.read(size)
    except OSError as error:
        raise BundleUnusableError(path, error) from error
    if len(data) != size:
        raise BundleInvalidError(path, f"it is cut off after {place + len(data)} bytes")
    return data
