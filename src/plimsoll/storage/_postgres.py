"""A schema of a PostgreSQL server: the write lock is an advisory lock, and a SQLSTATE says what went wrong."""

import hashlib
import time
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry

from plimsoll.kernel.errors import PlimsollError

from ._errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseLoginError,
    DatabaseReadOnlyError,
    DatabaseUnreachableError,
    DriverMissingError,
    PlaceInvalidError,
    StorageFailedError,
    StorageFullError,
    ValueRefusedError,
)
from ._opened import BUSY_TIMEOUT_MS, NO_TRANSACTION, TRANSACTION, WRITE, NoWatch, Opened
from ._places import PostgresPlace

_BUSY_TIMEOUT_MS = BUSY_TIMEOUT_MS
_CONNECT_TIMEOUT_S = 10
_POOL = {"pool_size": 4, "max_overflow": 12, "pool_pre_ping": True}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_FULL = {"53100"}
_BUSY = {"55P03", "40001", "40P01", "53300"}
_READ_ONLY = {"25006"}
_DAMAGED = {"XX001", "XX002"}
_LOGIN = {"28000", "28P01"}
_GONE = {"57P01", "57P02", "57P03", "57P05"}
_CONNECTION_CLASS = "08"
_DATA_CLASS = "22"
# A refused login has no SQLSTATE in libpq, only the server's sentence.
_LOGIN_WORDS = ("authentication failed", "no password supplied", "pg_hba.conf", "is not permitted to log in")

_LANGUAGE_COLUMNS = text("""
    SELECT t.relname, c.attname FROM pg_attribute c JOIN pg_class t ON t.oid = c.attrelid
    JOIN pg_collation o ON o.oid = c.attcollation
    WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' AND c.attnum > 0 AND NOT c.attisdropped
      AND c.atttypid = 'text'::regtype AND o.collname = 'default'
    ORDER BY t.relname, c.attnum
""")
_TABLES = text(
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY 1"
)
# Who may still see rows that were deleted before a transaction number: sessions, standbys, two-phase transactions.
_OLD_SNAPSHOTS = text("""
    SELECT (SELECT count(*) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND (datname = current_database() OR backend_type = 'walsender')
              AND backend_type <> 'autovacuum worker' AND age(backend_xmin) > age(CAST(:moment AS xid)))
         + (SELECT count(*) FROM pg_replication_slots WHERE age(xmin) > age(CAST(:moment AS xid)))
         + (SELECT count(*) FROM pg_prepared_xacts WHERE age(transaction) > age(CAST(:moment AS xid)))
""")
_SCRUB_RETRY_S = 0.05


def open_postgres(place: PostgresPlace, if_damaged: str) -> Opened:
    """Open a schema; nothing is asked of the server yet. Raises DriverMissingError and PlaceInvalidError."""
    reading = _engine(place)
    writing = reading.execution_options(**WRITE)
    return Opened(
        place=str(place),
        reading=reading,
        writing=writing,
        prepare=lambda: _make_schema(place.schema, reading, writing),
        settle=_order_by_bytes,
        scrub=partial(_scrub, place, reading.execution_options(**NO_TRANSACTION)),
        watch=NoWatch(),
        translate=partial(_translate, place, if_damaged),
    )


def lock_number(schema: str) -> int:
    """The number of a schema's write lock: 64 bits of the digest of its name, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"plimsoll:{schema}".encode()).digest()[:8], "big", signed=True)


def _engine(place: PostgresPlace) -> Engine:
    # The address is read by libpq itself, so that every form that it knows is understood.
    parameters = _parameters(place)
    from psycopg import Connection as DriverConnection
    from psycopg import IsolationLevel

    engine = create_engine("postgresql+psycopg://", connect_args=parameters, hide_parameters=True, **_POOL)
    number = lock_number(place.schema)
    settings = (
        f'SET search_path TO "{place.schema}"',
        "SET timezone TO 'UTC'",
        f"SET lock_timeout TO {_BUSY_TIMEOUT_MS}",
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("; ".join(settings))
        cursor.close()
        connection.autocommit = False

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get(TRANSACTION, "read")
        write = kind == "write"
        # The driver says these with its BEGIN. A writer sees what was committed until it got the lock, and leaves
        # `read_only` open: where the server's own setting is "read only", as on a full disk, that stays in force.
        driver = cast("DriverConnection", connection.connection.driver_connection)
        driver.autocommit = kind == "none"
        driver.isolation_level = IsolationLevel.READ_COMMITTED if write else IsolationLevel.REPEATABLE_READ
        driver.read_only = True if kind == "read" else None
        if write:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({number})")

    return engine


def _parameters(place: PostgresPlace) -> dict[str, Any]:
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        raise DriverMissingError from error
    try:
        given = conninfo_to_dict(place.url)
    except ProgrammingError:
        # Its sentence quotes the url, password and all.
        raise PlaceInvalidError(
            f"libpq cannot read the address of {place.server}", "check the part after the ? and the port"
        ) from None
    return {"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "plimsoll", **given}


def _make_schema(schema: str, reading: Engine, writing: Engine) -> None:
    """Make the schema where it is missing; who may not make schemas can use one that somebody made for them."""
    with reading.begin() as connection:
        if _has_schema(connection, schema):
            return
    with writing.begin() as connection:
        if not _has_schema(connection, schema):
            connection.execute(text(f'CREATE SCHEMA "{schema}"'))


def _order_by_bytes(connection: Connection) -> None:
    """Give every text column the order of its bytes, as in SQLite, whatever language the server was set up for.

    It also keeps the indexes whole when the server's operating system changes how it sorts a language.
    """
    changes: dict[str, list[str]] = {}
    for table, column in connection.execute(_LANGUAGE_COLUMNS):
        changes.setdefault(table, []).append(f'ALTER "{column}" TYPE text COLLATE "C"')
    for table, parts in changes.items():
        connection.execute(text(f'ALTER TABLE "{table}" {", ".join(parts)}'))


def _scrub(place: PostgresPlace, engine: Engine) -> None:
    """Write the tables anew, because deleted rows stay in their files until then.

    Rows that another transaction may still see are kept even so; therefore those that began before are waited for.
    """
    with engine.connect() as connection:
        moment = connection.scalar(text("SELECT pg_current_xact_id()::xid::text"))
        for _ in range(int(_BUSY_TIMEOUT_MS / 1000 / _SCRUB_RETRY_S)):
            if not connection.scalar(_OLD_SNAPSHOTS, {"moment": moment}):
                break
            time.sleep(_SCRUB_RETRY_S)
        else:
            raise DatabaseBusyError(str(place))
        tables = ", ".join(f'"{table}"' for table in connection.scalars(_TABLES))
        if tables:
            connection.exec_driver_sql(f"VACUUM (FULL) {tables}")


def _has_schema(connection: Connection, schema: str) -> bool:
    query = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
    return connection.scalar(query, {"schema": schema}) is not None


def _translate(place: PostgresPlace, if_damaged: str, error: DatabaseError) -> PlimsollError:
    state = getattr(error.orig, "sqlstate", None)
    if not state:
        return _translate_connection(place, error)
    known: tuple[tuple[set[str], PlimsollError], ...] = (
        (_FULL, StorageFullError(str(place))),
        (_BUSY, DatabaseBusyError(str(place))),
        (_READ_ONLY, DatabaseReadOnlyError(str(place))),
        (_DAMAGED, DatabaseDamagedError(str(place), _reason(error), if_damaged)),
        (_LOGIN, DatabaseLoginError(place.server, _reason(error))),
        (_GONE, DatabaseUnreachableError(place.server, _reason(error))),
    )
    for states, meaning in known:
        if state in states:
            return meaning
    if state.startswith(_CONNECTION_CLASS):
        return DatabaseUnreachableError(place.server, _reason(error))
    if state.startswith(_DATA_CLASS):
        return ValueRefusedError(str(place), _reason(error))
    return StorageFailedError(str(place), _reason(error))


def _translate_connection(place: PostgresPlace, error: DatabaseError) -> PlimsollError:
    reason = _reason(error)
    if any(words in reason for words in _LOGIN_WORDS):
        return DatabaseLoginError(place.server, reason)
    if "FATAL" in reason:
        # The server answered, and said no: an unknown database or role, or too many connections.
        return StorageFailedError(str(place), reason)
    if error.connection_invalidated or isinstance(error.orig, _operational()):
        return DatabaseUnreachableError(place.server, reason)
    return ValueRefusedError(str(place), reason)


def _operational() -> type[Exception]:
    from psycopg import OperationalError

    return OperationalError


def _reason(error: DatabaseError) -> str:
    """The first line: the others are details and may quote values."""
    return str(error.orig).strip().partition("\n")[0]
