"""One SQL database: a transaction is read or write, and every driver error becomes one of ours.

SQLite (WAL) is the embedded engine, PostgreSQL the grown one. Why SQLAlchemy Core and no ORM is in
docs/adr/0002-sql-access.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import IntegrityError as ConstraintError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ._errors import DatabaseBusyError
from ._opened import Durability, Opened
from ._places import PostgresPlace
from ._sqlite import open_sqlite
from .migrations import Migration, migrate


class Database:
    """A database with its schema brought up to date: a file, or a schema of a PostgreSQL server.

    `full` durability survives a power cut after every commit; `normal` may lose the last commits, never the file (a
    server has its own setting). `page_bytes` is for a new file. `if_damaged` is what a person should do when the data
    is damaged. Raises UnavailableError when the place is full, busy, forbidden or out of reach, IntegrityError when it
    is damaged, and InvalidError when the driver for it is missing.
    """

    def __init__(
        self,
        place: Path | PostgresPlace,
        migrations: tuple[Migration, ...],
        *,
        durability: Durability = "full",
        page_bytes: int = 4096,
        if_damaged: str = "restore it from a backup",
    ) -> None:
        self._opened = _open(place, durability, if_damaged, page_bytes)
        try:
            with self.translated():
                self._opened.prepare()
                migrate(self._opened, migrations)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self.translated(), self._opened.reading.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that holds the only write lock from its first moment: all of it happens, or nothing.

        Raises DatabaseBusyError when another writer does not end within 15 s.
        """
        with self.translated(), self._opened.writing.begin() as connection:
            yield connection

    def scrub(self) -> None:
        """Take what was deleted out of the files as well: they are written anew, which takes as long as they are large.

        A server's own log and its backups keep it for as long as they are kept. Not to be called while this thread is
        in a transaction. Raises DatabaseBusyError when somebody reads an older state for more than 15 s: what was
        deleted stays deleted, and the next call takes it out.
        """
        with self.translated():
            self._opened.scrub()

    @property
    def state(self) -> int | None:
        """A number that is another one as soon as another connection, of any process, committed a change.

        Asking takes a few microseconds and never waits. None where the engine cannot tell: then look again now and
        then.
        """
        return self._opened.watch.state()

    def close(self) -> None:
        """Give back all connections."""
        self._opened.watch.close()
        self._opened.reading.dispose()

    def __repr__(self) -> str:
        return f"Database({self._opened.place!r})"

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Within it every error of the driver becomes one of ours; those of a broken rule of the schema stay."""
        try:
            yield
        except ConstraintError:
            # A broken rule of the schema is a fault of ours, not of the disk.
            raise
        except PoolTimeoutError as error:
            raise DatabaseBusyError(self._opened.place) from error
        except DatabaseError as error:
            raise self._opened.translate(error) from error


def _open(place: Path | PostgresPlace, durability: Durability, if_damaged: str, page_bytes: int) -> Opened:
    if isinstance(place, PostgresPlace):
        # Imported here because few installations have a server.
        from ._postgres import open_postgres

        return open_postgres(place, if_damaged)
    return open_sqlite(place, durability, if_damaged, page_bytes)
