from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.object_storage import ObjectStorage, object_storage

from plimsoll.storage import Database, PostgresPlace


@pytest.fixture(scope="session")
def storage() -> Iterator[ObjectStorage]:
    """A real S3 server of this test run: started when a test first asks for it, stopped at the end."""
    with object_storage() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | PostgresPlace:
    """Where there is no database yet."""
    if request.param == "sqlite":
        return tmp_path / "some.db"
    place: PostgresPlace = request.getfixturevalue("postgres_place")
    return place


@pytest.fixture
def database(place: Path | PostgresPlace) -> Iterator[Database]:
    """A database with one small table that no step made."""
    database = Database(place, ())
    with database.write() as connection:
        connection.execute(text("CREATE TABLE thing (app TEXT, name TEXT, size INTEGER, PRIMARY KEY (app, name))"))
    yield database
    database.close()
