"""A loopback server that says exactly what a test scripts, faults included."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from plimsoll.http import Client, Timeouts
from plimsoll.kernel.errors import PlimsollError
from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Chunks, Message, Passage
from plimsoll.models.prices import PriceOverride, price_of
from plimsoll.models.providers._endpoint import ProviderEndpoint
from plimsoll.models.providers.openai import OpenAIChatModel, Traits

KEY = "sk-very-secret-0123456789"

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
        events = [e async for e in model.stream(ChatRequest.of(messages=(Message("user", prompt),), **fields))]
        assert isinstance(events[-1], ChatEnd)
        assert all(isinstance(event, Chunks) for event in events[:-1])
        return "".join(e.text for e in events if isinstance(e, Chunks)), events[-1]

    return run


MakeModel = Callable[..., OpenAIChatModel]


@pytest.fixture
def model_at() -> MakeModel:
    """A model behind an address, with words instead of tokens. Its client ends with the test's event loop."""

    def make(
        url: str,
        *,
        total_s: float = 10.0,
        timeouts: Timeouts | None = None,
        traits: Traits | None = None,
        usd: tuple[float, float] | None = None,
        route_model: str = "vllm/small",
    ) -> OpenAIChatModel:
        endpoint = ProviderEndpoint(
            route_model, "small", url, api_key=KEY, timeouts=timeouts or Timeouts(), total_s=total_s
        )
        return OpenAIChatModel(
            endpoint,
            client=Client(),
            price=price_of(route_model, PriceOverride(*usd) if usd else None),
            count_tokens=lambda text: len(text.split()),
            traits=traits or Traits(event_bytes=2000, body_bytes=20_000),
        )

    return make


@pytest.fixture
def secret() -> str:
    """The key of `model_at`, which no error may hold."""
    return KEY


@pytest.fixture
def failing(serving: Serving, model_at: MakeModel) -> Callable[..., tuple[Any, FakeServer]]:
    """The error of one question to a server that plays this script, and the server; streamed or whole."""

    def run(family: type[PlimsollError], *scripts: Any, whole: bool = False, **options: Any) -> tuple[Any, FakeServer]:
        async def story() -> tuple[Any, FakeServer]:
            async with serving(*scripts) as server:
                model = model_at(server.url, **options)
                with pytest.raises(family) as caught:
                    await _answered(model, whole=whole)
                await model._client.close()
            return caught.value, server

        error, server = asyncio.run(story())
        assert KEY not in f"{error} {error.hint} {error!r}"
        assert len(server.bodies) <= 1  # one attempt
        return error, server

    return run


async def _answered(model: ChatModel, *, whole: bool) -> None:
    request = ChatRequest.of(messages=(Message("user", "Hello?"),))
    if whole:
        await model.complete(request)
        return
    async for event in model.stream(request):
        assert isinstance(event, Chunks | ChatEnd)


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
