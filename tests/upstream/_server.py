"""The server: one asyncio protocol for each connection, parsed by httptools, so that it is no bottleneck of a soak."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httptools

from plimsoll.testing.models import Received

from ._behaviour import behaviour_of
from ._bill import Bill
from ._play import Play, input_tokens, reset
from ._render import wire_of


@dataclass
class Upstream:
    """What a test holds in its hand while the server runs."""

    url: str = ""
    bill: Bill = field(default_factory=Bill)
    seen: dict[str, int] = field(default_factory=dict)
    """Requests for each whole name, for `every`."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client went away before its answer was whole."""
    lines: set["_Line"] = field(default_factory=set)

    idle: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no answer is under way."""
    alone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while no connection is open."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the test: answers that are held go on."""

    def __post_init__(self) -> None:
        self.note()

    def note(self) -> None:
        """Tell who waits what has changed."""
        for event, count in ((self.idle, self.bill.in_progress), (self.alone, self.bill.open_connections)):
            event.clear() if count else event.set()


class _Line(asyncio.Protocol):
    def __init__(self, server: Upstream) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = bytearray()
        self._headers: dict[str, str] = {}
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.lines.add(self)
        self._server.bill.connections += 1
        self._server.bill.open_connections += 1
        self._server.note()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._server.lines.discard(self)
        self._server.bill.open_connections -= 1
        self._server.note()
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.cut(reset=False)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        path, body, headers = self._url.decode("latin-1"), bytes(self._body), self._headers
        method = self._parser.get_method().decode()
        self._url, self._body, self._headers = b"", bytearray(), {}
        wire = wire_of(path.partition("?")[0]) if method == "POST" else None
        if wire is None:
            self._control(path)
            return
        asked = Received(method, path, headers, json.loads(body))
        name = wire.model(asked)
        told = behaviour_of(name)
        seen = self._server.seen[name] = self._server.seen.get(name, 0) + 1
        if seen % told.every:
            told = replace(behaviour_of(told.model), tokens=told.tokens, latency=told.latency, rate=told.rate)
        self._server.bill.of(told.model).requests += 1
        play = Play(wire, asked, told, bill=self._server.bill, size=input_tokens(body))
        answer = play.at_once()
        if answer is not None:
            self.send(answer)
        else:
            self.task = asyncio.get_running_loop().create_task(self._run(play))

    def send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def cut(self, *, reset: bool) -> None:
        if self._transport is not None:
            _reset(self._transport) if reset else self._transport.close()

    async def let_go(self) -> None:
        await self._server.gate.wait()

    async def _run(self, play: Play) -> None:
        self._server.bill.in_progress += 1
        self._server.note()
        try:
            await play.run(self)
        except asyncio.CancelledError:
            play.leave()
            self._server.left.set()
        finally:
            self._server.bill.in_progress -= 1
            self._server.note()
            self.task = None

    def _control(self, path: str) -> None:
        if path == "/control/reset":
            self._server.bill.models.clear()
            self._server.seen.clear()
        known = path.startswith("/control/") or path.endswith("/models")
        body = json.dumps(self._server.bill.stats() if path.startswith("/control/") else {"data": []}).encode()
        status = "200 OK" if known else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self.send(head.encode() + body)


_reset = reset


@asynccontextmanager
async def upstream(*, port: int = 0) -> AsyncIterator[Upstream]:
    """The server on a loopback port; 0 takes a free one."""
    held = Upstream()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Line(held), "127.0.0.1", port)
    held.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield held
    finally:
        server.close()
        tasks = [line.task for line in held.lines if line.task is not None]
        for line in tuple(held.lines):
            line.cut(reset=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
