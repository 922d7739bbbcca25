"""Connections that are kept for the next exchange."""

import asyncio

from ._connection import Connection
from ._request import Origin


class Pool:
    """Idle connections of each server, the youngest first, and all that are open."""

    def __init__(self, *, most_idle: int, idle_s: float) -> None:
        self._most_idle = most_idle
        self._idle_s = idle_s
        self._idle: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._emptied: asyncio.Future[None] | None = None

    def take(self, origin: Origin) -> Connection | None:
        """An idle connection to this server that still stands."""
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None

    def put(self, origin: Origin, connection: Connection) -> None:
        """Keep it for the next exchange; above the limit the oldest one is closed."""
        if self._most_idle <= 0:
            connection.abort()
            return
        idle = self._idle.get(origin)
        if idle is None:
            idle = self._idle[origin] = []
        idle.append(connection)
        connection.rest(self._idle_s)
        if len(idle) > self._most_idle:
            idle.pop(0).abort()

    def opened(self, connection: Connection) -> None:
        """It stands."""
        self._open.add(connection)

    def lost(self, origin: Origin, connection: Connection) -> None:
        """It is gone."""
        self._open.discard(connection)
        idle = self._idle.get(origin)
        if idle and connection in idle:
            idle.remove(connection)
        if idle is not None and not idle:
            del self._idle[origin]
        if self._emptied is not None and not self._open and not self._emptied.done():
            self._emptied.set_result(None)

    async def close(self) -> None:
        """Close all of them, also those in use, and wait until they are gone."""
        self._idle.clear()
        if not self._open:
            return
        self._emptied = asyncio.get_running_loop().create_future()
        for connection in tuple(self._open):
            connection.abort()
        await self._emptied
