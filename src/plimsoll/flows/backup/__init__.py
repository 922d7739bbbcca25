"""Back up an installation into two files, and restore it from them into an empty one, whatever its databases.

The backup holds records, traces and blobs and may be kept for long. The keys go into a file of their own, for its owner
alone, because an erasure is only complete when the last copy of the key is gone: keep it as short as erasure asks.
Restoring without it works: the ledger verifies, and what was sealed stays sealed.
"""

from ._back_up import back_up
from ._errors import BackupDamagedError, BackupOvertakenError, BackupVersionError, FileThereError, NotEmptyError
from ._restore import restore
from ._types import BackedUp, BackupParts, Restored, Tables

__all__ = [
    "BackedUp",
    "BackupDamagedError",
    "BackupOvertakenError",
    "BackupParts",
    "BackupVersionError",
    "FileThereError",
    "NotEmptyError",
    "Restored",
    "Tables",
    "back_up",
    "restore",
]
