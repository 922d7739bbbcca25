"""What was deleted is in no file any more."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from plimsoll.storage import Database, PostgresPlace, _postgres, _sqlite
from plimsoll.storage._errors import DatabaseBusyError

Place = Path | PostgresPlace

ROWS = 1500
SECRET = b"the-words-of-a-person"


def files(place: Place, database: Database) -> Iterator[Path]:
    """Every file of the tables; the log of a server is its own matter."""
    if isinstance(place, Path):
        yield from place.parent.glob(f"{place.name}*")
        return
    with database.write() as connection:
        folder = Path(str(connection.scalar(text("SHOW data_directory"))))
        names = connection.scalars(
            text(
                "SELECT pg_relation_filepath(oid) FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
                " AND relkind IN ('r', 'i')"
            )
        ).all()
    yield from (folder / name for name in names)


def is_in_files(place: Place, database: Database) -> bool:
    return any(SECRET in file.read_bytes() for file in files(place, database))


def fill(database: Database) -> None:
    """Rows of many sizes that move from page to page as others come, grow and go; every third of them is secret."""
    chance = random.Random(1)
    numbers = list(range(ROWS))
    chance.shuffle(numbers)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE said (id TEXT PRIMARY KEY, words TEXT)"))
    for first in range(0, ROWS, 250):
        with database.write() as connection:
            for number in numbers[first : first + 250]:
                words = ("x" if number % 3 else SECRET.decode()) * chance.randint(1, chance.choice([3, 20, 150, 400]))
                insert = text("INSERT INTO said VALUES (:id, :words)")
                connection.execute(insert, {"id": f"{number:04}", "words": words})
            connection.execute(text("UPDATE said SET words = words || 'yy' WHERE id LIKE '%4'"))


def delete(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("DELETE FROM said WHERE words NOT LIKE 'x%'"))


def write_to_disk(place: Place, database: Database) -> None:
    if isinstance(place, PostgresPlace):
        with database.write() as connection:
            connection.execute(text("CHECKPOINT"))


def test_what_was_deleted_is_in_no_file_after_a_scrub(place: Place) -> None:
    with closing(Database(place, ())) as database:
        fill(database)
        write_to_disk(place, database)
        assert is_in_files(place, database)
        delete(database)
        database.scrub()
        write_to_disk(place, database)
        assert not is_in_files(place, database)
        with database.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM said")) == ROWS * 2 // 3


def test_who_reads_an_older_state_keeps_it_and_the_next_scrub_takes_it_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine in (_sqlite, _postgres):
        monkeypatch.setattr(engine, "_BUSY_TIMEOUT_MS", 100)
    with closing(Database(place, ())) as database:
        fill(database)
        with database.read() as connection:
            assert connection.scalar(text("SELECT count(*) FROM said")) == ROWS
            delete(database)
            with pytest.raises(DatabaseBusyError):
                database.scrub()
            assert connection.scalar(text("SELECT count(*) FROM said")) == ROWS
        database.scrub()
        write_to_disk(place, database)
        assert not is_in_files(place, database)


def test_a_database_is_as_before_after_a_scrub(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES ('a', 'x', 1)"))
    database.scrub()
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES ('a', 'y', 2)"))
    with database.read() as connection:
        assert connection.scalars(text("SELECT name FROM thing ORDER BY name")).all() == ["x", "y"]
