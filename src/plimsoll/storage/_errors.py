"""What can go wrong with the place where things are kept."""

import errno
from pathlib import Path

from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import ConflictError, IntegrityError, InvalidError, UnavailableError


class BlobMissingError(IntegrityError):
    """Nothing is kept at an address that a record names."""

    code = "blob_missing"

    def __init__(self, digest: Digest, place: str) -> None:
        super().__init__(f"the content of {digest} is missing from {place}", hint="restore it from a backup")


class BlobDamagedError(IntegrityError):
    """Stored bytes do not match their address."""

    code = "blob_damaged"

    def __init__(self, digest: Digest, where: str) -> None:
        super().__init__(
            f"the stored content of {digest} was changed {where}",
            hint="restore it from a backup, or delete it there and run `plimsoll build`",
        )


class StorageFullError(UnavailableError):
    """The disk (or its quota) is full."""

    code = "storage_full"

    def __init__(self, place: Path | str) -> None:
        super().__init__(
            f"the disk is full: {place} could not be written",
            hint="free some space and run the same command again; nothing that was finished is lost",
        )


class StorageFailedError(UnavailableError):
    """The place cannot be read or written for another reason."""

    code = "storage_failed"

    def __init__(self, place: Path | str, reason: str) -> None:
        super().__init__(
            f"{place} could not be used: {reason}", hint="check that it is there, its owner and its rights"
        )


class StorageReadOnlyError(UnavailableError):
    """The place can be read, and not written."""

    code = "storage_read_only"

    def __init__(self, place: Path | str) -> None:
        super().__init__(
            f"{place} cannot be written: the disk is read-only, or its rights forbid it",
            hint="make it writable for this user, or choose another place; nothing was changed",
        )


def storage_failure(place: Path, error: OSError) -> UnavailableError:
    """The error that tells a person what an OSError on `place` means for them."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(place)
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return StorageReadOnlyError(place)
    return StorageFailedError(place, error.strerror or str(error))


class DatabaseReadOnlyError(StorageReadOnlyError):
    """The database can be read, and not written."""

    code = "database_read_only"


class DatabaseBusyError(UnavailableError):
    """Another process held the write lock for too long."""

    code = "database_busy"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} is being written by another process",
            hint="wait until the other command has ended and run this one again",
            retry_after_s=5,
        )


class DatabaseUnreachableError(UnavailableError):
    """The database server does not answer."""

    code = "database_unreachable"

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(
            f"the PostgreSQL server {server} does not answer: {reason}",
            hint="check that it runs, and its host and port",
            retry_after_s=5,
        )


class DatabaseLoginError(UnavailableError):
    """The database server refuses this user or password."""

    code = "database_login"

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(
            f"the PostgreSQL server {server} refuses the login: {reason}",
            hint="check the user and the password of its address, and the server's pg_hba.conf",
        )


class DatabaseDamagedError(IntegrityError):
    """The data is not a database any more."""

    code = "database_damaged"

    def __init__(self, place: Path | str, reason: str, hint: str) -> None:
        super().__init__(f"{place} is damaged: {reason}", hint=hint)


class DatabaseNewerError(UnavailableError):
    """The database was written by a newer version of Plimsoll."""

    code = "database_newer"

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the database has schema {found}, and this version of Plimsoll knows schemas up to {known}",
            hint="use the newer version of Plimsoll that wrote it",
        )


class DatabaseForeignError(UnavailableError):
    """The tables were made by something else, or by a version from before this line of schemas."""

    code = "database_foreign"

    def __init__(self, place: str, difference: str) -> None:
        super().__init__(
            f"{place} was not made by this line of Plimsoll: {difference}",
            hint="choose another PLIMSOLL_HOME (or schema) and build again; nothing was changed here",
        )


class ValueRefusedError(InvalidError):
    """A value cannot be kept in this database, such as a text with a NUL in it."""

    code = "value_refused"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"{place} cannot keep a value: {reason}", hint="remove that character or number from the input"
        )


class DatabaseNotEmptyError(ConflictError):
    """What is loaded from a backup needs an empty database."""

    code = "database_not_empty"

    def __init__(self, table: str, rows: int) -> None:
        super().__init__(
            f"the database is not empty: {table} has {rows} rows",
            hint="load into a new PLIMSOLL_HOME or an empty schema; nothing was changed",
        )


class DumpInvalidError(InvalidError):
    """What should be loaded does not fit the schema."""

    code = "dump_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the backup does not fit this database: {problem}",
            hint="use the version of Plimsoll that wrote it, or another backup; nothing was changed",
        )


class PlaceInvalidError(InvalidError):
    """The address of a database, or the name of its schema, is wrong."""

    code = "place_invalid"

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint=hint)


class DriverMissingError(InvalidError):
    """The package that speaks to PostgreSQL is not installed."""

    code = "driver_missing"

    def __init__(self) -> None:
        super().__init__(
            "the package that speaks to PostgreSQL is not installed", hint="pip install 'plimsoll[postgres]'"
        )


class KeyFileExposedError(IntegrityError):
    """Others can read a secret."""

    code = "key_file_exposed"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"other users of this machine can read or replace the secrets in {path}",
            hint=f"if nobody did, close it: chmod go= {path}",
        )


class KeyFileThereError(ConflictError):
    """A secret would take the place of another."""

    code = "key_file_there"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"there is a secret in {path} already", hint="restore into an empty installation: another PLIMSOLL_HOME"
        )
