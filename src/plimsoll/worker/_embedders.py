"""A thread that asks the embedders of what is live whether they are what they were: at start, and again and again."""

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from plimsoll.flows.refresh.watch import EmbedderChecks
from plimsoll.kernel.clock import utc_now
from plimsoll.kernel.errors import PlimsollError

if TYPE_CHECKING:
    from plimsoll.bootstrap import Platform

_log = logging.getLogger("plimsoll.worker")
EVERY: Final = timedelta(hours=6)
AGAIN: Final = timedelta(minutes=15)
"""After a check in which an embedder did not answer."""
_FIRST_S: Final = 1.0
"""In which a server becomes ready."""
_TICK_S: Final = 60.0
_SKEW: Final = timedelta(minutes=1)
_WAIT_S: Final = 0.5
_END_S: Final = 2.0
_PERMISSIONS: Final = 0o600

Opened = Callable[[], "AbstractContextManager[Platform]"]
"""Opens the platform for one look; a server gives the one that it has, with its embedders."""


@contextmanager
def watching_embedders(opened: Opened, lock: Path, *, at_start: bool) -> Iterator[None]:
    """Ask in the background for as long as this block runs. Nothing waits for it, and nothing of it ends the block.

    `at_start` asks at once, whenever others asked last. Of several processes with one `lock` one asks at a time, and
    those that waited for it take what it found.
    """
    ending = threading.Event()
    watcher = EmbedderWatcher(opened, lock, ending, at_start=at_start)
    thread = threading.Thread(target=watcher.run, name="plimsoll-embedders", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        # One that waits for a server is left behind; it ends with the process.
        thread.join(_END_S)


class EmbedderWatcher:
    """Decides when to ask.

    - At start, where told so, unless another process did since this one started.
    - When something else is live than what was asked about last.
    - Six hours after the last time, and a quarter of an hour after it where an embedder did not answer.
    - When the last time lies in the future, because the clock was set back.
    """

    def __init__(
        self,
        opened: Opened,
        lock: Path,
        ending: threading.Event,
        *,
        at_start: bool,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._opened = opened
        self._lock = lock
        self._ending = ending
        self._now = now
        self._not_before = now() if at_start else None

    def run(self) -> None:
        """Look every minute whether it is time, until told to end."""
        pause_s = _FIRST_S
        while not self._ending.wait(pause_s):
            pause_s = _TICK_S if self._ticked() else AGAIN.total_seconds()

    def tick(self) -> EmbedderChecks | None:
        """Ask if it is time; what was found, or None. Raises what opening and reading records raises."""
        with self._opened() as platform:
            watch = platform.embedder_watch()
            if not self._is_due(watch.last(), live := _digests(platform)):
                return None
            with self._alone():
                if self._ending.is_set() or not self._is_due(watch.last(), live):
                    return None
                found = watch.check()
        self._not_before = None
        self._tell(found)
        return found

    def _ticked(self) -> bool:
        """Whether looking went well; what went wrong is logged, unless it is that everything ends."""
        try:
            self.tick()
        except PlimsollError as error:
            said = error.message
        except Exception as error:  # noqa: BLE001  # the thread goes on, and a server does not end for a check
            said = f"{type(error).__name__}: {error}"
        else:
            return True
        if not self._ending.is_set():
            _log.warning("embedders were not checked: %s", said)
        return False

    def _is_due(self, last: EmbedderChecks | None, live: tuple[str, ...]) -> bool:
        if last is None:
            return bool(live)
        if last.live != live:
            return True
        if self._not_before is not None and last.checked_at < self._not_before:
            return True
        age = self._now() - last.checked_at
        return age >= (EVERY if last.is_complete else AGAIN) or age < -_SKEW

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While no other process asks. Given back by the system when the process ends."""
        self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PERMISSIONS)
        try:
            while not _locked(file) and not self._ending.wait(_WAIT_S):
                pass
            yield
        finally:
            os.close(file)

    def _tell(self, found: EmbedderChecks) -> None:
        for check in found.checks:
            if check.verdict == "changed":
                _log.warning("knowledge %s: %s; %s", check.knowledge, check.why, check.hint)
            elif check.verdict == "not checked":
                _log.warning("the embedder of knowledge %s was not checked: %s", check.knowledge, check.why)
            else:
                _log.info("the embedder of knowledge %s is what it was", check.knowledge)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _digests(platform: "Platform") -> tuple[str, ...]:
    return tuple(sorted({index.index for index in platform.embedder_watch().live()}))
