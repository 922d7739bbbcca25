import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from plimsoll.kernel.errors import IntegrityError, UnavailableError
from plimsoll.storage import Database, StorageFullError, _sqlite
from plimsoll.storage._errors import DatabaseReadOnlyError
from plimsoll.storage.migrations.records import RECORDS

# Rights do not bind root, so root becomes another user once everything is imported.
READ_AND_WRITE = """
import os
import sys
from pathlib import Path
from sqlalchemy import text
from plimsoll.kernel.errors import PlimsollError
from plimsoll.storage import Database
from plimsoll.storage.migrations.records import RECORDS
Database(Path(sys.argv[2]), RECORDS).close()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    database = Database(Path(sys.argv[1]), RECORDS)
    with database.read() as connection:
        print("read", connection.scalar(text("SELECT count(*) FROM application")))
    with database.write() as connection:
        connection.execute(text("INSERT INTO application VALUES ('b', '')"))
    print("written")
except PlimsollError as error:
    print(error.code)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user of this machine can reach."""
    folder = Path(tempfile.mkdtemp(prefix="plimsoll-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def as_reader(path: Path, tmp_path: Path) -> list[str]:
    """What a process sees that may read a folder and its files, and not write them."""
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    command = [sys.executable, "-c", READ_AND_WRITE, str(path), str(tmp_path / "first.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.splitlines()


def test_a_full_database_is_said(tmp_path: Path) -> None:
    database = Database(tmp_path / "some.db", ())

    def fill() -> None:
        with database.write() as connection:
            connection.execute(text("CREATE TABLE thing (name TEXT)"))
            connection.execute(text("PRAGMA max_page_count = 3"))
            connection.execute(text("INSERT INTO thing VALUES (hex(zeroblob(100000)))"))

    with pytest.raises(StorageFullError):
        fill()
    database.close()


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"this was never a database" * 100)
    with pytest.raises(IntegrityError, match="damaged"):
        Database(tmp_path / "bad.db", RECORDS)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnavailableError):
        Database(tmp_path / "file" / "r.db", RECORDS)


def test_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    database = Database(tmp_path / "r.db", RECORDS)
    with database.read() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2
    database.close()


def test_a_file_that_may_only_be_read_while_others_use_it_is_read(open_folder: Path, tmp_path: Path) -> None:
    database = Database(open_folder / "r.db", RECORDS)
    with database.write() as connection:
        connection.execute(text("INSERT INTO application VALUES ('a', '')"))
    assert as_reader(open_folder / "r.db", tmp_path) == ["read 1", "database_read_only"]
    database.close()


def test_a_folder_that_may_only_be_read_is_said_when_nobody_uses_the_file(open_folder: Path, tmp_path: Path) -> None:
    Database(open_folder / "r.db", RECORDS).close()
    assert as_reader(open_folder / "r.db", tmp_path) == ["database_read_only"]


def test_a_folder_that_may_only_be_read_gets_no_new_file(open_folder: Path, tmp_path: Path) -> None:
    (open_folder / "note").write_text("")
    assert as_reader(open_folder / "r.db", tmp_path) == ["database_read_only"]
    assert [path.name for path in open_folder.iterdir()] == ["note"]


def test_a_file_on_a_read_only_disk_is_read_and_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "50% of #1?.db"
    database = Database(path, RECORDS)
    with database.write() as connection:
        connection.execute(text("INSERT INTO application VALUES ('a', '')"))
    database.close()
    monkeypatch.setattr(_sqlite, "_is_on_read_only_disk", lambda _: True)
    database = Database(path, RECORDS)
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM application")) == 1

    def write() -> None:
        with database.write() as connection:
            connection.execute(text("INSERT INTO application VALUES ('b', '')"))

    with pytest.raises(DatabaseReadOnlyError, match="read-only"):
        write()
    database.close()
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
