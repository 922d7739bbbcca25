"""What checking and exporting needs, and what a verification finds."""

from dataclasses import dataclass

from plimsoll.access import Acting
from plimsoll.governance.record_check import Checked, CheckParts
from plimsoll.kernel.errors import UnavailableError
from plimsoll.ledger import Ledger, open_checkpoint
from plimsoll.ledger.anchor import Anchor
from plimsoll.ledger.verifier import Report


@dataclass(frozen=True, slots=True)
class AuditParts:
    """What checking and exporting needs."""

    ledger: Ledger
    anchor: Anchor
    check: CheckParts
    acting: Acting
    """Needs the right `audit`."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of a verification."""

    log: Report
    """The tree, its checkpoints and those that were left elsewhere."""
    records: Checked
    """Rows, contents and seals."""
    anchored: int
    """How many checkpoints the anchor held."""
    anchor_problem: str = ""
    """Why the anchor could not be asked."""

    @property
    def sound(self) -> bool:
        """Whether everything verifies. An anchor that does not answer is said, and is no proof of anything."""
        return self.log.ok and self.records.sound


def anchored_notes(anchor: Anchor) -> tuple[tuple[str, ...], str]:
    """The checkpoints at the anchor, and why it could not be asked. Raises IntegrityError when they were changed."""
    try:
        return anchor.notes(), ""
    except UnavailableError as error:
        return (), error.message


def covered(note: str, ledger: Ledger) -> int:
    """How many entries a checkpoint of ours covers. Raises CheckpointInvalidError."""
    return open_checkpoint(note, [ledger.key.verifier]).size if note else 0
