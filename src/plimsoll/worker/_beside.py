"""A worker as a process of its own, beside a server."""

import logging
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

_log = logging.getLogger("plimsoll.worker")
_END_S: Final = 20.0
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


@contextmanager
def beside(command: Sequence[str]) -> Iterator[None]:
    """Keep a process running while this block does; it is started again when it ends, with longer and longer pauses.

    Its standard input is a pipe of ours, so that it can notice the end of this process, however that comes.
    """
    ending = threading.Event()
    keeper = threading.Thread(target=_keep, args=(command, ending), name="plimsoll-worker-keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ending.set()
        keeper.join(_END_S + 5)


def _keep(command: Sequence[str], ending: threading.Event) -> None:
    pause_s = _FIRST_PAUSE_S
    while not ending.is_set():
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and not ending.wait(_FIRST_PAUSE_S):
                pass
            _end(process)
        if not ending.is_set():
            _log.warning("the worker ended with %d and is started again in %g s", process.returncode, pause_s)
            ending.wait(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        # Nothing is lost: what it was at goes on in the next worker.
        process.kill()
