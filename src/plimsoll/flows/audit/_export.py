"""The audit log as one file for outsiders."""

import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import json

from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.ledger import Ledger
from plimsoll.ledger.verifier import standalone

from ._errors import ExportExistsError, ExportFailedError, LedgerEmptyError
from ._types import AuditParts, anchored_notes, covered

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
    size = covered(note, parts.ledger)
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
        "checkpoints.jsonl": lambda: map(_note_line, _ascending([*anchored_notes(parts.anchor)[0], note], parts)),
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


def _ascending(notes: Sequence[str], parts: AuditParts) -> list[str]:
    """Checkpoints by size, one of each size; of the anchor's only those that do not go beyond the newest of ours."""
    by_size = {covered(note, parts.ledger): note for note in notes}
    newest = covered(notes[-1], parts.ledger)
    return [by_size[size] for size in sorted(by_size) if size <= newest]


def _openings(ledger: Ledger, size: int) -> Iterator[bytes]:
    for first in range(0, size, _OPENED_AT_ONCE):
        for opening in ledger.openings(range(first, min(size, first + _OPENED_AT_ONCE))):
            yield _line({"sequence": opening.sequence, "nonce": opening.nonce, "content": opening.content})


def _note_line(note: str) -> bytes:
    return _line({"note": note})


def _line(value: object) -> bytes:
    return json.encode(value) + b"\n"


def _write_tar(path: Path, members: dict[str, Callable[[], Iterator[bytes]]]) -> None:
    """Members of unknown length go through files beside, so that memory stays flat; the tar appears whole.

    It holds names and reasons, so it is closed to other users of the machine until its owner opens it.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        whole = Path(folder) / "whole.tar"
        with tarfile.open(whole, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, pieces in sorted(members.items()):
                with tempfile.TemporaryFile(dir=folder) as file:
                    file.writelines(pieces())
                    _add(tar, name, file)
        whole.chmod(0o600)
        whole.replace(path)


def _add(tar: tarfile.TarFile, name: str, file: BinaryIO) -> None:
    member = tarfile.TarInfo(name)
    member.size = file.tell()
    member.mode = 0o644
    file.seek(0)
    tar.addfile(member, file)
