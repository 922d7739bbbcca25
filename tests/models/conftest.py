"""A loopback server that says exactly what a test scripts, faults included."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Message, Passage, TextDelta

RESET = "reset"
HANG = "hang"

Step = bytes | float | str
"""Bytes to send, seconds to wait, RESET or HANG."""


@dataclass
class FakeServer:
    """Plays one script for each request, and keeps what was asked."""

    scripts: list[Sequence[Step]]
    url: str = ""
    heads: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client went away while the script still ran."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(int(x.split(":")[1]) for x in head.splitlines() if x.lower().startswith("content-length"))
            self.heads.append(head)
            self.bodies.append(json.loads(await reader.readexactly(length)))
            for step in self.scripts[len(self.bodies) - 1]:
                await self.play(step, reader, writer)
        except ConnectionError:
            self.lost.set()
        finally:
            writer.close()

    async def play(self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        elif isinstance(step, float):
            await asyncio.sleep(step)
        elif step == RESET:
            writer.transport.abort()
        elif not await reader.read():
            self.lost.set()


Serving = Callable[..., AbstractAsyncContextManager[FakeServer]]


@pytest.fixture
def serving() -> Serving:
    @asynccontextmanager
    async def serve(*scripts: Sequence[Step]) -> AsyncIterator[FakeServer]:
        fake = FakeServer(list(scripts))
        server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
        fake.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        try:
            yield fake
        finally:
            server.close()
            await server.wait_closed()

    return serve


@pytest.fixture
def status() -> Callable[..., bytes]:
    def response(code: int, body: bytes = b"", *headers: str) -> bytes:
        lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
        return "\r\n".join(lines).encode() + body

    return response


@pytest.fixture
def opened() -> bytes:
    """The head of a streamed answer that ends with the connection."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Text and end of one answer."""

    async def run(model: ChatModel, prompt: str = "Hello?", /, **fields: Any) -> tuple[str, ChatEnd]:
        events = [e async for e in model.stream(ChatRequest(messages=(Message("user", prompt),), **fields))]
        assert isinstance(events[-1], ChatEnd)
        assert all(isinstance(event, TextDelta) for event in events[:-1])
        return "".join(e.text for e in events if isinstance(e, TextDelta)), events[-1]

    return run


@pytest.fixture
def passage() -> Callable[..., Passage]:
    def make(text: str, document: str = "notes.txt", *, start: int = 0, page: int = 1) -> Passage:
        return Passage(
            id=document,
            document=document,
            title="",
            page=page,
            start=start,
            end=start + len(text),
            text=text,
            score=1.0,
        )

    return make
