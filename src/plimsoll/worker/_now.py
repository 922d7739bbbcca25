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
_LOOKS: Final = 8
"""After so many looks at the job of another worker it is seen whether that one is there still."""

OnJob = Callable[[Job], None]
"""Told what is known of the job, again and again until it has ended."""


def refresh_now(place: JobsPlace, settings: Settings, root: Path, knowledge: str, on_job: OnJob) -> Job:
    """Ask for a refresh and wait for its end.

    This process is the worker for as long, unless another one is already; then that one does it, and when that one ends
    too early, this one is the worker after all. While a refresh of the same knowledge base waits or runs, it is joined.
    Whoever stops waiting stops nothing: what was begun goes on in the next worker. Raises JobLostError.
    """
    with Jobs(place) as jobs:
        job: Job | None = None
        while job is None or job.is_active:
            try:
                with Worker(place, settings, root) as worker:
                    asked = job or _asked(worker.jobs, knowledge)
                    return _followed(worker.jobs, asked, lambda now: _told(now, worker, on_job))
            except WorkerBusyError:
                job = _followed(jobs, job or _asked(jobs, knowledge), on_job, looks=_LOOKS)
        return job


def _told(job: Job, worker: Worker, on_job: OnJob) -> None:
    worker.require_running()
    on_job(job)


def _asked(jobs: Jobs, knowledge: str) -> Job:
    return jobs.ask(knowledge, "command")[0]


def _followed(jobs: Jobs, job: Job, on_job: OnJob, *, looks: int | None = None) -> Job:
    """The job when it has ended, or after so many looks at it."""
    done = 0
    while job.is_active and (looks is None or done < looks):
        on_job(job)
        time.sleep(_LOOK_S)
        job, done = jobs.job(job.id), done + 1
    return job
