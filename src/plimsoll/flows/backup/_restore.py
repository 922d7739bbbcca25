"""Bring an installation back: everything is checked before it is written, and read again afterwards."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from msgspec import MsgspecError, json

from plimsoll.kernel.digest import Digest, hex_part
from plimsoll.ledger.verifier import UnreadableError, verify_lines

from ._archive import ArchiveReader, open_archive, rows_digest
from ._errors import BackupDamagedError, BackupVersionError, NotEmptyError
from ._types import FORMAT, BackupParts, Restored, Tables
from ._watch import RecordsWatch

_ENTRIES = "records/ledger_entry.jsonl"


def restore(file: Path, keys_file: Path | None, parts: BackupParts) -> Restored:
    """Restore a backup into an empty installation: all of it, or nothing. Without `keys_file` what is sealed stays so.

    Every member is held against its digest, the ledger against its checkpoint, and the records against the blobs that
    they name; when all was written, it is read again and compared. Raises NotEmptyError, BackupDamagedError,
    BackupVersionError, and what a database raises that cannot be written.
    """
    _refuse_full(parts)
    with ExitStack() as stack:
        archive = stack.enter_context(open_archive(file))
        keys = None if keys_file is None else stack.enter_context(open_archive(keys_file))
        _check_version(
            file, archive, "backup.json", {"records": parts.records, "traces": parts.traces, "usage": parts.usage}
        )
        if keys is not None and keys_file is not None:
            _check_version(keys_file, keys, "keys.json", {"keys": parts.keys})
        checkpoint = str(archive.read_json("backup.json").get("checkpoint", ""))
        _check_records(file, archive, checkpoint)
        rows, blobs = _write(archive, keys, parts)
    return Restored(rows, blobs, checkpoint, with_keys=keys is not None)


def _refuse_full(parts: BackupParts) -> None:
    for tables in (parts.records, parts.traces, parts.usage, parts.keys):
        for name, count in tables.counts().items():
            if count:
                raise NotEmptyError(f"{count} rows in {name}")
    for digest in parts.blobs.addresses():
        raise NotEmptyError(f"blobs, such as {digest}")


def _check_version(file: Path, archive: ArchiveReader, name: str, known: dict[str, Tables]) -> None:
    head = archive.read_json(name)
    steps = head.get("steps")
    found = head.get("format")
    if not isinstance(found, int) or not isinstance(steps, dict):
        raise BackupDamagedError(file, f"{name} says neither its format nor its steps")
    if found != FORMAT:
        raise BackupVersionError(file, "format", found, FORMAT)
    for place, tables in known.items():
        count = steps.get(place)
        if not isinstance(count, int):
            raise BackupDamagedError(file, f"{name} does not say which schema {place} have")
        if count != tables.steps:
            raise BackupVersionError(file, f"schema of {place}", count, tables.steps)


def _check_records(file: Path, archive: ArchiveReader, checkpoint: str) -> None:
    try:
        for problem in (*_missing_content(archive, checkpoint), *_ledger_problems(archive, checkpoint)):
            raise BackupDamagedError(file, problem)
    except (ValueError, KeyError, TypeError, MsgspecError, UnreadableError) as error:
        raise BackupDamagedError(file, f"its records cannot be understood ({error})") from error


def _missing_content(archive: ArchiveReader, checkpoint: str) -> Iterator[str]:
    watch = RecordsWatch()
    watch.there.update(_blobs(archive).values())
    for table, name in _tables(archive, "records"):
        for _ in watch.watched(table, archive.rows(name)):
            pass
    for digest in watch.missing(lambda digest: archive.read(f"blobs/{hex_part(digest)}")):
        yield f"its records name {digest}, which is not among its blobs"
    if watch.checkpoint != checkpoint:
        yield "its checkpoint is not that of its records"


def _ledger_problems(archive: ArchiveReader, checkpoint: str) -> Iterator[str]:
    """What is wrong with the lines of the ledger, held against the checkpoint and the key that the first names."""
    first = next(archive.rows(_ENTRIES), None)
    if first is None and not checkpoint:
        return
    vkey = json.decode(str((first or {})["body"]))["facts"]["vkey"]
    lines = (str(row["body"]) for row in archive.rows(_ENTRIES))
    for where, what in verify_lines(lines, [checkpoint], [], vkey).findings:
        yield f"its ledger does not verify: {where} {what}"


def _write(archive: ArchiveReader, keys: ArchiveReader | None, parts: BackupParts) -> tuple[int, int]:
    """Records last: as long as there are none, nothing counts as restored."""
    with ExitStack() as undo:
        blobs = 0
        for name, digest in _blobs(archive).items():
            parts.blobs.put(archive.read(name))
            undo.callback(parts.blobs.remove, digest)
            blobs += 1
        if keys is not None:
            _load(undo, keys, "keys", parts.keys)
            secrets = {name.partition("/")[2]: keys.read(name) for name in keys.names if name.startswith("secrets/")}
            undo.callback(parts.write_secrets(secrets))
        rows = _load(undo, archive, "traces", parts.traces)
        rows += _load(undo, archive, "usage", parts.usage)
        rows += _load(undo, archive, "records", parts.records)
        undo.pop_all()
    return rows, blobs


def _load(undo: ExitStack, archive: ArchiveReader, place: str, tables: Tables) -> int:
    tables.load((table, archive.rows(name)) for table, name in _tables(archive, place))
    # Not before: what somebody else wrote meanwhile made the load fail, and is not ours to clear.
    undo.callback(tables.clear)
    for table, rows in tables.dump():
        name = f"{place}/{table}.jsonl"
        if name not in archive.names or rows_digest(rows) != archive.sha256(name):
            raise BackupDamagedError(archive.file, f"{name} does not read back as it was written")
    return sum(tables.counts().values())


def _tables(archive: ArchiveReader, place: str) -> Iterator[tuple[str, str]]:
    """The tables of one database, each with its member, in the order of the file."""
    for name in archive.names:
        folder, _, table = name.partition("/")
        if folder == place:
            yield table.removesuffix(".jsonl"), name


def _blobs(archive: ArchiveReader) -> dict[str, Digest]:
    """Every member that is a blob, with its address, which is the digest that was held against it."""
    return {name: f"sha256:{archive.sha256(name)}" for name in archive.names if name.startswith("blobs/")}
