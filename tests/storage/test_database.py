import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, create_engine, inspect, text

import plimsoll.pipelines._store
import plimsoll.registry._store
import plimsoll.releases._store
import plimsoll.tracing._store
from plimsoll.kernel.errors import IntegrityError, UnavailableError
from plimsoll.storage import Database, StorageFullError, _database
from plimsoll.storage._errors import DatabaseBusyError, DatabaseNewerError
from plimsoll.storage.migrations import Migration
from plimsoll.storage.migrations.cache import CACHE
from plimsoll.storage.migrations.records import RECORDS
from plimsoll.storage.migrations.traces import TRACES

SCHEMAS: list[tuple[tuple[Migration, ...], list[Any]]] = [
    (RECORDS, [plimsoll.registry._store, plimsoll.releases._store]),
    (TRACES, [plimsoll.tracing._store]),
    (CACHE, [plimsoll.pipelines._store]),
]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "some.db", ())
    with database.write() as connection:
        connection.execute(text("CREATE TABLE thing (name TEXT)"))
    yield database
    database.close()


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO thing VALUES ('half')"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM thing")) == 0


def test_a_second_writer_waits_and_then_is_told(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_database, "_BUSY_TIMEOUT_MS", 50)
    other = Database(tmp_path / "some.db", ())
    with database.write(), pytest.raises(DatabaseBusyError), other.write():
        pass
    other.close()


def test_a_full_database_is_said(database: Database) -> None:
    def fill() -> None:
        with database.write() as connection:
            connection.execute(text("PRAGMA max_page_count = 3"))
            connection.execute(text("INSERT INTO thing VALUES (hex(zeroblob(100000)))"))

    with pytest.raises(StorageFullError):
        fill()


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"this was never a database" * 100)
    with pytest.raises(IntegrityError, match="damaged"):
        Database(tmp_path / "bad.db", RECORDS)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "r.db", RECORDS).close()
    with sqlite3.connect(tmp_path / "r.db") as connection:
        connection.execute("INSERT INTO schema_version VALUES (99, 'later', 'then')")
    connection.close()
    with pytest.raises(DatabaseNewerError, match="99"):
        Database(tmp_path / "r.db", RECORDS)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnavailableError):
        Database(tmp_path / "file" / "r.db", RECORDS)


def test_a_step_and_its_record_are_one(tmp_path: Path) -> None:
    def half(op: Any) -> None:
        op.execute("CREATE TABLE half (name TEXT)")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Database(tmp_path / "r.db", (*RECORDS, Migration("fails", half)))
    engine = create_engine(f"sqlite:///{tmp_path / 'r.db'}")
    assert not inspect(engine).has_table("half")
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT max(number) FROM schema_version")) == len(RECORDS)
    engine.dispose()


def test_opening_twice_migrates_once(tmp_path: Path) -> None:
    for _ in range(2):
        Database(tmp_path / "r.db", RECORDS).close()
    with sqlite3.connect(tmp_path / "r.db") as connection:
        assert connection.execute("SELECT count(*) FROM schema_version").fetchone() == (len(RECORDS),)
    connection.close()


@pytest.mark.parametrize(("migrations", "stores"), SCHEMAS)
def test_the_schema_is_what_the_stores_expect(
    tmp_path: Path, migrations: tuple[Migration, ...], stores: list[Any]
) -> None:
    Database(tmp_path / "s.db", migrations).close()
    engine = create_engine(f"sqlite:///{tmp_path / 's.db'}")
    migrated = MetaData()
    migrated.reflect(engine)
    expected = {name: shape(table) for store in stores for name, table in store._metadata.tables.items()}
    found = {name: shape(table) for name, table in migrated.tables.items() if name != "schema_version"}
    assert found == expected
    engine.dispose()


def shape(table: Table) -> dict[str, tuple[str, bool, bool]]:
    return {column.name: (str(column.type), bool(column.nullable), column.primary_key) for column in table.columns}
