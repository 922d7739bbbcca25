"""Runs the application on a port."""

import errno
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from ._errors import ListenError, PortInUseError

OnReady = Callable[[str], None]

_BACKLOG = 2048
_HIGHEST_PORT = 65535
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 (only to name them; nothing is bound here)


def run_server(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    on_ready: OnReady | None = None,
    graceful_timeout_s: int = 10,
) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests in progress for at most `graceful_timeout_s`.

    `port` 0 takes any free port. `on_ready` is called once with the address to open, such as `http://127.0.0.1:8000`,
    when requests are accepted. Raises PortInUseError or ListenError before anything is started.
    """
    # uvicorn raises the signal again after the graceful end; for the caller that end is the ordinary one.
    with bind(host, port) as listener, suppress(KeyboardInterrupt), _sigterm_as_interrupt():
        Server(app, graceful_timeout_s=graceful_timeout_s, on_ready=on_ready).run(sockets=[listener])


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM end like Ctrl+C, so that the caller can still close what it opened (traces are written late)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises PortInUseError and ListenError."""
    if not 0 <= port <= _HIGHEST_PORT:
        raise ListenError(host, port, f"ports go from 0 to {_HIGHEST_PORT}")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ListenError(host, port, str(error)) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(host, port) from error
        raise ListenError(host, port, error.strerror or str(error)) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The address under which a browser on this machine finds the listener."""
    host, port = listener.getsockname()[:2]
    if host not in _WILDCARDS and ":" in host:
        host = f"[{host}]"
    return f"http://{_WILDCARDS.get(host, host)}:{port}"


class Server(uvicorn.Server):
    """uvicorn, silent, and telling when it is ready."""

    def __init__(self, app: ASGIApp, *, graceful_timeout_s: int, on_ready: OnReady | None = None) -> None:
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=graceful_timeout_s,
        )
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept requests, then tell the address."""
        await super().startup(sockets)
        if self.started and self._on_ready is not None and sockets:
            self._on_ready(url_of(sockets[0]))
