"""Everything held against everything: the tree, its checkpoints, and all that hangs on it."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import json

from plimsoll.governance.record_check import check_records
from plimsoll.ledger import Entry, Ledger, proof_text
from plimsoll.ledger.verifier import Report, UnreadableError, verify_file, verify_lines

from ._errors import EntryMissingError, ExportUnreadableError
from ._types import Audited, AuditParts, anchored_notes, covered


def verify(parts: AuditParts, held: Sequence[str] = ()) -> Audited:
    """Recompute the tree over every entry, and hold it, every row and every content against each other.

    `held` are checkpoints that somebody kept elsewhere, as signed notes. Memory does not grow with the log.
    """
    anchored, problem = anchored_notes(parts.anchor)
    note, vkey = parts.ledger.checkpoint(), parts.ledger.key.verifier.text()
    size = covered(note, parts.ledger)
    log = verify_lines(parts.ledger.lines(0, size), [note] if note else [], [*anchored, *held], vkey)
    for sentence in parts.ledger.strays():
        log.find("ledger", sentence)
    return Audited(log, check_records(parts.check), len(anchored), problem)


def verify_export(path: Path, checkpoints: Sequence[Path], key: str | None) -> Report:
    """Verify a file that was exported, by the very check that stands in it. Raises ExportUnreadableError."""
    try:
        return verify_file(path, checkpoints, key)
    except UnreadableError as error:
        raise ExportUnreadableError(path, str(error)) from error


def kept_checkpoints(paths: Sequence[Path]) -> tuple[str, ...]:
    """The signed notes in files: each one note, or lines of JSON as an anchor keeps them.

    Raises ExportUnreadableError.
    """
    notes: list[str] = []
    for path in paths:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ExportUnreadableError(path, str(error)) from error
        if text.lstrip().startswith("{"):
            notes += [str(json.decode(line)["note"]) for line in text.splitlines() if line.strip()]
        else:
            notes.append(text)
    return tuple(notes)


def prove(sequence: int, ledger: Ledger) -> tuple[Entry, str]:
    """One entry, and the text that proves that it is in the log. Raises EntryMissingError."""
    note = ledger.checkpoint()
    size = covered(note, ledger)
    if sequence >= size:
        raise EntryMissingError(sequence, size)
    entry = next(ledger.entries(sequence, sequence + 1))
    return entry, proof_text(sequence, ledger.inclusion(sequence, size), note)
