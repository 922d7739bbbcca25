"""The audit log: every act is an entry, the entries are a Merkle tree (RFC 6962), and its heads are signed.

Everybody writes to it; what it means is judged in `governance`. An entry holds no personal data: who acted stands under
a pseudonym, and words that may be personal are only committed to and sealed with the key of their subject.
`verifier` imports nothing of ours and joins into a single file, for whoever does not want to trust us.
"""

from ._checkpoint import open_checkpoint
from ._errors import KeysGoneError
from ._group import GroupCommit
from ._mentions import log_mentions
from ._store import Ledger, is_begun
from ._types import Act, By, Claim, Entry, Opening, Recorded, Sealed
from .subjects import Subjects

__all__ = [
    "Act",
    "By",
    "Claim",
    "Entry",
    "GroupCommit",
    "KeysGoneError",
    "Ledger",
    "Opening",
    "Recorded",
    "Sealed",
    "Subjects",
    "is_begun",
    "log_mentions",
    "open_checkpoint",
]
