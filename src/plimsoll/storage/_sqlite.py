"""SQLite (WAL) in a file: one writer, readers that see one state, and what its error codes mean."""

import os
import sqlite3
import threading
import time
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from plimsoll.kernel.errors import PlimsollError

from ._errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseReadOnlyError,
    StorageFailedError,
    StorageFullError,
    storage_failure,
)
from ._opened import BUSY_TIMEOUT_MS, NO_TRANSACTION, TRANSACTION, WRITE, Durability, Opened

_BUSY_TIMEOUT_MS = BUSY_TIMEOUT_MS
_WAL_RETRY_S = 0.01
_BEGIN = {"read": "BEGIN", "write": "BEGIN IMMEDIATE", "none": ""}
# Newer SQLite codes carry details in the upper bits.
_PRIMARY = 0xFF


def open_sqlite(path: Path, durability: Durability, if_damaged: str, page_bytes: int) -> Opened:
    """Open (or make) a database file. Raises UnavailableError when its folder cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_failure(path.parent, error) from error
    engine = _engine(path, durability, page_bytes)
    return Opened(
        place=str(path),
        reading=engine,
        writing=engine.execution_options(**WRITE),
        prepare=lambda: None,
        settle=lambda _: None,
        scrub=partial(_scrub, path, engine.execution_options(**NO_TRANSACTION)),
        watch=_FileWatch(path),
        translate=partial(_translate, path, if_damaged),
    )


class _FileWatch:
    """Asks SQLite, on a connection that never writes, whether another one committed since.

    `PRAGMA data_version` reads a counter in shared memory: it takes no lock and touches no page of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def state(self) -> int | None:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
                number: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
            except sqlite3.Error:
                self._forget()
                return None
        return number

    def close(self) -> None:
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _engine(path: Path, durability: Durability, page_bytes: int) -> Engine:
    # A URL object and no text, because `?`, `%` and `#` may stand in the path. On a read-only disk no lock can be
    # taken and nobody writes: SQLite reads such a file only when it is told so.
    if _is_on_read_only_disk(path):
        url = URL.create("sqlite", database=path.absolute().as_uri(), query={"immutable": "1", "uri": "true"})
    else:
        url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        # Autocommit in the driver, because its own implicit BEGIN comes too late to cover reads and DDL.
        connection.isolation_level = None
        cursor = connection.cursor()
        # Only a file that is still empty takes it.
        cursor.execute(f"PRAGMA page_size={page_bytes}")
        _use_wal(cursor)
        cursor.execute(f"PRAGMA synchronous={durability.upper()}")
        cursor.execute("PRAGMA foreign_keys=ON")
        # Most of what is deleted is overwritten at once; `_scrub` does the rest.
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        begin = _BEGIN[connection.get_execution_options().get(TRANSACTION, "read")]
        if begin:
            connection.exec_driver_sql(begin)

    return engine


def _scrub(path: Path, engine: Engine) -> None:
    """Write the file anew, and empty the log beside it.

    `secure_delete` is not enough: when rows move to another page, copies of them stay in the free part of the first.
    """
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")
        busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if busy:
        raise DatabaseBusyError(path.name)


def _use_wal(cursor: DBAPICursor) -> None:
    """Switch a new file to WAL. Of several processes that try at once all but one are told "busy" without a wait."""
    for _ in range(max(1, int(_BUSY_TIMEOUT_MS / 1000 / _WAL_RETRY_S))):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(_WAL_RETRY_S)
        else:
            return
    cursor.execute("PRAGMA journal_mode=WAL")


def _is_on_read_only_disk(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _translate(path: Path, if_damaged: str, error: DatabaseError) -> PlimsollError:
    reason = str(error.orig)
    code = getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY
    if code == sqlite3.SQLITE_FULL:
        return StorageFullError(path)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return DatabaseBusyError(path.name)
    if code == sqlite3.SQLITE_READONLY or (code == sqlite3.SQLITE_CANTOPEN and not os.access(path.parent, os.W_OK)):
        return DatabaseReadOnlyError(path)
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return DatabaseDamagedError(path, reason, if_damaged)
    if isinstance(error, OperationalError) or code:
        return StorageFailedError(path, reason)
    return DatabaseDamagedError(path, reason, if_damaged)
