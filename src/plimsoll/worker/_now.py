"""A refresh that somebody waits for."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from plimsoll.settings import Settings

from ._errors import WorkerBusyError
from ._jobs import Jobs
from ._place import JobsPlace
from ._types import Job
from ._worker import Worker

_LOOK_S: Final = 0.5

OnJob = Callable[[Job], None]
"""Told what is known of the job, again and again until it has ended."""


def refresh_now(place: JobsPlace, settings: Settings, root: Path, knowledge: str, on_job: OnJob) -> Job:
    """Ask for a refresh and wait for its end.

    This process is the worker for as long, unless another one is already; then that one does it. While a refresh of the
    same knowledge base waits or runs, it is joined. Whoever stops waiting stops nothing: what was begun goes on in the
    next worker.
    """
    with Jobs(place) as jobs:
        try:
            with Worker(place, settings, root) as worker:
                return _follow(worker.jobs, knowledge, on_job)
        except WorkerBusyError:
            return _follow(jobs, knowledge, on_job)


def _follow(jobs: Jobs, knowledge: str, on_job: OnJob) -> Job:
    job, _ = jobs.ask(knowledge, "command")
    while job.is_active:
        on_job(job)
        time.sleep(_LOOK_S)
        job = jobs.job(job.id)
    return job
