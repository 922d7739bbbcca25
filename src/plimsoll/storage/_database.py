"""One SQL database: a transaction is read or write, and every driver error becomes one of ours.

SQLite (WAL) is the embedded engine. Why SQLAlchemy Core and no ORM is in docs/adr/0002-sql-access.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite import insert as conflict_insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.exc import IntegrityError as ConstraintError
from sqlalchemy.pool import ConnectionPoolEntry

from plimsoll.kernel.errors import PlimsollError

from ._errors import DatabaseBusyError, DatabaseDamagedError, StorageFailedError, StorageFullError
from .migrations import Migration, migrate

__all__ = ["Database", "conflict_insert"]
# `conflict_insert` is the dialect's INSERT with `on_conflict_do_…`; SQLite and PostgreSQL spell it the same.

Durability = Literal["full", "normal"]

_BUSY_TIMEOUT_MS = 15_000


class Database:
    """A database file with its schema brought up to date.

    `full` durability survives a power cut after every commit; `normal` may lose the last commits, never the file.
    `if_damaged` is what a person should do when the file is damaged.
    Raises UnavailableError when the place is full, busy or forbidden, and IntegrityError when the file is damaged.
    """

    def __init__(
        self,
        path: Path,
        migrations: tuple[Migration, ...],
        *,
        durability: Durability = "full",
        if_damaged: str = "restore the file from a backup",
    ) -> None:
        self._path = path
        self._if_damaged = if_damaged
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageFailedError(path.parent, error.strerror or str(error)) from error
        self._engine = _sqlite_engine(path, durability)
        try:
            with self._translated():
                migrate(self._engine, migrations)
        except PlimsollError:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the only write lock from its first moment: all of it happens, or nothing."""
        engine = self._engine.execution_options(plimsoll_write=True)
        with self._translated(), engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ConstraintError:
            # A broken rule of the schema is a fault of ours, not of the disk.
            raise
        except DatabaseError as error:
            raise _translate(self._path, error, self._if_damaged) from error


def _sqlite_engine(path: Path, durability: Durability) -> Engine:
    # A URL object and no text, because `?`, `%` and `#` may stand in the path.
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # Autocommit in the driver, because its own implicit BEGIN comes too late to cover reads and DDL.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={durability.upper()}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("plimsoll_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _translate(path: Path, error: DatabaseError, if_damaged: str) -> PlimsollError:
    reason = str(error.orig)
    if "disk is full" in reason:
        return StorageFullError(path)
    if "locked" in reason or "busy" in reason:
        return DatabaseBusyError(path)
    if isinstance(error, OperationalError):
        return StorageFailedError(path, reason)
    return DatabaseDamagedError(path, reason, if_damaged)
