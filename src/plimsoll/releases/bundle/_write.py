"""Writing the file of a release."""

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from ._errors import BundleUnusableError, MemberTooLargeError
from ._format import END, MEMBERS_MAX, header, is_known, padding, size_limit


def write_bundle(path: Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Write members, given in ascending order of their names, and return the size of the file in bytes.

    One member is in memory at a time. The file appears under its name when it is whole and on the disk; a crash leaves
    at most a `.partial` file beside it. Raises UnavailableError when it cannot be written, MemberTooLargeError, and
    ValueError for names that `read_bundle` would refuse.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    try:
        # It holds names and reasons, so other users of the machine cannot read it until its owner lets them.
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            _write(file, files)
            size = file.tell()
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise BundleUnusableError(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    return size


def _write(file: BinaryIO, files: Iterable[tuple[str, bytes]]) -> None:
    before = ""
    for count, (name, data) in enumerate(files, start=1):
        if len(data) > size_limit(name):
            raise MemberTooLargeError(name, len(data), size_limit(name))
        if not is_known(name) or name <= before or count > MEMBERS_MAX:
            msg = f"{name} ({len(data)} bytes, member {count}) cannot stand after {before or 'nothing'}"
            raise ValueError(msg)
        file.write(header(name, len(data)))
        file.write(data)
        file.write(b"\0" * padding(len(data)))
        before = name
    file.write(END)


def _flush_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
