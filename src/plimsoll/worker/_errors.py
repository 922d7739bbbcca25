"""Why there is no worker."""

from plimsoll.kernel.errors import ConflictError, UnavailableError


class WorkerBusyError(ConflictError):
    """Another process is the worker of this application."""

    code = "worker_busy"

    def __init__(self, app: str, where: str) -> None:
        super().__init__(
            f"another process is the worker of {app} ({where})",
            hint="it runs what waits; see `plimsoll knowledge status`, or end that process first",
        )


class WorkerPartsMissingError(UnavailableError):
    """The library that keeps jobs is not installed."""

    code = "worker_parts_missing"

    def __init__(self) -> None:
        super().__init__("jobs need the package dbos, which is not installed", hint="pip install 'dbos>=3.4,<4'")


class JobLostError(UnavailableError):
    """A job is kept as running, and nothing runs: how it went on could not be written down."""

    code = "job_lost"

    def __init__(self, knowledge: str, where: str) -> None:
        super().__init__(
            f"the refresh of {knowledge} could not be written down in {where}, and does not run any more",
            hint="see that there is room, and start a worker again: it goes on after the last step that was kept",
        )


class JobsUnreachableError(UnavailableError):
    """The place where jobs are kept cannot be used."""

    code = "jobs_unreachable"

    def __init__(self, where: str, kind: str) -> None:
        super().__init__(
            f"jobs cannot be kept in {where} ({kind})", hint="see that it can be reached and written, and has room"
        )
