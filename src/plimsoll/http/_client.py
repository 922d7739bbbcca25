"""Sends requests over pooled connections."""

import asyncio
import functools
import ssl
from collections.abc import Sequence
from typing import Final

from ._answer import Answer
from ._connection import Connection
from ._errors import BrokenConnectionError, ConnectError, ExchangeTimeoutError, TlsError
from ._pool import Pool
from ._request import Origin, Request, head_of, target_of
from ._response import Response
from ._timeouts import Timeouts

_TIMEOUTS: Final = Timeouts()


class Client:
    """An HTTP/1.1 client. It belongs to the event loop that uses it, until that is closed; `close` ends it for good.

    Redirects are answers like others, because following one would carry a key to another place. A request that finds
    its kept connection dead before one byte of an answer came is sent once more, on a new one.

    `most_idle_per_origin` connections are kept for `idle_s` seconds each; `most_open_per_origin` limits the exchanges
    at the same time with one server, where it is given. `tls` replaces the default context.
    """

    def __init__(
        self,
        *,
        most_idle_per_origin: int = 64,
        most_open_per_origin: int | None = None,
        idle_s: float = 30.0,
        tls: ssl.SSLContext | None = None,
        max_header_bytes: int = 65536,
    ) -> None:
        self._new_pool = functools.partial(Pool, most_idle=most_idle_per_origin, idle_s=idle_s)
        self._pool = self._new_pool()
        self._most_open = most_open_per_origin
        self._places: dict[Origin, asyncio.Semaphore] = {}
        self._tls = tls
        self._max_header_bytes = max_header_bytes
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeouts: Timeouts = _TIMEOUTS,
    ) -> Response:
        """Send a request; its answer, as soon as the head is here.

        Raises UnsendableRequestError, ConnectError, TlsError, ExchangeTimeoutError, BrokenConnectionError or
        BadResponseError.
        """
        target = target_of(method, url)
        origin = target.origin
        loop = asyncio.get_running_loop()
        if loop is not self._loop or self._is_closed:
            self._adopt(loop, origin)
        deadline = loop.time() + timeouts.total_s
        head = head_of(method, target, headers, len(body))
        request = Request(origin, head, body, timeouts, deadline, method == "HEAD")
        if self._most_open is not None:
            await self._take_place(request)
        try:
            connection = self._pool.take(origin)
            if connection is None:
                return await self._sent_anew(request)
            answer = Answer(is_bodiless=request.is_bodiless, max_header_bytes=self._max_header_bytes)
            try:
                await connection.exchange(request, answer)
            except BrokenConnectionError:
                # Closed by the server while it was idle: nothing was answered, so a new connection may ask again.
                if not answer.is_untouched or self._is_closed:
                    raise
            else:
                return Response(answer, connection, origin, self._give_back)
            return await self._sent_anew(request)
        except BaseException:
            self._free_place(origin)
            raise

    async def close(self) -> None:
        """Close every connection, also those in use, and wait until they are gone. Nothing can be sent after it."""
        self._is_closed = True
        await self._pool.close()

    def _adopt(self, loop: asyncio.AbstractEventLoop, origin: Origin) -> None:
        """Belong to this loop from now on; a closed client belongs to none. Raises ConnectError."""
        if loop is not self._loop:
            if self._loop is not None and not self._loop.is_closed():
                raise ConnectError(origin.name, "the client belongs to another event loop, which still runs")
            # A loop that was closed took its connections along.
            self._loop, self._pool, self._places = loop, self._new_pool(), {}
        if self._is_closed:
            raise ConnectError(origin.name, "the client was closed")

    async def _sent_anew(self, request: Request) -> Response:
        """The answer over a connection of its own."""
        answer = Answer(is_bodiless=request.is_bodiless, max_header_bytes=self._max_header_bytes)
        connection = await self._connect(request)
        await connection.exchange(request, answer)
        return Response(answer, connection, request.origin, self._give_back)

    def _give_back(self, origin: Origin, connection: Connection) -> None:
        if connection.finish():
            self._pool.put(origin, connection)
        self._free_place(origin)

    async def _take_place(self, request: Request) -> None:
        places = self._places.setdefault(request.origin, asyncio.Semaphore(self._most_open or 1))
        try:
            async with asyncio.timeout_at(_until(request)):
                await places.acquire()
        except TimeoutError:
            raise ExchangeTimeoutError(request.origin.name, "connect", request.timeouts.connect_s) from None

    def _free_place(self, origin: Origin) -> None:
        if self._most_open is not None:
            self._places[origin].release()

    async def _connect(self, request: Request) -> Connection:
        origin = request.origin
        try:
            async with asyncio.timeout_at(_until(request)):
                return await self._opened(origin)
        except TimeoutError:
            raise ExchangeTimeoutError(origin.name, "connect", request.timeouts.connect_s) from None
        except ssl.SSLError as error:
            # Only the library's own words about the certificate; nothing that the server wrote.
            reason = getattr(error, "verify_message", "") or error.reason or "the handshake failed"
            raise TlsError(origin.name, reason) from None
        except (OSError, UnicodeError):
            raise ConnectError(origin.name) from None

    async def _opened(self, origin: Origin) -> Connection:
        loop = asyncio.get_running_loop()
        tls = await self._tls_context() if origin.is_tls else None
        connection = Connection(
            loop, origin.name, made=self._pool.opened, lost=functools.partial(self._pool.lost, origin)
        )
        try:
            await loop.create_connection(
                lambda: connection, origin.host, origin.port, ssl=tls, server_hostname=origin.host if tls else None
            )
        except BaseException:
            connection.abort()
            # A loop that is interrupted here may close the connection without a word to it.
            self._pool.lost(origin, connection)
            raise
        return connection

    async def _tls_context(self) -> ssl.SSLContext:
        """Certificates and host names are checked, against the authorities that the machine trusts."""
        if self._tls is None:
            # In a thread: reading the authorities takes some ten milliseconds.
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls


def _until(request: Request) -> float:
    """When a connection must stand."""
    return min(asyncio.get_running_loop().time() + request.timeouts.connect_s, request.deadline)
