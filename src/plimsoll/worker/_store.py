"""What of the databases of jobs does not go through DBOS: their errors, and the advisory lock of a server."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from ._errors import JobsUnreachableError


@contextmanager
def reaching(where: str) -> Iterator[None]:
    """Raises JobsUnreachableError for whatever a database does not do."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        # The error itself is not shown: it may hold the address of a server, with its password.
        raise JobsUnreachableError(where, type(error).__name__) from None


class ServerLock:
    """A lock that belongs to one session, and ends with it."""

    def __init__(self, url: str, number: int) -> None:
        self._engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
        self._number = number
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Whether nobody else had it. Raises JobsUnreachableError."""
        with reaching("the PostgreSQL server of the records"):
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            taken = self._connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": self._number})
        return bool(taken)

    def is_held(self) -> bool:
        """Whether the session still lives."""
        try:
            return self._connection is not None and self._connection.scalar(text("SELECT 1")) == 1
        except SQLAlchemyError:
            return False

    def release(self) -> None:
        """End the session."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()
