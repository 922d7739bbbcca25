"""Runs the application on a port, in this process or in several."""

import json
import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from starlette.types import ASGIApp

from plimsoll.kernel.errors import PlimsollError

from ._cors import checked_origins
from ._listen import bind, url_of
from ._memory import collecting_seldom
from ._server import OnReady, Server
from ._settings import ServerSettings
from ._supervisor import Supervisor
from ._tls import tls_context

_log = logging.getLogger("plimsoll.server")
_SPARE_FILES = 512
_FEW_FILES = 4096


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a worker has from its supervisor, as numbers of open files: the listening socket, and the line to it."""

    listener: int
    line: int


def run_server(app: ASGIApp, settings: ServerSettings, *, on_ready: OnReady | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests in flight for at most `settings.drain_s`.

    `on_ready` is called once with the address to open, such as `http://127.0.0.1:8000`, when requests are accepted.
    SIGHUP reads the TLS certificate again; without TLS it ends the server like SIGTERM. Raises PortInUseError,
    ListenError, CertificateError and OriginError before anything is started.
    """
    server = Server(app, settings, on_ready=on_ready)
    _allow_files(settings)
    with bind(settings.host, settings.port) as listener:
        _run(server, listener, on_hangup=server.reload if settings.tls else server.stop)


def run_workers(
    command: Callable[[Inherited], Sequence[str]], settings: ServerSettings, *, on_ready: OnReady | None = None
) -> None:
    """Bind the port, and keep `settings.workers` processes answering on it until SIGINT or SIGTERM.

    `command` gives the command line of a worker, which calls `run_worker`. `on_ready` is called when all answer.
    SIGHUP replaces the workers one by one. Raises as `run_server`, and WorkerStartError.
    """
    checked_origins(settings.cors_origins)
    if settings.tls:
        tls_context(settings.tls)
    _allow_files(settings)
    with bind(settings.host, settings.port) as listener:

        def all_ready() -> None:
            if on_ready is not None:
                on_ready(url_of(listener, tls=settings.tls is not None))

        def worker(line: int) -> Sequence[str]:
            return command(Inherited(listener.fileno(), line))

        Supervisor(worker, listener, settings, on_ready=all_ready).run()


def run_worker(app: ASGIApp, settings: ServerSettings, inherited: Inherited) -> None:
    """Serve as one of several processes, on the supervisor's socket, until it says so or is gone itself."""
    with socket.socket(fileno=inherited.line) as line, socket.socket(fileno=inherited.listener) as listener:
        server = Server(app, settings, on_ready=lambda _: line.sendall(b"ready\n"))
        server.watch(line)
        _run(server, listener, on_hangup=lambda: None)


def report_failure(inherited: Inherited, error: PlimsollError) -> None:
    """Tell the supervisor why this worker cannot start."""
    text = json.dumps({"message": error.message, "hint": error.hint})
    with suppress(OSError):
        os.write(inherited.line, f"{text}\n".encode())


def _run(server: Server, listener: socket.socket, *, on_hangup: Callable[[], None]) -> None:
    # uvicorn raises the signal again after the graceful end; for the caller that end is the ordinary one.
    with suppress(KeyboardInterrupt), _signals(on_hangup), collecting_seldom():
        server.run(sockets=[listener])


@contextmanager
def _signals(on_hangup: Callable[[], None]) -> Iterator[None]:
    """Let SIGTERM end like Ctrl+C, so that the caller can still close what it opened (traces are written late)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hangup(_number: int, _frame: FrameType | None) -> None:
        on_hangup()

    before = {signal.SIGTERM: signal.signal(signal.SIGTERM, signal.default_int_handler)}
    if sys.platform != "win32":
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, hangup)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _allow_files(settings: ServerSettings) -> None:
    """Raise the soft limit of open files as far as it goes; a connection to a model needs one as well."""
    wanted = 2 * settings.limits.most_connections + _SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted or soft == resource.RLIM_INFINITY:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    if most < _FEW_FILES:
        _log.warning("only %d files may be open; a connection needs up to two (see `ulimit -n`)", most)
