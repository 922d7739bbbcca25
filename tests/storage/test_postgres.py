import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from plimsoll.kernel.errors import PlimsollError
from plimsoll.storage import Database, PostgresPlace, StorageFullError
from plimsoll.storage._errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseLoginError,
    DatabaseReadOnlyError,
    DatabaseUnreachableError,
    DriverMissingError,
    PlaceInvalidError,
    StorageFailedError,
    ValueRefusedError,
)
from plimsoll.storage._postgres import lock_number
from plimsoll.storage.migrations.records import RECORDS

PASSWORD = "h7 Secret!"  # noqa: S105  the password of a role of this test
UNUSED_PORT = 1


@pytest.fixture
def database(postgres_place: PostgresPlace) -> Iterator[Database]:
    database = Database(postgres_place, ())
    yield database
    database.close()


def run(database: Database, statement: str) -> None:
    with database.write() as connection:
        connection.execute(text(statement))


def role(database: Database, postgres_url: str, *, login: str = "scram-sha-256") -> str:
    """A role of its own with `PASSWORD`; its url without one."""
    name = f"role_{secrets.token_hex(4)}"
    run(database, f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    with database.read() as connection:
        file = connection.scalar(text("SHOW hba_file"))
    rules = Path(file)
    rules.write_text(f"local all {name} {login}\n{rules.read_text()}")
    run(database, "SELECT pg_reload_conf()")
    return f"postgresql://{name}:{{}}@/postgres?{urlsplit(postgres_url).query}"


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("53100", StorageFullError),
        ("40001", DatabaseBusyError),
        ("40P01", DatabaseBusyError),
        ("55P03", DatabaseBusyError),
        ("XX001", DatabaseDamagedError),
        ("XX002", DatabaseDamagedError),
        ("08006", DatabaseUnreachableError),
        ("42501", StorageFailedError),
        ("22003", ValueRefusedError),
    ],
)
def test_what_the_server_says_is_one_of_our_errors(database: Database, state: str, error: type[PlimsollError]) -> None:
    with pytest.raises(error, match=r"the (disk|database|PostgreSQL server)"):
        run(database, f"DO $$ BEGIN RAISE EXCEPTION 'said by the server' USING ERRCODE = '{state}'; END $$")


def test_what_a_reader_tries_to_write_is_refused(database: Database) -> None:
    with pytest.raises(DatabaseReadOnlyError), database.read() as connection:
        connection.execute(text("CREATE TABLE thing (name TEXT)"))


def test_a_server_that_may_only_be_read_is_read(postgres_place: PostgresPlace) -> None:
    Database(postgres_place, RECORDS).close()
    reading = PostgresPlace(
        f"{postgres_place.url}&options=-c%20transaction_read_only%3Don%20-c%20default_transaction_read_only%3Don",
        postgres_place.schema,
    )
    database = Database(reading, RECORDS)
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM application")) == 0
    with pytest.raises(DatabaseReadOnlyError, match="read-only"):
        run(database, "INSERT INTO application VALUES ('a', '')")
    database.close()


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    place = PostgresPlace(f"postgresql://me:{quote(PASSWORD)}@127.0.0.1:{UNUSED_PORT}/db", "records")
    with pytest.raises(DatabaseUnreachableError, match=r"127\.0\.0\.1:1") as caught:
        Database(place, RECORDS)
    shown = f"{caught.value} {caught.value.hint} {caught.value.__cause__!r} {caught.value.__cause__} {place} {place!r}"
    assert "Secret" not in shown
    assert caught.value.retry_after_s


def test_a_wrong_password_is_said_and_not_shown(database: Database, postgres_url: str) -> None:
    url = role(database, postgres_url)
    run(database, "CREATE SCHEMA IF NOT EXISTS for_all")
    with pytest.raises(DatabaseLoginError, match="authentication failed") as caught:
        Database(PostgresPlace(url.format("wrong-Secret"), "for_all"), ())
    assert "Secret" not in f"{caught.value} {caught.value.__cause__}"
    Database(PostgresPlace(url.format(quote(PASSWORD)), "for_all"), ()).close()


def test_who_may_not_make_a_schema_is_told(database: Database, postgres_url: str) -> None:
    url = role(database, postgres_url, login="trust").format("")
    with pytest.raises(StorageFailedError, match="permission denied"):
        Database(PostgresPlace(url, "not_there"), ())


def test_a_database_that_is_not_there_is_said(postgres_url: str) -> None:
    with pytest.raises(StorageFailedError, match="does not exist"):
        Database(PostgresPlace(postgres_url.replace("/postgres?", "/nowhere?"), "records"), ())


def test_a_connection_that_the_server_closed_is_replaced(database: Database, postgres_place: PostgresPlace) -> None:
    other = Database(postgres_place, ())
    with other.read() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
    run(database, f"SELECT pg_terminate_backend({process}, 5000)")
    with other.read() as connection:
        assert connection.scalar(text("SELECT pg_backend_pid()")) != process
    other.close()


def test_a_connection_that_ends_while_it_is_used_is_said(database: Database, postgres_place: PostgresPlace) -> None:
    other = Database(postgres_place, ())

    def be_ended() -> None:
        with other.read() as connection:
            process = connection.scalar(text("SELECT pg_backend_pid()"))
            run(database, f"SELECT pg_terminate_backend({process}, 5000)")
            connection.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnreachableError):
        be_ended()
    other.close()


def test_a_text_that_the_server_cannot_keep_is_bad_input(records_table: Database) -> None:
    with pytest.raises(ValueRefusedError, match="NUL"), records_table.write() as connection:
        connection.execute(text("INSERT INTO application VALUES (:app, '')"), {"app": "a\x00b"})


@pytest.fixture
def records_table(postgres_place: PostgresPlace) -> Iterator[Database]:
    database = Database(postgres_place, RECORDS)
    yield database
    database.close()


def test_every_text_column_is_ordered_by_its_bytes(records_table: Database) -> None:
    query = """
        SELECT collation_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND table_name <> 'schema_version'
    """
    with records_table.read() as connection:
        assert set(connection.scalars(text(query))) == {"C"}


def test_two_schemas_of_one_server_are_strangers(postgres_url: str) -> None:
    first, second = (Database(PostgresPlace(postgres_url, f"stranger_{n}"), ()) for n in "ab")
    with first.write() as connection:
        connection.execute(text("CREATE TABLE thing (name TEXT)"))
        # The other one's lock is another lock.
        run(second, "CREATE TABLE thing (name TEXT)")
    first.close()
    second.close()


def test_the_number_of_a_lock_never_changes() -> None:
    """Two versions of Plimsoll that write to one schema must ask for the same lock."""
    assert lock_number("plimsoll") == -2727069168521428996
    assert -(2**63) <= lock_number("x") < 2**63


def test_a_missing_driver_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DriverMissingError) as caught:
        Database(PostgresPlace("postgresql://h/db", "records"), ())
    assert "pip install 'plimsoll[postgres]'" in caught.value.hint


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_both_schemes_are_understood(postgres_place: PostgresPlace, scheme: str) -> None:
    url = postgres_place.url.replace("postgresql:", f"{scheme}:", 1)
    Database(PostgresPlace(url, postgres_place.schema), ()).close()


@pytest.mark.parametrize("schema", ["", "A", "1a", "a-b", 'a"b', "pg_mine", "x" * 64, "a\n", "ä"])
def test_a_name_that_is_no_schema_is_refused(schema: str) -> None:
    with pytest.raises(PlaceInvalidError, match="schema"):
        PostgresPlace("postgresql://h/db", schema)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://u:Secret@h/db",
        "host=h password=Secret",
        "postgresql://u:Sec/ret@h/db",
        "postgresql://u:Sec?ret@h/db",
        "postgresql://u:Sec#ret@h/db",
        "postgresql://u:Sec[ret@h/db",
        "postgresql://u:Sec ret@h/db",
    ],
)
def test_an_address_that_is_none_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(PlaceInvalidError) as caught:
        PostgresPlace(url, "records")
    assert "ret" not in f"{caught.value}"
    assert caught.value.__cause__ is None


def test_an_address_that_libpq_refuses_is_not_shown() -> None:
    with pytest.raises(PlaceInvalidError, match="h:5432") as caught:
        Database(PostgresPlace("postgresql://u:Secret@h/db?colour=red", "records"), ())
    assert "Secret" not in f"{caught.value}"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=4))
def test_a_password_stands_in_no_text_of_its_place(password: str) -> None:
    place = PostgresPlace(f"postgresql://me:{quote(password, safe='')}@db.example/app", "records")
    assert place.server == "db.example:5432"
    assert str(place) == "the database app on db.example:5432 (schema records)"
    assert repr(place) == "PostgresPlace(server='db.example:5432', schema='records')"
