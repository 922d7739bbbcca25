"""Backups: whole, private where they must be, the same for every database; restored all or not at all."""

import io
import multiprocessing
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from sqlalchemy import MetaData
from tests.flows.home import APP, KEEPER, ORIGIN, Home, Keys

from plimsoll.flows.backup import (
    BackedUp,
    BackupDamagedError,
    BackupOvertakenError,
    BackupParts,
    BackupVersionError,
    FileThereError,
    NotEmptyError,
    Restored,
    Tables,
    back_up,
    restore,
)
from plimsoll.flows.erase import EraseParts, erase
from plimsoll.kernel.digest import canonical_json, digest_bytes, hex_part
from plimsoll.kernel.errors import PlimsollError
from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import By
from plimsoll.ledger.verifier import verify_lines
from plimsoll.registry import Publication
from plimsoll.storage import Database, PostgresPlace, dump_tables, load_tables, table_counts
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.storage.migrations.usage import USAGE

ADA = "ada.lovelace@example.org"


def clear_tables(database: Database) -> None:
    with database.write() as connection:
        metadata = MetaData()
        metadata.reflect(connection)
        for table in reversed(metadata.sorted_tables):
            if table.name != "schema_version":
                connection.execute(table.delete())


def tables(database: Database, steps: int) -> Tables:
    return Tables(
        steps=steps,
        dump=lambda: dump_tables(database),
        load=lambda rows: load_tables(database, rows),
        counts=lambda: table_counts(database),
        clear=lambda: clear_tables(database),
    )


def parts(home: Home) -> BackupParts:
    secret, key = home.keys
    folder = home.folder / "secrets"

    def write(secrets: Mapping[str, bytes]) -> Callable[[], None]:
        folder.mkdir()
        for name, data in secrets.items():
            (folder / name).write_bytes(data)

        def undo() -> None:
            for name in secrets:
                (folder / name).unlink()
            folder.rmdir()

        return undo

    return BackupParts(
        records=tables(home.records, len(RECORDS)),
        traces=tables(home.traces_database, len(TRACES)),
        usage=tables(home.usage_database, len(USAGE)),
        keys=tables(home.keys_database, len(KEYS)),
        blobs=home.blobs,
        read_secrets=lambda: {"subjects.key": secret, "signing.pem": key.to_pem()},
        write_secrets=write,
    )


def restored_keys(home: Home) -> Keys:
    folder = home.folder / "secrets"
    return (folder / "subjects.key").read_bytes(), SigningKey.from_pem(ORIGIN, (folder / "signing.pem").read_bytes())


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Callable[..., Home]]:
    made: list[Home] = []

    def make(name: str, **options: Any) -> Home:
        made.append(Home(tmp_path / name, **options))
        return made[-1]

    yield make
    for home in made:
        home.close()


@pytest.fixture
def home(homes: Callable[..., Home]) -> Home:
    home = homes("home")
    furnish(home)
    return home


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "harbour.backup", tmp_path / "harbour.keys"


def furnish(home: Home) -> None:
    person = By(home.ledger.subject(ADA))
    index, _ = home.index("The shed")
    release = home.release(home.prompt("kind"), index, run=[{"answer": "yes"}])
    home.environments.ship(release, "staging", by=person, reason=f"{ADA} agreed")
    home.draft(home.prompt("kinder"), index)
    home.trace(release.manifest.digest, question="Zoë?\u2028", cost_usd=0.25)


def save(home: Home, files: tuple[Path, Path]) -> BackedUp:
    return back_up(*files, parts(home))


def bring_back(home: Home, files: tuple[Path, Path | None]) -> Restored:
    return restore(*files, parts(home))


def is_empty(home: Home) -> bool:
    databases = (home.records, home.traces_database, home.usage_database, home.keys_database)
    rows = sum(sum(table_counts(database).values()) for database in databases)
    return rows == 0 and list(home.blobs.addresses()) == [] and not (home.folder / "secrets").exists()


def dumped(database: Database) -> dict[str, list[Any]]:
    return {name: list(rows) for name, rows in dump_tables(database)}


def verifies(home: Home) -> bool:
    verifier = home.keys[1].verifier.text()
    return verify_lines(home.ledger.lines(), [home.ledger.checkpoint()], [], verifier).ok


@pytest.fixture(params=["sqlite to sqlite", "sqlite to postgres", "postgres to sqlite"])
def engines(request: pytest.FixtureRequest) -> tuple[PostgresPlace | None, PostgresPlace | None]:
    source, _, target = request.param.partition(" to ")
    if "postgres" not in (source, target):
        return None, None
    place = request.getfixturevalue("schemas").empty("records", RECORDS)
    return (place if source == "postgres" else None), (place if target == "postgres" else None)


def test_an_installation_comes_back_whole_on_any_database(
    homes: Callable[..., Home], files: tuple[Path, Path], engines: tuple[PostgresPlace | None, PostgresPlace | None]
) -> None:
    source = homes("source", records=engines[0])
    furnish(source)
    saved = save(source, files)
    target = homes("target", records=engines[1])
    done = bring_back(target, files)
    assert (done.rows, done.blobs, done.checkpoint, done.with_keys) == (saved.rows, saved.blobs, saved.checkpoint, True)
    assert saved.checkpoint == source.ledger.checkpoint()
    assert dumped(target.records) == dumped(source.records)
    assert dumped(target.traces_database) == dumped(source.traces_database)
    assert dumped(target.usage_database) == dumped(source.usage_database)
    assert list(target.blobs.addresses()) == list(source.blobs.addresses())
    again = Home(target.folder, restored_keys(target), records=engines[1])
    assert verifies(again)
    assert again.environments.moves(APP)[0].reason == f"{ADA} agreed"
    assert again.missing() == []
    again.prompt("life goes on")
    assert verifies(again)
    again.close()


def test_without_the_keys_the_ledger_verifies_and_names_stay_sealed(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path]
) -> None:
    save(home, files)
    target = homes("target", keys=home.keys)
    assert not bring_back(target, (files[0], None)).with_keys
    assert verifies(target)
    assert target.environments.moves(APP)[0].reason is None
    assert target.ledger.find_subject(ADA) is None


def test_keys_are_in_a_file_for_their_owner_alone(home: Home, files: tuple[Path, Path]) -> None:
    save(home, files)
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    secret, key = home.keys
    for private in (secret, key.to_pem()):
        assert private in files[1].read_bytes()
        assert private not in files[0].read_bytes()
    assert b"subject_key" not in files[0].read_bytes()


def test_an_erasure_outlives_a_backup_without_its_keys(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path]
) -> None:
    home.trace("sha256:00", user_id=ADA)
    erase(ADA, EraseParts(home.stores, home.cache, lambda _: None, lambda _: None, KEEPER))
    unnamed = home.publish(
        Publication("prompt", "other", {"system": "Grace Hopper"}), Publication("prompt", "other", {})
    )
    erase("Grace Hopper", EraseParts(home.stores, home.cache, lambda _: None, lambda _: None, KEEPER))
    assert home.missing() == [unnamed[0].digest]
    save(home, files)
    target = homes("target")
    bring_back(target, files)
    assert target.missing() == [unnamed[0].digest]
    assert ADA.encode() not in b"".join(target.everything().values())


@pytest.mark.parametrize("furniture", ["records", "traces", "keys", "blobs"])
def test_a_restore_needs_an_empty_installation(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path], furniture: str
) -> None:
    save(home, files)
    target = homes("target")
    if furniture == "records":
        target.prompt("mine")
    elif furniture == "traces":
        target.trace("sha256:00")
    elif furniture == "keys":
        target.ledger.subject("me")
    else:
        target.blobs.put(b"mine")
    before = target.everything()
    with pytest.raises(NotEmptyError):
        bring_back(target, files)
    assert {name: data for name, data in target.everything().items() if not name.endswith("-shm")} == {
        name: data for name, data in before.items() if not name.endswith("-shm")
    }


def test_a_backup_overwrites_nothing(home: Home, files: tuple[Path, Path]) -> None:
    for file in files:
        file.write_text("precious")
        with pytest.raises(FileThereError):
            save(home, files)
        assert file.read_text() == "precious"
        assert [path for path in file.parent.iterdir() if path.is_file()] == [file]
        file.unlink()


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def write(file: Path, content: Mapping[str, bytes], *, sign: bool = True) -> None:
    """The file again, with a list that fits its members."""
    content = dict(content)
    if sign:
        digests = {name: hex_part(digest_bytes(data)) for name, data in content.items() if name != "manifest.json"}
        content["manifest.json"] = canonical_json({"members": digests})
    with tarfile.open(file, "w") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def refused(homes: Callable[..., Home], files: tuple[Path, Path | None], error: type[PlimsollError]) -> str:
    """The message; nothing may be left of the attempt."""
    target = homes("target")
    with pytest.raises(error) as raised:
        bring_back(target, files)
    assert is_empty(target)
    return raised.value.message


def test_a_changed_member_is_named(homes: Callable[..., Home], home: Home, files: tuple[Path, Path]) -> None:
    save(home, files)
    whole = members(files[0])
    for name in ("records/release.jsonl", next(name for name in whole if name.startswith("blobs/")), "backup.json"):
        data = bytearray(whole[name])
        data[len(data) // 2] ^= 1
        write(files[0], {**whole, name: bytes(data)}, sign=False)
        assert name in refused(homes, files, BackupDamagedError)


def test_a_member_too_few_or_too_many_is_named(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path]
) -> None:
    save(home, files)
    whole = members(files[0])
    less = {name: data for name, data in whole.items() if name != "records/label.jsonl"}
    write(files[0], less, sign=False)
    assert "records/label.jsonl is missing" in refused(homes, files, BackupDamagedError)
    write(files[0], {**whole, "records/more.jsonl": b""}, sign=False)
    assert "records/more.jsonl is not in its list" in refused(homes, files, BackupDamagedError)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "records/../x.jsonl", "blobs/ab", "x" * 300])
def test_a_name_that_does_not_belong_is_refused(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path], name: str
) -> None:
    save(home, files)
    write(files[0], {**members(files[0]), name: b""})
    assert "does not belong" in refused(homes, files, BackupDamagedError)


def test_a_link_is_refused(homes: Callable[..., Home], home: Home, files: tuple[Path, Path]) -> None:
    save(home, files)
    with tarfile.open(files[0], "a") as tar:
        link = tarfile.TarInfo("secrets/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert "does not belong" in refused(homes, files, BackupDamagedError)


@pytest.mark.parametrize("keep", [0, 100, 700, 20_000])
def test_a_file_that_is_cut_off_is_refused(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path], keep: int
) -> None:
    save(home, files)
    files[0].write_bytes(files[0].read_bytes()[:keep])
    refused(homes, files, BackupDamagedError)


def test_an_edited_ledger_is_refused_although_its_list_fits(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path]
) -> None:
    """Somebody who edits the backup can make a new list, and cannot make a new signature."""
    save(home, files)
    whole = members(files[0])
    name = "records/ledger_entry.jsonl"
    for edited in (
        whole[name].replace(b"environment.ship", b"environment.skip"),
        b"".join(whole[name].splitlines(keepends=True)[:-1]),
        b"".join(reversed(whole[name].splitlines(keepends=True))),
        b"{}\n",
        b"[]\n",
        b"",
    ):
        write(files[0], {**whole, name: edited})
        refused(homes, files, BackupDamagedError)


def test_a_missing_blob_is_refused_although_the_list_fits(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path]
) -> None:
    save(home, files)
    whole = members(files[0])
    (index,) = home.registry.versions(APP, kind="index")
    content = home.registry.content(index.digest)
    assert isinstance(content, dict)
    segment = content["segments"][0]["digest"]
    for digest in (segment, index.digest, home.releases.releases(APP)[0].manifest.evidence[0].run):
        write(files[0], {name: data for name, data in whole.items() if name != f"blobs/{hex_part(digest)}"})
        assert digest in refused(homes, files, BackupDamagedError)


@pytest.mark.parametrize(
    ("field", "value"),
    [("format", 2), ("steps", {"records": 999, "traces": 1}), ("steps", {"records": 1, "traces": 1})],
)
def test_another_version_is_refused(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path], field: str, value: Any
) -> None:
    save(home, files)
    whole = members(files[0])
    head = {**json.decode(whole["backup.json"]), field: value}
    write(files[0], {**whole, "backup.json": canonical_json(head)})
    message = refused(homes, files, BackupVersionError)
    assert ("older" if value == {"records": 1, "traces": 1} else "newer") in message


def test_keys_of_a_newer_version_are_refused(homes: Callable[..., Home], home: Home, files: tuple[Path, Path]) -> None:
    save(home, files)
    write(files[1], {**members(files[1]), "keys.json": canonical_json({"format": 1, "steps": {"keys": 9}})})
    assert "schema of keys is 9" in refused(homes, files, BackupVersionError)


@pytest.mark.parametrize("last", ["records", "traces", "keys"])
def test_a_failure_in_the_middle_leaves_nothing(
    homes: Callable[..., Home], home: Home, files: tuple[Path, Path], last: str
) -> None:
    class DiskFullError(Exception):
        pass

    def fail(rows: Any) -> object:
        for _ in rows:
            raise DiskFullError
        return None

    save(home, files)
    target = homes("target")
    broken = parts(target)
    broken = replace(broken, **{last: replace(getattr(broken, last), load=fail)})
    with pytest.raises(DiskFullError):
        restore(*files, broken)
    assert is_empty(target)
    bring_back(target, files)
    assert target.missing() == []


def test_what_does_not_read_back_is_refused(homes: Callable[..., Home], home: Home, files: tuple[Path, Path]) -> None:
    save(home, files)
    target = homes("target")
    whole = parts(target)

    def lossy(rows: Any) -> object:
        kept = ((name, () if name == "ledger_payload" else some) for name, some in rows)
        return load_tables(target.records, kept)

    with pytest.raises(BackupDamagedError, match="does not read back"):
        restore(*files, replace(whole, records=replace(whole.records, load=lossy)))
    assert is_empty(target)


def test_a_blob_that_is_gone_stops_the_backup(home: Home, files: tuple[Path, Path]) -> None:
    (index,) = home.registry.versions(APP, kind="index")
    assert home.blobs.remove(index.digest)
    with pytest.raises(BackupOvertakenError):
        save(home, files)
    assert not any(file.exists() for file in files)


def publish_many(folder: Path, keys: tuple[bytes, bytes], started: Any, stop: Any) -> None:
    home = Home(folder, (keys[0], SigningKey.from_pem(ORIGIN, keys[1])))
    number = 0
    while not stop.is_set() or number < 5:
        number += 1
        index, _ = home.index(f"document {number}")
        release = home.release(home.prompt(f"prompt {number}"), index, run=number)
        home.environments.ship(release, "staging", by=By(home.ledger.subject(f"person {number}")), reason="so")
        home.trace(release.manifest.digest)
        started.set()
    home.close()


def test_a_backup_is_whole_while_others_write(homes: Callable[..., Home], home: Home, tmp_path: Path) -> None:
    secret, key = home.keys
    context = multiprocessing.get_context("spawn")
    started, stop = context.Event(), context.Event()
    arguments = (home.folder, (secret, key.to_pem()), started, stop)
    process = context.Process(target=publish_many, args=arguments, daemon=True)
    process.start()
    assert started.wait(60)
    try:
        for number in range(3):
            some = (tmp_path / f"{number}.backup", tmp_path / f"{number}.keys")
            save(home, some)
            target = homes(f"target {number}")
            bring_back(target, some)
            again = Home(target.folder, restored_keys(target))
            assert verifies(again)
            assert again.missing() == []
            assert all(move.reason for move in again.environments.moves(APP))
            again.close()
    finally:
        stop.set()
        process.join()
    assert process.exitcode == 0


def test_an_empty_installation_can_be_backed_up(homes: Callable[..., Home], files: tuple[Path, Path]) -> None:
    assert save(homes("source"), files).checkpoint == ""
    target = homes("target")
    assert bring_back(target, files).rows == 0
