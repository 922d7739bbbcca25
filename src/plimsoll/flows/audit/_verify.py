"""Everything held against everything: the tree, its checkpoints, and all that hangs on it."""

from collections.abc import Sequence
from pathlib import Path

from plimsoll.governance.record_check import check_records
from plimsoll.kernel.errors import IntegrityError
from plimsoll.ledger import Entry, Ledger
from plimsoll.ledger.verifier import Report, UnreadableError, split_notes, verify_file, verify_lines

from ._errors import EntryMissingError, ExportUnreadableError
from ._types import Audited, AuditParts, anchored_notes, covered


def verify(parts: AuditParts, held: Sequence[tuple[str, str]] = ()) -> Audited:
    """Recompute the tree over every entry, and hold it, every row and every content against each other.

    `held` are checkpoints that somebody kept elsewhere, as signed notes with names. Memory does not grow with the log.
    """
    broken: list[tuple[str, str]] = []
    anchored: tuple[str, ...] = ()
    problem = ""
    try:
        anchored, problem = anchored_notes(parts.anchor)
    except IntegrityError as error:
        broken.append(("anchor", error.message))
    size, own = _own_head(parts.ledger)
    vkey = parts.ledger.key.verifier.text()
    anchors = [(f"anchor, checkpoint {number}", note) for number, note in enumerate(anchored, start=1)]
    log = verify_lines(parts.ledger.lines(0, size), own, [*anchors, *held], vkey)
    for where, what in [*broken, *(("ledger", sentence) for sentence in parts.ledger.strays())]:
        log.find(where, what)
    return Audited(log, check_records(parts.check), len(anchored), problem)


def _own_head(ledger: Ledger) -> tuple[int, list[str]]:
    """How many entries there are, and the newest checkpoint; a checkpoint that is wrong is told by `Ledger.strays`."""
    note = ledger.checkpoint()
    try:
        return covered(note, ledger), [note] if note else []
    except IntegrityError:
        return ledger.size(), []


def verify_export(path: Path, checkpoints: Sequence[Path], key: str | None) -> Report:
    """Verify a file that was exported, by the very check that stands in it. Raises ExportUnreadableError."""
    try:
        return verify_file(path, checkpoints, key)
    except UnreadableError as error:
        raise ExportUnreadableError(path, str(error)) from error


def kept_checkpoints(paths: Sequence[Path]) -> tuple[tuple[str, str], ...]:
    """The signed notes in files, each with its name. Raises ExportUnreadableError."""
    notes: list[tuple[str, str]] = []
    for path in paths:
        try:
            notes += split_notes(path.name, path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, UnreadableError) as error:
            raise ExportUnreadableError(path, str(error)) from error
    return tuple(notes)


def prove(sequence: int, ledger: Ledger) -> tuple[Entry, str]:
    """One entry, and the text that proves that it is in the log. Raises EntryMissingError."""
    size = ledger.size()
    if sequence >= size:
        raise EntryMissingError(sequence, size)
    return next(ledger.entries(sequence, sequence + 1)), ledger.proof(sequence)
