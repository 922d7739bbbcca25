"""Where jobs are kept, and how DBOS is told."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from plimsoll.settings import Settings

from ._errors import WorkerPartsMissingError

if TYPE_CHECKING:
    from dbos import DBOSClient, DBOSConfig

WORKFLOW: Final = "refresh"
FORMAT: Final = "1"
"""Of the steps of a job and of what they remember. Jobs of another format cannot go on."""
PROGRESS: Final = "progress"
_SCHEMA: Final = "plimsoll_jobs"
"""On a server; a file has its tables to itself, and DBOS leaves schemas out there."""


@dataclass(frozen=True, slots=True)
class JobsPlace:
    """The jobs of one application: a file in the home folder, or a schema of the server that has the records."""

    app: str
    file: Path
    """The database of jobs, and the name of the lock beside it."""
    server: str | None = field(default=None, repr=False)
    """The address of a PostgreSQL server, which may hold a password."""

    @classmethod
    def of(cls, settings: Settings, app: str) -> "JobsPlace":
        """Where an installation keeps the jobs of an application."""
        return cls(app, settings.home / "jobs.db", settings.database_url)

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        return self.server or f"sqlite:///{self.file}"

    @property
    def queue(self) -> str:
        """The name of the application's queue."""
        return f"plimsoll-{self.app}"

    @property
    def mark(self) -> str:
        """What the names of the application's jobs begin with. No application's name has a colon in it."""
        return f"{self.app}:"

    @property
    def exists(self) -> bool:
        """Whether a job may have been kept; of a server that is not known before it is asked."""
        return self.server is not None or self.file.exists()

    def __str__(self) -> str:
        return "the PostgreSQL server of the records" if self.server else str(self.file)

    def make_folder(self) -> None:
        """The folder in which jobs and locks are kept, closed to other users."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def config(self) -> "DBOSConfig":
        """For the process that runs jobs. State is kept as JSON, never as pickles."""
        _keep_quiet()
        from dbos import DBOSPortableJSONSerializer

        config: DBOSConfig = {
            "name": "plimsoll",
            "system_database_url": self.url,
            "serializer": DBOSPortableJSONSerializer(),
            "application_version": FORMAT,
            # What was left behind by a worker of this application is taken up by its next one, wherever that runs.
            "executor_id": self.app,
            "dbos_system_schema": _SCHEMA,
            "log_level": "CRITICAL",
            "console_log_level": "CRITICAL",
            "enable_otlp": False,
        }
        return config

    def client(self) -> "DBOSClient":
        """For every other process. Raises WorkerPartsMissingError."""
        _keep_quiet()
        try:
            from dbos import DBOSClient, DBOSPortableJSONSerializer, run_dbos_database_migrations
        except ImportError:
            raise WorkerPartsMissingError from None
        if self.server or not self.file.exists():
            self.make_folder()
            run_dbos_database_migrations(system_database_url=self.url, schema=_SCHEMA)
        return DBOSClient(
            system_database_url=self.url,
            dbos_system_schema=_SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            retry_connection_errors=False,
        )


def _keep_quiet() -> None:
    """Keep DBOS from writing to the standard error by itself: what became of a job is in the job."""
    logger = logging.getLogger("dbos")
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False
