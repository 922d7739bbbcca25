"""What can go wrong with the place where things are kept."""

import errno
from pathlib import Path

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import IntegrityError, UnavailableError


class BlobMissingError(IntegrityError):
    """Nothing is kept at an address that a record names."""

    code = "blob_missing"

    def __init__(self, digest: Digest) -> None:
        super().__init__(
            f"the content of {digest} is missing from the folder of blobs", hint="restore that folder from a backup"
        )


class BlobDamagedError(IntegrityError):
    """Stored bytes do not match their address."""

    code = "blob_damaged"

    def __init__(self, digest: Digest, path: Path) -> None:
        super().__init__(
            f"the stored content of {digest} was changed on disk ({path})",
            hint="restore that file from a backup, or delete it and run `plimsoll build`",
        )


class StorageFullError(UnavailableError):
    """The disk (or its quota) is full."""

    code = "storage_full"

    def __init__(self, place: Path) -> None:
        super().__init__(
            f"the disk is full: {place} could not be written",
            hint="free some space and run the same command again; nothing that was finished is lost",
        )


class StorageFailedError(UnavailableError):
    """The place cannot be read or written for another reason."""

    code = "storage_failed"

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(f"{place} could not be used: {reason}", hint="check the folder's owner and rights")


def storage_failure(place: Path, error: OSError) -> UnavailableError:
    """The error that tells a person what an OSError on `place` means for them."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(place)
    return StorageFailedError(place, error.strerror or str(error))


class DatabaseBusyError(UnavailableError):
    """Another process held the write lock for too long."""

    code = "database_busy"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} is being written by another process",
            hint="wait until the other command has ended and run this one again",
            retry_after_s=5,
        )


class DatabaseDamagedError(IntegrityError):
    """The file is not a database any more."""

    code = "database_damaged"

    def __init__(self, path: Path, reason: str, hint: str) -> None:
        super().__init__(f"{path} is damaged: {reason}", hint=hint)


class DatabaseNewerError(UnavailableError):
    """The database was written by a newer version of Plimsoll."""

    code = "database_newer"

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the database has schema {found}, and this version of Plimsoll knows schemas up to {known}",
            hint="use the newer version of Plimsoll that wrote it",
        )
