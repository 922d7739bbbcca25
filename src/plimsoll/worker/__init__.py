"""The worker: takes a job, runs it, records the outcome; and begins jobs when their schedules say so.

A job is durable: it survives the end of the process that runs it, `kill -9` included, and goes on after its last
finished step as soon as a worker starts. One worker at a time runs the jobs of an application. What a job does is known
by a flow (`plimsoll.flows.refresh`); what is remembered of it is kept by DBOS, in a file of its own or in PostgreSQL.
"""

from ._beside import beside
from ._embedders import watching_embedders
from ._errors import WorkerBusyError, WorkerPartsMissingError
from ._jobs import Jobs
from ._lease import Lease
from ._now import refresh_now
from ._place import JobsPlace
from ._schedule import Schedule, schedules_of
from ._types import Job, JobState, Progress
from ._worker import Worker, worker_needed

__all__ = [
    "Job",
    "JobState",
    "Jobs",
    "JobsPlace",
    "Lease",
    "Progress",
    "Schedule",
    "Worker",
    "WorkerBusyError",
    "WorkerPartsMissingError",
    "beside",
    "refresh_now",
    "schedules_of",
    "watching_embedders",
    "worker_needed",
]
