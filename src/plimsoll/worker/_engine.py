"""Runs jobs with DBOS: one at a time, every finished step remembered, what was left unfinished taken up first."""

import contextvars
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Any, Final

from msgspec import convert, to_builtins

from plimsoll.flows.refresh import RefreshState, Run

from ._errors import JobsUnreachableError, WorkerPartsMissingError
from ._place import PROGRESS, WORKFLOW, JobsPlace
from ._store import reaching
from ._types import Progress, Tell

_log = logging.getLogger("plimsoll.worker")
_TOLD_EVERY_S: Final = 0.5
_MOST_RESTARTS: Final = 20
"""A job in which a process ends so often is given up: it is what ends it."""
_POLL_S: Final = 1.0

Perform = Callable[[RefreshState, Run, Tell], RefreshState]
"""Does a refresh: each step through the given function, and tells how far it is."""


class Stopping(BaseException):
    """The worker ends while a job runs. No error: the job goes on in the next one."""


class GivenUp(BaseException):
    """The job that runs is not ours any more: somebody ended it, or another worker has taken it up. No error either."""


class Engine:
    """The one engine of a process, from `start` to `stop`."""

    def __init__(self, place: JobsPlace, perform: Perform, *, poll_s: float = _POLL_S) -> None:
        """`poll_s` is how often the queue is looked at."""
        self._place = place
        self._poll_s = poll_s
        self._perform = perform
        self._stopping = threading.Event()
        self._running = threading.Lock()

    def start(self) -> None:
        """Take up what was left unfinished, and whatever is asked from now on.

        Raises WorkerPartsMissingError and JobsUnreachableError.
        """
        try:
            from dbos import DBOS
        except ImportError:
            raise WorkerPartsMissingError from None
        DBOS(config=self._place.config())
        try:
            with reaching(str(self._place)):
                self._place.make_folder()
                DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_MOST_RESTARTS)(self._workflow())
                DBOS.listen_queues([self._place.queue])
                DBOS.launch()
                DBOS.register_queue(self._place.queue, worker_concurrency=1, polling_interval_sec=self._poll_s)
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            raise

    @property
    def is_busy(self) -> bool:
        """Whether a job runs here now."""
        return self._running.locked()

    def stop(self, grace_s: float) -> bool:
        """End. A job that runs is left where it is; whether it came to its next safe place in time."""
        from dbos import DBOS

        self._stopping.set()
        ended = self._running.acquire(timeout=grace_s)
        if ended:
            self._running.release()
            DBOS.destroy(destroy_registry=True)
        return ended

    def _workflow(self) -> Callable[[str, str], Any]:
        def refresh(knowledge: str, asked_by: str) -> Any:
            with self._running:
                teller = _Teller(self._stopping)
                state = convert({"knowledge": knowledge, "asked_by": asked_by}, RefreshState)
                try:
                    return to_builtins(self._perform(state, teller.run, teller.tell))
                except Exception:
                    # The job keeps the error alone; where it comes from is said here.
                    _log.exception("the refresh of %s ended with a fault", knowledge)
                    raise

        return refresh


class _Teller:
    """Runs the steps of one job, and writes down how far the present one is.

    A thread of its own writes, at most twice a second: a step may call back from inside an event loop, and as often as
    it likes.
    """

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._given_up = threading.Event()
        self._latest: Progress | None = None
        self._ended = threading.Event()

    def tell(self, stage: str, done: int, total: int) -> None:
        """Note how far a stage is. Raises Stopping when the worker is to end, and GivenUp when this job is."""
        self._latest = Progress(stage, done, total)
        if self._stopping.is_set():
            raise Stopping
        if self._given_up.is_set():
            raise GivenUp

    def run(self, name: str, step: Callable[[], RefreshState]) -> RefreshState:
        """Run a step, or give back what came of it before the process ended."""
        from dbos import DBOS

        def told() -> Any:
            if self._stopping.is_set():
                raise Stopping
            with self._telling():
                return to_builtins(step())

        return convert(DBOS.run_step({"name": name}, told), RefreshState)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        self._ended.clear()
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._write,), name="plimsoll-progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _write(self) -> None:
        from dbos import DBOS, error

        written: Progress | None = None
        while not self._ended.wait(_TOLD_EVERY_S):
            latest = self._latest
            # How far it is is for showing: a database that cannot be written now is no reason to end.
            with suppress(JobsUnreachableError), reaching("the jobs"):
                try:
                    if latest is not None and latest != written:
                        DBOS.set_event(PROGRESS, asdict(latest))
                        written = latest
                    gone = _is_given_up(DBOS.workflow_id)
                except (error.DBOSWorkflowCancelledError, error.DBOSWorkflowConflictIDError):
                    gone = True
                if gone:
                    self._given_up.set()
                    return


def _is_given_up(job_id: str | None) -> bool:
    from dbos import DBOS

    if job_id is None:
        return False
    # In a context of its own: inside the job's, looking would be remembered as one of its steps.
    status = contextvars.Context().run(DBOS.get_workflow_status, job_id)
    return status is not None and status.status == "CANCELLED"


def wait_until(seen: Callable[[], bool], *, every_s: float = _TOLD_EVERY_S) -> None:
    """Look again and again until something has happened in another process."""
    while not seen():
        time.sleep(every_s)
