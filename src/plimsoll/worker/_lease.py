"""One worker for an application at a time: the lock that says which process it is."""

import fcntl
import hashlib
import os
from contextlib import AbstractContextManager
from types import TracebackType

from ._place import JobsPlace
from ._store import ServerLock, reaching

_PERMISSIONS = 0o600


class Lease(AbstractContextManager["Lease"]):
    """Held by the worker, and given back by the system when its process ends, however it ends.

    A lock of a file beside the jobs; with a PostgreSQL server also an advisory lock there, so that of the workers of
    several machines one works and the others stand by.
    """

    def __init__(self, place: JobsPlace) -> None:
        self._place = place
        self._file: int | None = None
        self._server: ServerLock | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def is_held(self) -> bool:
        """Whether this process is the worker; a server that was lost took the lease with it."""
        return self._file is not None and (self._server is None or self._server.is_held())

    def take(self) -> bool:
        """Become the worker, if no other process is. Raises JobsUnreachableError."""
        path = self._place.file.with_name(f"worker-{self._place.app}.lock")
        with reaching(str(path)):
            self._place.make_folder()
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PERMISSIONS)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        if self._place.server is not None:
            self._server = ServerLock(self._place.server, _number(self._place.app))
            if not self._server.take():
                self.release()
                return False
        return True

    def release(self) -> None:
        """Let another process be the worker."""
        if self._server is not None:
            self._server.release()
            self._server = None
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _number(app: str) -> int:
    """A number for the lock of an application: 63 bits of a digest of its name."""
    return int.from_bytes(hashlib.sha256(f"plimsoll worker {app}".encode()).digest()[:8], "big") >> 1
