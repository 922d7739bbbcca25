"""The number that changes as soon as somebody else wrote."""

import pytest
from sqlalchemy import text

from plimsoll.storage import Database


def write(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO thing VALUES (:name, 'x', 1)"), {"name": name})


def test_the_state_changes_with_every_commit_and_only_then(database: Database) -> None:
    before = database.state
    if before is None:  # an engine that cannot tell says so every time
        write(database, "a")
        assert database.state is None
        return
    assert database.state == before
    write(database, "a")
    after = database.state
    assert after not in (None, before)
    with database.read() as connection:
        connection.execute(text("SELECT count(*) FROM thing"))
    assert database.state == after


def test_what_was_rolled_back_changes_no_state(database: Database) -> None:
    before = database.state

    def write_and_fail() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO thing VALUES ('a', 'x', 1)"))
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_and_fail()
    assert database.state == before


def test_a_closed_database_tells_its_state_again_and_closes_again(database: Database) -> None:
    known = database.state is not None
    database.close()
    assert (database.state is not None) == known
    database.close()
