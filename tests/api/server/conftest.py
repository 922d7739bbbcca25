"""A server in a thread, a raw client, and small applications that say what they saw."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from plimsoll.api.server import Limits, Server, ServerSettings, bind

WAIT_S = 60
SMALL = Limits(
    most_connections=4,
    url_bytes=2000,
    header_bytes=8000,
    header_count=20,
    header_s=WAIT_S,
    body_silence_s=WAIT_S,
    stalled_s=WAIT_S,
    idle_s=WAIT_S,
    most_pending_bytes=10_000,
)
"""Little room, and all the time that a busy machine needs."""
HASTY = replace(SMALL, header_s=0.5, body_silence_s=0.5, stalled_s=0.5, idle_s=1)
"""For what happens when time is over."""


class Raw:
    """A client that writes bytes, and reads bytes."""

    def __init__(self, port: int, *, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(WAIT_S)
        self.kept = b""
        try:
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise

    def send(self, data: bytes) -> None:
        with suppress(ConnectionError):
            self.socket.sendall(data)

    def until(self, end: bytes) -> bytes:
        """Read up to and with `end`, or all when it does not come."""
        while end not in self.kept:
            try:
                piece = self.socket.recv(65536)
            except ConnectionError:
                piece = b""
            if not piece:
                break
            self.kept += piece
        found, mark, self.kept = self.kept.partition(end)
        return found + mark

    def all(self) -> bytes:
        """Everything up to the end of the connection."""
        return self.until(b"\0never\0")

    def get(self, path: str = "/", *headers: str) -> bytes:
        """One GET and its whole answer, on a connection that is kept."""
        lines = "".join(f"{header}\r\n" for header in headers)
        self.send(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n".encode())
        head = self.until(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), 0)
        while len(self.kept) < length:
            self.kept += self.socket.recv(65536)
        body, self.kept = self.kept[:length], self.kept[length:]
        return head + body

    def close(self) -> None:
        self.socket.close()


@dataclass
class Talker:
    """An application whose paths do different things, and which notes how they ended."""

    began: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    gone: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    seen: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        self.seen.append(scope["path"])
        try:
            await getattr(self, f"_{scope['path'].rpartition('/')[2] or 'plain'}")(scope, receive, send)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.closed.set()
        await send({"type": "lifespan.shutdown.complete"})

    async def _plain(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await reply(send, b"here")

    _readyz = _plain

    async def _echo(self, _scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone.set()
                return
            body += message["body"]
            if not message["more_body"]:
                break
        await reply(send, str(len(body)).encode())

    async def _deaf(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await reply(send, b"no", status=413)

    async def _wait(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.began.set()
        await asyncio.to_thread(self.go_on.wait, WAIT_S)
        await reply(send, b"waited")

    async def _sleep(self, _scope: Scope, _receive: Receive, _send: Send) -> None:
        self.began.set()
        await asyncio.sleep(3600)

    async def _leave(self, _scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        self.began.set()
        assert (await receive())["type"] == "http.disconnect"
        self.gone.set()

    async def _stream(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        await send({"type": "http.response.body", "body": b"data: one\n\n", "more_body": True})
        self.began.set()
        await asyncio.sleep(3600)

    _completions = _messages = _responses = _stream

    async def _flood(self, _scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        left = asyncio.ensure_future(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not left.done():
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            await asyncio.sleep(0)
        self.gone.set()


async def reply(send: Send, body: bytes, *, status: int = 200) -> None:
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@dataclass
class Running:
    """A server in a thread."""

    server: Server
    port: int
    thread: threading.Thread

    def stop(self) -> None:
        self.server.stop()

    def ended(self) -> bool:
        self.thread.join(WAIT_S)
        return not self.thread.is_alive()


@contextmanager
def running(app: ASGIApp, settings: ServerSettings) -> Iterator[Running]:
    ready = threading.Event()
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        server = Server(app, settings, on_ready=lambda _: ready.set())
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert ready.wait(WAIT_S)
            yield Running(server, port, thread)
        finally:
            server.force_exit = True
            server.stop()
            thread.join(WAIT_S)
        assert not thread.is_alive()


Serve = Callable[..., Running]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that end with the test."""
    with ExitStack() as stack:

        def start(app: ASGIApp, settings: ServerSettings | None = None, **changes: Any) -> Running:
            return stack.enter_context(running(app, settings or ServerSettings(**{"limits": SMALL, **changes})))

        yield start


@pytest.fixture
def talker() -> Iterator[Talker]:
    talker = Talker()
    yield talker
    talker.go_on.set()


@pytest.fixture
def connect() -> Iterator[Callable[..., Raw]]:
    """Opens raw connections that close with the test."""
    with ExitStack() as stack:

        def opened(running: Running, **settings: Any) -> Raw:
            raw = Raw(running.port, **settings)
            stack.callback(raw.close)
            return raw

        yield opened


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something becomes true, looked at until it does."""
    end = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.01)
    return True
