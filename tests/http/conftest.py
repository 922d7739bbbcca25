"""A loopback server whose every connection is played by the test, and both event loops to run it on."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

PATIENCE_S = 60


@dataclass
class Peer:
    """One connection, as the server sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> bytes:
        """The next request, head and body; empty when the client went away."""
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        lengths = [line.split(b":")[1] for line in head.splitlines() if line.startswith(b"content-length:")]
        return head + await self.reader.readexactly(int(lengths[0]) if lengths else 0)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the client closed its side."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass


Play = Callable[[Peer], Awaitable[None]]


@dataclass
class Upstream:
    port: int
    peers: list[Peer] = field(default_factory=list)
    mishaps: list[BaseException] = field(default_factory=list)
    """What went wrong in the test's own play."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


Serving = Callable[..., AbstractAsyncContextManager[Upstream]]


@pytest.fixture
def serving() -> Serving:
    """A server that plays `play` on every connection; it leaves when every connection has ended."""

    @asynccontextmanager
    async def serve(play: Play, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
        upstream = Upstream(port=0)
        under_way: set[asyncio.Task[Any]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            under_way.add(task)
            peer = Peer(reader, writer)
            upstream.peers.append(peer)
            try:
                await play(peer)
            except ConnectionError:
                pass
            except Exception as mishap:  # noqa: BLE001 the test looks at it when everything is over
                upstream.mishaps.append(mishap)
            finally:
                writer.close()
                under_way.discard(task)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        upstream.port = server.sockets[0].getsockname()[1]
        try:
            yield upstream
        finally:
            server.close()
            async with asyncio.timeout(PATIENCE_S):
                while under_way:
                    await asyncio.wait(under_way)
            assert not upstream.mishaps

    return serve


Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run on one of the two loops; nothing may be left over."""

    def go(story: Coroutine[Any, Any, None]) -> None:
        async def whole() -> None:
            async with asyncio.timeout(PATIENCE_S):
                await story
            for _ in range(5):  # what was cancelled or closed has its last word
                await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(whole())

    return go


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Let the loop turn until something holds."""

    async def wait(holds: Callable[[], object]) -> None:
        while not holds():  # noqa: ASYNC110 what is waited for is inside the client, and no event tells of it
            await asyncio.sleep(0.001)

    return wait
