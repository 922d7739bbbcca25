"""What can go wrong with the audit log and its files."""

from pathlib import Path

from plimsoll.kernel.errors import InvalidError, NotFoundError, UnavailableError


class LedgerEmptyError(NotFoundError):
    """Nothing was written down yet."""

    code = "ledger_empty"

    def __init__(self) -> None:
        super().__init__("nothing was written down yet", hint="`plimsoll build` is the first thing that is")


class ExportExistsError(InvalidError):
    """The file is there already."""

    code = "export_exists"

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is there already", hint="name another file, or remove it")


class ExportUnreadableError(InvalidError):
    """A file that cannot be verified, because it cannot be read as what it should be."""

    code = "export_unreadable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be read: {reason}", hint="get the file again from where it was made")


class EntryMissingError(NotFoundError):
    """No such entry."""

    code = "entry_missing"

    def __init__(self, sequence: int, size: int) -> None:
        super().__init__(
            f"the ledger has no entry {sequence}: it has {size}, from 0", hint="`plimsoll audit log` shows the newest"
        )


class ExportFailedError(UnavailableError):
    """The file could not be written."""

    code = "export_failed"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} could not be written: {reason}", hint="check the folder and the room on the disk")
