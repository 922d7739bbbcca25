"""What can go wrong with the ledger."""

from datetime import datetime
from pathlib import Path

from plimsoll.kernel.clock import to_text
from plimsoll.kernel.errors import ConflictError, IntegrityError, InvalidError, UnavailableError


class HeadInvalidError(IntegrityError):
    """The stored head of the ledger is not the head of any tree."""

    code = "ledger_head_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the stored head of the ledger is broken: {problem}",
            hint="nothing more is written to it; `plimsoll audit verify` says what differs",
        )


class CheckpointInvalidError(IntegrityError):
    """A checkpoint that must not be believed."""

    code = "checkpoint_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the checkpoint cannot be trusted: {problem}",
            hint="compare it with a copy from another source, and ask for the public key of the ledger",
        )


class ProofInvalidError(IntegrityError):
    """A file that is no proof of inclusion."""

    code = "proof_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"the proof cannot be read: {problem}",
            hint="a proof begins with the line `c2sp.org/tlog-proof@v1`; ask for the unchanged file",
        )


class SealBrokenError(IntegrityError):
    """Sealed content that does not open: it was changed, belongs to another record, or the key is another."""

    code = "seal_broken"

    def __init__(self, record: str) -> None:
        super().__init__(
            f"the sealed content of {record} does not open with its key",
            hint="it was changed, or it or its key was exchanged; restore both stores from one backup",
        )


class IdentifierInvalidError(InvalidError):
    """A person cannot be looked up by this text. The sentence does not repeat it."""

    code = "identifier_invalid"

    def __init__(self) -> None:
        super().__init__(
            "a person is named by a text that is not empty, in valid Unicode",
            hint="give the name, address or number under which the person is known",
        )


class ClockBackwardsError(UnavailableError):
    """The clock shows a time before the last entry."""

    code = "clock_backwards"

    def __init__(self, now: datetime, last: datetime) -> None:
        super().__init__(
            f"the clock says {to_text(now)}, and the last entry of the ledger is of {to_text(last)}",
            hint="set the clock of this machine right; nothing was changed",
        )


class SubjectErasedError(ConflictError):
    """Nothing can be sealed for somebody who was erased."""

    code = "subject_erased"

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"the data subject {subject} was erased, so nothing more can be written down for it",
            hint="act as another actor, or make this one again",
        )


class AnchorInvalidError(InvalidError):
    """An anchor that cannot be used."""

    code = "anchor_invalid"

    def __init__(self, text: str) -> None:
        super().__init__(
            f"`{text}` cannot be an anchor for checkpoints",
            hint="write the path of a file, or git+ and the address of a repository, such as git+ssh://…/audit.git",
        )


class AnchorFailedError(UnavailableError):
    """An anchor does not answer."""

    code = "anchor_failed"

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"the anchor {place} could not be used: {reason}",
            hint="nothing is lost: the next checkpoint covers this one too; `plimsoll audit checkpoint` tries again",
        )


class LedgerKeyMissingError(IntegrityError):
    """The ledger was signed with another key than the one that this installation has."""

    code = "ledger_key_missing"

    def __init__(self, origin: str, own: str) -> None:
        super().__init__(
            f"the ledger is signed by {origin}, and the key of this installation is {own}: nothing can be written down",
            hint="bring its keys back: restore the backup with its file of keys, or set PLIMSOLL_KEYS to their folder",
        )


class AnchorAheadError(UnavailableError):
    """The anchor knows more of the log than the database."""

    code = "anchor_ahead"

    def __init__(self, place: str, size: int, own: int) -> None:
        super().__init__(
            f"the anchor {place} has a checkpoint of {size} entries, and the log has {own}: entries are missing",
            hint="an older database was put back, or entries were cut off: `plimsoll audit verify` says more; "
            "bring the newer database back",
        )


class KeysGoneError(IntegrityError):
    """There are records, and the keys with which they were made are not here."""

    code = "keys_gone"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the keys of this installation are not in {folder}: nothing can be signed, and names stay sealed",
            hint="copy them from where the installation runs, or restore a backup with its keys into a new place",
        )


class AnchorBrokenError(IntegrityError):
    """Somebody changed the checkpoints at the anchor."""

    code = "anchor_broken"

    def __init__(self, place: str, line: int) -> None:
        super().__init__(
            f"line {line} of the anchor {place} is not a checkpoint: somebody changed it",
            hint="compare it with a copy, or with checkpoints that others kept",
        )


class RowForgedError(IntegrityError):
    """A row that something was about to depend on does not say what was written down with it."""

    code = "row_forged"

    def __init__(self, place: str, why: str) -> None:
        super().__init__(
            f"{place} cannot be trusted: {why}",
            hint="somebody changed the database; nothing was done. `plimsoll audit verify` names everything that "
            "differs, and a backup brings the genuine rows back",
        )
