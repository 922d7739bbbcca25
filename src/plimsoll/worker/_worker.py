"""The worker of an application: runs its jobs, and begins those that are due."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from plimsoll.flows.refresh import RefreshState, Run
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.digest import Digest
from plimsoll.kernel.errors import PlimsollError
from plimsoll.settings import Settings

from ._engine import Engine
from ._errors import JobLostError, WorkerBusyError
from ._jobs import Jobs
from ._lease import Lease
from ._perform import Performer
from ._place import JobsPlace
from ._schedule import Schedule, schedules_of
from ._types import Job, Tell

_log = logging.getLogger("plimsoll.worker")
_TICK_S: Final = 2.0
_READ_AGAIN: Final = timedelta(minutes=1)
_SKEW: Final = timedelta(minutes=1)
"""How far the clocks of machines that share jobs may differ."""
_LOST_S: Final = 30.0
_FAILED_AGAIN: Final = timedelta(minutes=10)
_GRACE_S: Final = 10.0
_LEFT: Final = 75
"""The exit code of a process whose step had to be left (sysexits: try again later)."""
_KEPT: Final = 200
"""Ended jobs that are remembered."""


class Worker(AbstractContextManager["Worker"]):
    """The only worker of its application, from entering it to leaving it.

    Raises WorkerBusyError when another process is.
    """

    def __init__(
        self, place: JobsPlace, settings: Settings, root: Path, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._place = place
        self._root = root
        self._now = now
        self._performer = Performer(root, settings)
        self._lease = Lease(place)
        self._engine = Engine(place, self._perform)
        self.jobs = Jobs(place)
        self._started = now()
        self._read: frozenset[tuple[Path, int]] = frozenset()
        self._read_again = self._started
        self._known: Mapping[str, Schedule] = {}
        self._seen: dict[str, Digest] = {}
        self._looked: dict[str, datetime] = {}
        self._said = ""
        self._lost = ("", 0.0)
        self._monotonic = time.monotonic

    def __enter__(self) -> Self:
        if not self._lease.take():
            raise WorkerBusyError(self._place.app, str(self._place))
        try:
            self.jobs.end_unreadable()
            self._engine.start()
        except BaseException:
            self._lease.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended = self._engine.stop(_GRACE_S)
        self.jobs.close()
        if not ended:
            # A thread that works cannot be ended, and would keep the process for as long as its step takes. What it
            # does is safe to lose: it goes on after its last finished step, as after `kill -9`.
            _log.warning("the step that runs does not end in %g s: it goes on in the next worker", _GRACE_S)
            os._exit(_LEFT)
        self._lease.release()

    def run(self, stop: threading.Event) -> None:
        """Begin what is due until told to stop, or until the lease is lost. Raises JobLostError."""
        while not stop.is_set() and self._lease.is_held:
            self.tick()
            self.require_running()
            stop.wait(_TICK_S)

    def require_running(self) -> None:
        """Raises JobLostError when a job is kept as running and none runs for half a minute, as after a full disk.

        It would be so for ever, and nothing else of its knowledge base could begin; the next worker takes it up.
        """
        try:
            job = None if self._engine.is_busy else self.jobs.running()
        except PlimsollError:
            return
        name, since = self._lost
        if job is None or job.id != name:
            self._lost = (job.id if job else "", self._monotonic())
        elif self._monotonic() - since >= _LOST_S:
            raise JobLostError(job.knowledge, str(self._place))

    def tick(self) -> list[Job]:
        """Begin what is due now; what was begun.

        A project with mistakes begins nothing and says so in the log, and so does a place of jobs that cannot be used
        just now.
        """
        # A clock that was set back must not put anything off until it shows that time again.
        self._started = min(self._started, self._now())
        try:
            found = self._begun(self._schedules())
            if found:
                self.jobs.forget_old(_KEPT)
        except PlimsollError as error:
            if error.message != self._said:
                _log.warning("no refresh begins: %s", error.message)
            self._said = error.message
            return []
        self._said = ""
        return found

    def _begun(self, schedules: Mapping[str, Schedule]) -> list[Job]:
        latest = self.jobs.latest(until=self._now() + _SKEW) if schedules else {}
        begun = [self._begin(name, schedule, latest.get(name)) for name, schedule in schedules.items()]
        return [job for job in begun if job is not None]

    def _schedules(self) -> Mapping[str, Schedule]:
        """Read again when a file of the project changed, and every minute: what it names may have come or gone.

        Raises what reading the project raises.
        """
        from plimsoll.project import load_project

        stamps, now = _stamps(self._root), self._now()
        if stamps != self._read or not self._read_again - _READ_AGAIN <= now < self._read_again:
            self._read, self._read_again, self._known = stamps, now + _READ_AGAIN, {}
            self._known = schedules_of(load_project(self._root))
        return self._known

    def _begin(self, name: str, schedule: Schedule, last: Job | None) -> Job | None:
        if last is not None and last.is_active:
            return None
        due = schedule.due_at(last.asked_at if last else None, self._started)
        if due is not None and due <= self._now():
            return self.jobs.ask(name, "schedule")[0]
        if schedule.on_change_s is not None and (self._failed(last) or self._changed(name, schedule.on_change_s)):
            return self.jobs.ask(name, "change")[0]
        return None

    def _failed(self, last: Job | None) -> bool:
        """Whether the last refresh ended with an error some time ago: what it was to index is still to be indexed."""
        if last is None or last.ended_at is None or last.is_given_up:
            return False
        if self._now() < last.ended_at + _FAILED_AGAIN:
            return False
        return last.state == "fault" or (last.result is not None and last.result.outcome == "failed")

    def _changed(self, name: str, every_s: int) -> bool:
        """Whether the sources hold something else than at the last look; at the first look they may."""
        looked = self._looked.get(name)
        if looked is not None and looked <= self._now() < looked + timedelta(seconds=every_s):
            return False
        self._looked[name] = self._now()
        try:
            seen = self._performer.seen(name)
        except PlimsollError as error:
            _log.warning("the sources of %s cannot be looked at: %s", name, error.message)
            return False
        before = self._seen.get(name)
        self._seen[name] = seen
        return before != seen

    def _perform(self, state: RefreshState, run: Run, tell: Tell) -> RefreshState:
        with Jobs(self._place) as jobs:
            last = jobs.last_ended(state.knowledge)
        ended = self._performer.refresh(state, run, tell, last)
        _log.info("refresh of %s ended as %s: %s", state.knowledge, ended.outcome, ended.why)
        return ended


def _stamps(root: Path) -> frozenset[tuple[Path, int]]:
    """When each project file was changed last; those that go away meanwhile are as if they had not been there."""
    found = set()
    for path in (*root.glob("*.yaml"), *root.glob("*/*.yaml")):
        with suppress(OSError):
            found.add((path, path.stat().st_mtime_ns))
    return frozenset(found)


def worker_needed(place: JobsPlace, root: Path) -> bool:
    """Whether the project has a schedule, or any of its jobs waits."""
    from plimsoll.project import load_project

    try:
        scheduled = bool(schedules_of(load_project(root)))
    except PlimsollError:
        # A server serves its live release whatever stands in the files now.
        scheduled = False
    if scheduled or not place.exists:
        return scheduled
    with Jobs(place) as jobs:
        return jobs.waiting()
