"""What a database promises, on both engines."""

import importlib
import pkgutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, inspect, text
from sqlalchemy.exc import IntegrityError as ConstraintError

import plimsoll
from plimsoll.storage import Database, PostgresPlace, _postgres, _sqlite
from plimsoll.storage._errors import DatabaseBusyError, DatabaseForeignError, DatabaseNewerError
from plimsoll.storage.migrations import Migration
from plimsoll.storage.migrations.answers import ANSWERS
from plimsoll.storage.migrations.cache import CACHE
from plimsoll.storage.migrations.evaluations import EVALUATIONS
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS
from plimsoll.storage.migrations.traces import TRACES
from plimsoll.storage.migrations.usage import USAGE

Place = Path | PostgresPlace

SCHEMAS = (RECORDS, KEYS, TRACES, CACHE, ANSWERS, USAGE, EVALUATIONS)

OPEN = """
import sys
from pathlib import Path
from plimsoll.storage import Database, PostgresPlace
from plimsoll.storage.migrations.records import RECORDS
url, name = sys.argv[1:]
print("ready", flush=True)
sys.stdin.read()
Database(PostgresPlace(url, name) if url else Path(name), RECORDS).close()
"""


def count(database: Database) -> Any:
    with database.read() as connection:
        return connection.scalar(text("SELECT count(*) FROM thing"))


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO thing VALUES ('a', 'half', 1)"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert count(database) == 0


def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    with database.read() as connection:
        before = connection.scalar(text("SELECT count(*) FROM thing"))
        with database.write() as writing:
            writing.execute(text("INSERT INTO thing VALUES ('a', 'x', 1)"))
        assert connection.scalar(text("SELECT count(*) FROM thing")) == before
    assert count(database) == before + 1


def test_writers_take_turns_and_lose_nothing(database: Database) -> None:
    """Each reads a number and writes the next one: without a lock from the first moment some would be lost."""
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES ('a', 'x', 0)"))

    def add() -> None:
        for _ in range(10):
            with database.write() as connection:
                size = connection.scalar(text("SELECT size FROM thing"))
                connection.execute(text("UPDATE thing SET size = :size"), {"size": size + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.scalar(text("SELECT size FROM thing")) == 40


def test_a_second_writer_waits_and_then_is_told(
    database: Database, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_sqlite, "_BUSY_TIMEOUT_MS", 50)
    monkeypatch.setattr(_postgres, "_BUSY_TIMEOUT_MS", 50)
    other = Database(place, ())
    with database.write(), pytest.raises(DatabaseBusyError) as caught, other.write():
        pass
    assert caught.value.retry_after_s
    other.close()


def test_a_broken_rule_of_the_schema_is_a_fault_of_ours(database: Database) -> None:
    def insert_twice() -> None:
        with database.write() as connection:
            for _ in range(2):
                connection.execute(text("INSERT INTO thing VALUES ('a', 'x', 1)"))

    with pytest.raises(ConstraintError):
        insert_twice()


def test_what_was_given_to_a_statement_stands_in_no_error(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO nothing VALUES (:x)"), {"x": "a person's words"})

    with pytest.raises(Exception, match="nothing") as caught:
        fail()
    assert "a person's words" not in f"{caught.value} {caught.value.__cause__}"


def test_texts_are_ordered_by_their_bytes(place: Place) -> None:
    names = ["Zebra", "apple", "Äpfel", "sha256:0f", "sha256:ff", "a b", "ab", "\U0001f600", "\uff5e"]
    database = Database(place, RECORDS)
    with database.write() as connection:
        for name in names:
            connection.execute(text("INSERT INTO application VALUES (:name, '')"), {"name": name})
        found = [row[0] for row in connection.execute(text("SELECT app FROM application ORDER BY app"))]
        assert found == sorted(names, key=str.encode)
    database.close()


def test_a_newer_schema_is_refused(place: Place) -> None:
    database = Database(place, RECORDS)
    with database.write() as connection:
        connection.execute(text("INSERT INTO schema_version VALUES (99, 'later', 'then')"))
    with pytest.raises(DatabaseNewerError, match="99"):
        Database(place, RECORDS)
    database.close()


def test_a_database_with_other_steps_is_refused_and_left_alone(place: Place) -> None:
    old = Database(place, (Migration("the journey: registry and releases", lambda _: None),))
    with pytest.raises(DatabaseForeignError, match='its step 1 is "the journey: registry and releases"') as caught:
        Database(place, RECORDS)
    assert "another PLIMSOLL_HOME" in caught.value.hint
    with old.read() as connection:
        assert inspect(connection).get_table_names() == ["schema_version"]
    old.close()


def test_a_database_of_something_else_is_refused_and_left_alone(database: Database, place: Place) -> None:
    with pytest.raises(DatabaseForeignError, match="thing"):
        Database(place, RECORDS)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["thing"]


def test_a_step_and_its_record_are_one(place: Place) -> None:
    def half(op: Any) -> None:
        op.execute("CREATE TABLE half (name TEXT)")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Database(place, (*RECORDS, Migration("fails", half)))
    database = Database(place, RECORDS)
    with database.read() as connection:
        assert not inspect(connection).has_table("half")
        assert connection.scalar(text("SELECT max(number) FROM schema_version")) == len(RECORDS)
    database.close()


def test_opening_twice_migrates_once(place: Place) -> None:
    for _ in range(2):
        database = Database(place, RECORDS)
        with database.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM schema_version")) == len(RECORDS)
        database.close()


def test_a_fresh_schema_is_a_schema_taken_step_by_step(place: Place, tmp_path: Path, postgres_url: str) -> None:
    for steps in range(len(RECORDS) + 1):
        Database(place, RECORDS[:steps]).close()
    fresh = PostgresPlace(postgres_url, f"{place.schema}_2") if isinstance(place, PostgresPlace) else tmp_path / "2.db"
    assert shapes(place) == shapes(fresh, RECORDS)


def test_processes_that_open_a_new_database_at_once_all_succeed(place: Place) -> None:
    url, name = (place.url, place.schema) if isinstance(place, PostgresPlace) else ("", str(place))
    command = [sys.executable, "-c", OPEN, url, name]
    pipe = subprocess.PIPE
    openers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(4)]
    for opener in openers:
        assert opener.stdout
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        assert opener.stdin
        opener.stdin.close()
        opener.stdin = None
    told = [opener.communicate()[1] for opener in openers]
    assert [opener.returncode for opener in openers] == [0] * 4, told
    database = Database(place, RECORDS)
    with database.read() as connection:
        numbers = connection.scalars(text("SELECT number FROM schema_version ORDER BY number")).all()
    assert numbers == list(range(1, len(RECORDS) + 1))
    database.close()


def test_the_schemas_are_what_the_stores_expect(tmp_path: Path, postgres_url: str, place: Place) -> None:
    migrated: dict[str, object] = {}
    for number, migrations in enumerate(SCHEMAS):
        one = PostgresPlace(postgres_url, f"{place.schema}_{number}") if isinstance(place, PostgresPlace) else None
        migrated |= shapes(one or tmp_path / f"{number}.db", migrations)
    assert migrated == stores_expect()


def stores_expect() -> dict[str, object]:
    """The tables of every store, found in the source, so that no store can be forgotten here."""
    found: dict[str, object] = {}
    for module in pkgutil.walk_packages(plimsoll.__path__, "plimsoll."):
        if module.name.endswith("._store"):
            tables = vars(importlib.import_module(module.name)).values()
            found |= {table.name: shape(table) for table in tables if isinstance(table, Table)}
    return found


def shapes(place: Place, migrations: tuple[Migration, ...] = RECORDS) -> dict[str, object]:
    database = Database(place, migrations)
    migrated = MetaData()
    with database.read() as connection:
        migrated.reflect(connection)
    database.close()
    return {name: shape(table) for name, table in migrated.tables.items() if name != "schema_version"}


def shape(table: Table) -> dict[str, tuple[type, bool, bool]]:
    return {
        column.name: (column.type.python_type, bool(column.nullable), column.primary_key) for column in table.columns
    }
