"""The audit log for those who check it: everything held against everything here, and a file for outsiders."""

import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from msgspec import json

from plimsoll.access import Acting
from plimsoll.governance.record_check import Checked, CheckParts, check_records
from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.kernel.errors import InvalidError, NotFoundError, UnavailableError
from plimsoll.ledger import Anchor, Entry, Ledger, open_checkpoint, proof_text
from plimsoll.ledger.verifier import Report, UnreadableError, standalone, verify_file, verify_lines

EXPORT_FORMAT = 1
_OPENED_AT_ONCE = 1000

README = """\
The audit log of a Plimsoll installation, for whoever wants to check it without trusting the one who gave it.

    python3 verify.py THIS_FILE.tar --checkpoint A_CHECKPOINT_YOU_KEPT --at 2026-11-20

needs nothing but Python 3.9. It recomputes the Merkle tree (RFC 6962) over every entry, holds it against the signed
checkpoints in this file and against those that you kept, and says what was live at a time, who moved it there, who
approved it, and on which evidence. Take verify.py from a place that you trust, or read it: it is one file.

entries.jsonl      the entries, one canonical JSON text (RFC 8785) in each line, exactly as they were hashed
checkpoints.jsonl  signed heads of the tree (C2SP checkpoints)
openings.jsonl     names and reasons, with the nonces that show that the entries committed to them; erased ones are gone
export.json        the public key of the log, and its size
"""


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


def verify(parts: AuditParts, held: Sequence[str] = ()) -> Audited:
    """Recompute the tree over every entry, and hold it, every row and every content against each other.

    `held` are checkpoints that somebody kept elsewhere, as signed notes. Memory does not grow with the log.
    """
    parts.acting.require("audit")
    anchored, problem = _anchored(parts.anchor)
    note, vkey = parts.ledger.checkpoint(), parts.ledger.key.verifier.text()
    size = _size(note, parts.ledger)
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
    """The signed notes in files: each one note, or lines of JSON as an anchor keeps them. Raises ExportUnreadableError."""
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
    size = _size(note, ledger)
    if sequence >= size:
        raise EntryMissingError(sequence, size)
    entry = next(ledger.entries(sequence, sequence + 1))
    return entry, proof_text(sequence, ledger.inclusion(sequence, size), note)


def export(path: Path, parts: AuditParts) -> int:
    """Write the whole log, with what opens its commitments and the verifier, as one tar file; its size in entries.

    Raises LedgerEmptyError, ExportExistsError and ExportFailedError.
    """
    parts.acting.require("audit")
    note = parts.ledger.checkpoint()
    if not note:
        raise LedgerEmptyError
    if path.exists():
        raise ExportExistsError(path)
    size = _size(note, parts.ledger)
    key = parts.ledger.key
    head = {
        "format": EXPORT_FORMAT,
        "kind": "audit",
        "origin": key.name,
        "vkey": key.verifier.text(),
        "size": size,
        "created_at": to_text(utc_now()),
    }
    members: dict[str, Callable[[], Iterator[bytes]]] = {
        "README.txt": lambda: iter([README.encode()]),
        "checkpoints.jsonl": lambda: (_line({"note": kept}) for kept in _ascending([*_notes(parts), note], parts)),
        "entries.jsonl": lambda: (line.encode() + b"\n" for line in parts.ledger.lines(0, size)),
        "export.json": lambda: iter([_line(head)]),
        "openings.jsonl": lambda: _openings(parts.ledger, size),
        "verify.py": lambda: iter([standalone().encode()]),
    }
    try:
        _write_tar(path, members)
    except OSError as error:
        raise ExportFailedError(path, error.strerror or str(error)) from error
    return size


def _anchored(anchor: Anchor) -> tuple[tuple[str, ...], str]:
    try:
        return anchor.notes(), ""
    except UnavailableError as error:
        return (), error.message


def _notes(parts: AuditParts) -> tuple[str, ...]:
    return _anchored(parts.anchor)[0]


def _size(note: str, ledger: Ledger) -> int:
    return open_checkpoint(note, [ledger.key.verifier]).size if note else 0


def _ascending(notes: Sequence[str], parts: AuditParts) -> list[str]:
    """Checkpoints by size, one of each size; of the anchor's only those that do not go beyond the newest of ours."""
    by_size = {_size(note, parts.ledger): note for note in notes}
    newest = _size(notes[-1], parts.ledger)
    return [by_size[size] for size in sorted(by_size) if size <= newest]


def _openings(ledger: Ledger, size: int) -> Iterator[bytes]:
    for first in range(0, size, _OPENED_AT_ONCE):
        for opening in ledger.openings(range(first, min(size, first + _OPENED_AT_ONCE))):
            yield _line({"sequence": opening.sequence, "nonce": opening.nonce, "content": opening.content})


def _line(value: object) -> bytes:
    return json.encode(value) + b"\n"


def _write_tar(path: Path, members: dict[str, Callable[[], Iterator[bytes]]]) -> None:
    """Members of unknown length go through files beside, so that memory stays flat; the tar appears whole."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        whole = Path(folder) / "whole.tar"
        with tarfile.open(whole, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, pieces in sorted(members.items()):
                with tempfile.TemporaryFile(dir=folder) as file:
                    file.writelines(pieces())
                    _add(tar, name, file)
        whole.replace(path)


def _add(tar: tarfile.TarFile, name: str, file: BinaryIO) -> None:
    member = tarfile.TarInfo(name)
    member.size = file.tell()
    member.mode = 0o644
    file.seek(0)
    tar.addfile(member, file)
