"""One process that answers: uvicorn's server, silent, with deadlines, and with an end that drops nothing."""

import asyncio
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from ._connection import Connection, Shared
from ._cors import Cors, checked_origins
from ._front import Front
from ._listen import BACKLOG, url_of
from ._settings import ServerSettings
from ._tls import reload_tls, tls_context

OnReady = Callable[[str], None]

_log = logging.getLogger("plimsoll.server")
_TICKS_PER_LOOK: Final = 10
"""uvicorn's main loop ticks ten times a second."""
_STEP_S: Final = 0.05
_STEPS_PER_LOOK: Final = 20
_LAST_WORDS_S: Final = 3.0
_STARTUP_FAILED: Final = 3


class Server(uvicorn.Server):
    """Serves an application on sockets until it is told to end (SIGTERM, SIGINT, or `should_exit`).

    The end: new connections are refused and `/readyz` says 503 at once; every answer from then on closes its
    connection; idle connections may bring one more request for `linger_s`; requests in flight go on for `drain_s`, and
    are then cut, with an error event where a stream began. Last, the application closes.
    """

    def __init__(self, app: ASGIApp, settings: ServerSettings, *, on_ready: OnReady | None = None) -> None:
        self._settings = settings
        self._shared = Shared(settings.limits)
        self._tls: ssl.SSLContext | None = tls_context(settings.tls) if settings.tls else None
        fronted: ASGIApp = Front(app, self._shared, log_requests=settings.access_log)
        if settings.cors_origins:
            fronted = Cors(fronted, checked_origins(settings.cors_origins))
        super().__init__(
            uvicorn.Config(
                fronted,
                http=Connection,
                ws="none",
                log_config=None,
                log_level=logging.ERROR,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
            )
        )
        self.server_state = self._shared
        self._on_ready = on_ready
        self._reload = False
        self._line: socket.socket | None = None

    @property
    def connections(self) -> list[Connection]:
        """All open connections."""
        return [connection for connection in self._shared.connections if isinstance(connection, Connection)]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, accept connections, then tell the address."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(_STARTUP_FAILED)
        loop = asyncio.get_running_loop()
        handshake_s = self._settings.limits.header_s if self._tls else None
        self.servers: list[asyncio.base_events.Server] = [
            await loop.create_server(
                self._connection, sock=each, ssl=self._tls, backlog=BACKLOG, ssl_handshake_timeout=handshake_s
            )
            for each in sockets or []
        ]
        self.started = True
        if self._line is not None:
            loop.add_reader(self._line, self._supervisor_gone)
        if self._on_ready is not None and sockets:
            self._on_ready(url_of(sockets[0], tls=self._tls is not None))

    def _connection(self) -> Connection:
        return Connection(self.config, self._shared, self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections once a second."""
        if counter % _TICKS_PER_LOOK == 0:
            now = asyncio.get_running_loop().time()
            for connection in self.connections:
                connection.look(now)
        if self._reload:
            self._reload = False
            if self._tls is not None and self._settings.tls is not None:
                reload_tls(self._tls, self._settings.tls)
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; a second Ctrl-C does not wait."""
        self._begin_to_drain()
        super().handle_exit(sig, frame)

    def reload(self) -> None:
        """Read the certificate again, soon; safe to call from a signal handler."""
        self._reload = True

    def stop(self) -> None:
        """Begin to end, as for SIGTERM; safe to call from another thread."""
        self._begin_to_drain()
        self.should_exit = True

    def _begin_to_drain(self) -> None:
        self._shared.draining = True
        for connection in self.connections:
            connection.shutdown()

    def watch(self, line: socket.socket) -> None:
        """End when the other side of `line` closes: a worker does not outlive its supervisor."""
        self._line = line

    def _supervisor_gone(self) -> None:
        if self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line)
            self._line = None
        self.stop()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End as the class says."""
        if self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line)
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        self._begin_to_drain()
        await self._drain()
        if self._shared.connections or self._shared.tasks:
            await self._cut()
        await self.lifespan.shutdown()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        interrupted = signal.SIGINT in self._captured_signals
        linger_s = 0.0 if interrupted else self._settings.linger_s
        began, ticks = loop.time(), 0
        # What was accepted in the last moment is a connection only in the next turn of the loop.
        await asyncio.sleep(_STEP_S)
        while (self._shared.connections or self._shared.tasks) and not self.force_exit:
            now = loop.time()
            if now - began >= self._settings.drain_s:
                return
            for connection in self.connections:
                if now - began >= linger_s:
                    connection.close_if_idle(now - linger_s)
                if ticks % _STEPS_PER_LOOK == 0:
                    connection.look(now)
            ticks += 1
            await asyncio.sleep(_STEP_S)

    async def _cut(self) -> None:
        """End what is still going on; the application settles, and every reader is told."""
        self._shared.cut = True
        tasks = set(self._shared.tasks)
        if tasks:
            _log.warning("%d requests did not end in %g s and are cut", len(tasks), self._settings.drain_s)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=_LAST_WORDS_S)
        for connection in self.connections:
            connection.transport.close()
        await asyncio.sleep(0)
        await asyncio.sleep(_STEP_S)
        for connection in self.connections:
            connection.transport.abort()
