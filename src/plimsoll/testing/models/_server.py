"""A loopback server that plays one script for each request, and keeps what was asked."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from ._script import Received, ScriptedAnswer, ScriptedRefusal, Wire, Wired


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes that are sent as they are, and the connection's end after them."""

    pieces: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A stream that breaks off after some events; `stays` keeps the connection open instead."""

    answer: ScriptedAnswer
    events: int
    stays: bool = False
    then: ScriptedRefusal | None = None
    """A refusal in the middle, before the end of the connection."""


@dataclass(frozen=True, slots=True)
class Shredded:
    """A stream whose bytes come in packets of one size, across all borders of characters and events."""

    answer: ScriptedAnswer
    packet_bytes: int = 1


Script = ScriptedAnswer | ScriptedRefusal | Raw | Cut | Shredded

_HEAD_END: Final = b"\r\n\r\n"


@dataclass
class ScriptedServer:
    """What a test holds in its hand while the server runs."""

    wire: Wire
    scripts: Sequence[Script]
    url: str = ""
    """Such as `http://127.0.0.1:40123`."""
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    """How many were opened."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the first request."""
    lost: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client went away while an answer was still to come."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: requests until it ends."""
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asked = await _read(reader)
        self.received.append(asked)
        self.asked.set()
        script = self.scripts[min(len(self.received), len(self.scripts)) - 1]
        if isinstance(script, Raw):
            for piece in script.pieces:
                await _send(writer, piece)
            return False
        if isinstance(script, ScriptedRefusal):
            await _send(writer, _whole(self.wire.refusal(script)))
        elif isinstance(script, ScriptedAnswer) and self.wire.shape(asked) == "whole":
            await _send(writer, _whole(self.wire.whole(script, asked)))
        else:
            return await self._stream(script, asked, reader, writer)
        return True

    async def _stream(
        self,
        script: ScriptedAnswer | Cut | Shredded,
        asked: Received,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        answer = script if isinstance(script, ScriptedAnswer) else script.answer
        events = self.wire.events(answer, asked)
        await _send(writer, _head(200, (*self.wire.stream_headers(), ("transfer-encoding", "chunked"))))
        if isinstance(script, Shredded):
            whole, size = b"".join(events), script.packet_bytes
            events = [whole[start : start + size] for start in range(0, len(whole), size)]
        if not isinstance(script, Cut):
            for event in events:
                await _send(writer, _chunk(event))
            await _send(writer, _chunk(b""))
            return True
        for event in events[: script.events]:
            await _send(writer, _chunk(event))
        if script.then is not None:
            await _send(writer, _chunk(self.wire.error_event(script.then)))
        if script.stays and not await reader.read(1):
            self.lost.set()
        return False


@asynccontextmanager
async def scripted(wire: Wire, *scripts: Script) -> AsyncIterator[ScriptedServer]:
    """A server on a free loopback port. The last script is played again for every further request."""
    held = ScriptedServer(wire, scripts)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError):  # only the end of the test cancels
            await held.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    held.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield held
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(_HEAD_END)).decode("latin-1")
    opening, *lines = head.strip().split("\r\n")
    method, path, _ = opening.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, json.loads(raw) if raw else None)


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


def _head(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def _whole(wired: Wired) -> bytes:
    return _head(wired.status, (*wired.headers, ("content-length", str(len(wired.body))))) + wired.body


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
