"""Write a backup while others go on working."""

from contextlib import suppress
from pathlib import Path

from plimsoll.kernel.clock import to_text, utc_now
from plimsoll.kernel.digest import Json, canonical_json, hex_part
from plimsoll.kernel.errors import IntegrityError

from ._archive import ArchiveWriter
from ._errors import BackupOvertakenError
from ._types import FORMAT, BackedUp, BackupParts, Tables
from ._watch import RecordsWatch


def back_up(file: Path, keys_file: Path, parts: BackupParts) -> BackedUp:
    """Write records, traces, usage and blobs into one file and the keys into another, which only its owner can read.

    Each database is written as it was at one moment. Records come before blobs, and a blob is put before the record
    that names it, so every blob that the records name is there. Neither file is ever there in part. Raises
    FileThereError, BackupOvertakenError when a collection took blobs away meanwhile, and OSError when a file cannot be
    written.
    """
    watch = RecordsWatch()
    with ArchiveWriter(keys_file) as keys, ArchiveWriter(file) as archive:
        rows = _write_tables(archive, "records", parts.records, watch)
        rows += _write_tables(archive, "traces", parts.traces)
        rows += _write_tables(archive, "usage", parts.usage)
        blobs = 0
        for digest in sorted({*parts.blobs.addresses()}):
            # What is collected or damaged meanwhile is left out, and missed below when the records name it.
            with suppress(IntegrityError):
                archive.add(f"blobs/{hex_part(digest)}", parts.blobs.get(digest))
                watch.there.add(digest)
                blobs += 1
        for digest in watch.missing(parts.blobs.get):
            raise BackupOvertakenError(digest)
        head: dict[str, Json] = {
            "format": FORMAT,
            "created_at": to_text(utc_now()),
            "checkpoint": watch.checkpoint,
            "steps": {
                "records": parts.records.steps,
                "traces": parts.traces.steps,
                "usage": parts.usage.steps,
            },
        }
        archive.add("backup.json", canonical_json(head))
        # Keys come last: whoever the records mention by now has one, or was forgotten.
        _write_tables(keys, "keys", parts.keys)
        for name, secret in sorted(parts.read_secrets().items()):
            keys.add(f"secrets/{name}", secret)
        keys.add("keys.json", canonical_json({"format": FORMAT, "steps": {"keys": parts.keys.steps}}))
    return BackedUp(rows, blobs, watch.checkpoint, archive.digest)


def _write_tables(archive: ArchiveWriter, place: str, tables: Tables, watch: RecordsWatch | None = None) -> int:
    return sum(
        archive.add_rows(f"{place}/{name}.jsonl", rows if watch is None else watch.watched(name, rows))
        for name, rows in tables.dump()
    )
