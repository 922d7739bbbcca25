"""Keeps several worker processes answering on one listening socket.

Workers are started by fork and exec of a command line, not by fork alone: nothing of this process's threads, locks and
open databases comes along, and a worker is an ordinary process that can be looked at. The socket is opened once and
inherited; while no worker listens, the kernel keeps new connections for the next one.
"""

import json
import logging
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

from ._errors import WorkerStartError
from ._restarts import Restarts
from ._settings import ServerSettings

_log = logging.getLogger("plimsoll.server")
_START_S: Final = 120.0
_KILL_AFTER_S: Final = 10.0
_READ_BYTES: Final = 65536

Command = Callable[[int], Sequence[str]]
"""The command line of a worker, given the number of its line to the supervisor."""


@dataclass(slots=True, eq=False)
class Worker:
    """A process that answers, or will soon."""

    process: "subprocess.Popen[bytes]"
    line: socket.socket
    started_at: float
    ready: bool = False
    told: bool = False
    """It was told to end."""
    kill_at: float = float("inf")
    """When it has had its time to end."""
    said: bytes = b""
    replaces: "Worker | None" = None

    @property
    def failure(self) -> dict[str, str]:
        """Why it could not start, in its own words."""
        with suppress(ValueError):
            found = json.loads(self.said.splitlines()[0]) if self.said else {}
            return found if isinstance(found, dict) else {}
        return {}


@dataclass(slots=True)
class Plan:
    """What is to come."""

    starts: list[float] = field(default_factory=list)
    """When dead workers are started again."""
    to_replace: list[Worker] = field(default_factory=list)
    kill_at: float = float("inf")
    ending: bool = False


class Supervisor:
    """See the module. `run` returns when all workers have ended; raises WorkerStartError."""

    def __init__(
        self, command: Command, listener: socket.socket, settings: ServerSettings, *, on_ready: Callable[[], None]
    ) -> None:
        self._command = command
        self._listener = listener
        self._settings = settings
        self._on_ready = on_ready
        self._told = False
        self._workers: list[Worker] = []
        self._restarts = Restarts()
        self._plan = Plan()
        self._selector = selectors.DefaultSelector()
        self._failure: WorkerStartError | None = None

    def run(self) -> None:
        """Start the workers and keep them up until a signal ends them."""
        woken, wakes = socket.socketpair()
        woken.settimeout(0)
        wakes.settimeout(0)
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        before = {number: signal.signal(number, _noted) for number in numbers}
        fd = signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
        try:
            self._selector.register(woken, selectors.EVENT_READ)
            for _ in range(self._settings.workers):
                self._start()
            while self._workers or (self._plan.starts and not self._plan.ending):
                self._step(woken)
        finally:
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.close()
            woken.close()
            wakes.close()
            for worker in self._workers:
                worker.process.kill()
                worker.process.wait()
                worker.line.close()
        if self._failure is not None:
            raise self._failure

    def _step(self, woken: socket.socket) -> None:
        for key, _ in self._selector.select(self._wait_s()):
            if key.fileobj is woken:
                for number in woken.recv(_READ_BYTES):
                    self._signalled(number)
            else:
                self._heard(key.data)
        self._bury()
        self._act_on_plan()

    def _wait_s(self) -> float:
        now = time.monotonic()
        late = [worker.started_at + _START_S for worker in self._workers if not worker.ready]
        over = [worker.kill_at for worker in self._workers]
        return max(0.0, min([now + 60.0, self._plan.kill_at, *self._plan.starts, *late, *over]) - now)

    def _start(self, replaces: Worker | None = None) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            files = (self._listener.fileno(), theirs.fileno())
            command = list(self._command(theirs.fileno()))
            # A group of its own: Ctrl-C reaches the supervisor alone, which tells the workers in its own way.
            process = subprocess.Popen(command, pass_fds=files, process_group=0, stdin=subprocess.DEVNULL)
        ours.settimeout(0)
        worker = Worker(process, ours, time.monotonic(), replaces=replaces)
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)

    def _heard(self, worker: Worker) -> None:
        try:
            said = worker.line.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self._selector.unregister(worker.line)
            return
        worker.said += said
        if worker.said == b"ready\n" and not worker.ready:
            self._became_ready(worker)

    def _became_ready(self, worker: Worker) -> None:
        worker.ready = True
        self._restarts.ready()
        if worker.replaces is not None:
            self._tell(worker.replaces, signal.SIGTERM)
            worker.replaces = None
        at_work = [each for each in self._workers if each.ready and not each.told]
        if not self._told and len(at_work) >= self._settings.workers:
            self._told = True
            self._restarts.all_ready()
            self._on_ready()

    def _signalled(self, number: int) -> None:
        plan = self._plan
        if number == signal.SIGHUP and not plan.ending:
            _log.info("replacing %d workers one by one", self._settings.workers)
            plan.to_replace = [worker for worker in self._workers if not worker.told]
        elif number in (signal.SIGTERM, signal.SIGINT):
            # A second one does not wait any longer.
            plan.kill_at = time.monotonic() if plan.ending else self._deadline()
            self._end(signal.Signals(number))

    def _deadline(self) -> float:
        return time.monotonic() + self._settings.drain_s + _KILL_AFTER_S

    def _end(self, number: signal.Signals) -> None:
        self._plan.ending = True
        self._plan.starts.clear()
        self._plan.to_replace.clear()
        for worker in self._workers:
            self._tell(worker, number)

    def _tell(self, worker: Worker, number: signal.Signals) -> None:
        if not worker.told:
            worker.told, worker.kill_at = True, self._deadline()
            worker.process.send_signal(number)

    def _bury(self) -> None:
        for worker in [each for each in self._workers if each.process.poll() is not None]:
            self._workers.remove(worker)
            if worker.line in self._selector.get_map():
                self._heard(worker)
            if worker.line in self._selector.get_map():
                self._selector.unregister(worker.line)
            worker.line.close()
            if not worker.told and not self._plan.ending:
                self._died(worker)

    def _died(self, worker: Worker) -> None:
        code, lived_s = worker.process.returncode, time.monotonic() - worker.started_at
        if worker.replaces is not None:
            said = worker.failure.get("message", f"it ended with {code}")
            _log.error("a new worker could not start, so the old ones stay: %s", said)
            self._plan.to_replace.clear()
            return
        wait_s = self._restarts.died(was_ready=worker.ready, lived_s=lived_s)
        if wait_s is None:
            said = worker.failure.get("message", f"a worker ended with {code} before it answered")
            self._failure = WorkerStartError(said, hint=worker.failure.get("hint", ""))
            self._plan.kill_at = self._deadline()
            self._end(signal.SIGTERM)
            return
        _log.error(
            "worker %d died (%s) after %.0f s; the next starts in %g s (%d died so far)",
            worker.process.pid,
            code,
            lived_s,
            wait_s,
            self._restarts.total,
        )
        self._plan.starts.append(time.monotonic() + wait_s)

    def _act_on_plan(self) -> None:
        plan, now = self._plan, time.monotonic()
        due = [at for at in plan.starts if at <= now]
        plan.starts = [at for at in plan.starts if at > now]
        for _ in due:
            self._start()
        if plan.to_replace and not any(worker.replaces is not None for worker in self._workers):
            old = plan.to_replace.pop(0)
            if old in self._workers:
                self._start(replaces=old)
        for worker in self._workers:
            if now >= worker.kill_at:
                _log.error("worker %d did not end in time and is killed", worker.process.pid)
                worker.kill_at = float("inf")
                worker.process.kill()
            if now >= plan.kill_at or (not worker.ready and now - worker.started_at > _START_S):
                worker.process.kill()


def _noted(_number: int, _frame: FrameType | None) -> None:
    """The number is read from the wake-up socket."""
