"""What can go wrong with a backup."""

from pathlib import Path

from plimsoll.kernel.errors import ConflictError, IntegrityError, InvalidError


class FileThereError(ConflictError):
    """A backup never overwrites anything."""

    code = "file_there"

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} is there already", hint="name another file, or move that one away")


class BackupOvertakenError(ConflictError):
    """Blobs were removed while the backup was written."""

    code = "backup_overtaken"

    def __init__(self, digest: str) -> None:
        super().__init__(
            f"the content of {digest} is gone, and the records name it",
            hint="if things are being collected or erased just now, wait and back up again; else `plimsoll audit "
            "verify` says what is missing",
        )


class NotEmptyError(ConflictError):
    """Something is there that a restore would mix with."""

    code = "not_empty"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"this installation is not empty: it has {what}", hint="restore into a new PLIMSOLL_HOME or database"
        )


class BackupDamagedError(IntegrityError):
    """A backup that is not what was written."""

    code = "backup_damaged"

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(f"{file} is damaged: {what}", hint="nothing was restored; use another copy of the backup")


class BackupVersionError(InvalidError):
    """A backup that another version of Plimsoll must read."""

    code = "backup_version"

    def __init__(self, file: Path, what: str, found: int, known: int) -> None:
        side, then = ("a newer", "") if found > known else ("an older", ", then upgrade")
        super().__init__(
            f"{file} was written by {side} version of Plimsoll: its {what} is {found}, and this version reads {known}",
            hint=f"restore it with the version that wrote it{then}",
        )
