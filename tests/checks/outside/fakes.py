"""Whom checks ask in these tests: somebody who answers from memory, and a server on this machine."""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plimsoll.checks.outside import OutsideLoop, Post, Poster, Question, Reply, Server
from plimsoll.kernel.errors import NotFoundError

KEY = "sk-very-secret-0123456789"

HANG = "hang"
_SCRIPTS = 96
"""That run at the same time."""

Step = bytes | str
"""Bytes to send, or HANG."""
Script = Callable[[int, Any], Sequence[Step]]
"""What a server does: takes the number of the request, from 0, and what it says."""


@dataclass
class FakeOutside:
    """Answers from memory; keeps what it was asked."""

    answer: str | Callable[[Question], str] = ""
    reply: Reply | Callable[[Post], Reply] = field(default_factory=lambda: Reply(200, b"{}"))
    folder: Path = Path()
    base_url: str | None = None
    questions: list[Question] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def secret(self, text: str, *, where: str) -> str:
        assert where
        return text.replace("${env:KEY}", KEY).replace("${env:OPENAI_API_KEY}", KEY)

    def route_version(self, route: str) -> str:
        if route != "small":
            raise NotFoundError(f"there is no route {route}")
        return "sha256:" + "0" * 64

    def complete(self, question: Question) -> str:
        self.questions.append(question)
        return self.answer if isinstance(self.answer, str) else self.answer(question)

    def server(self, route: str) -> Server:
        assert route == "small"
        return Server(self.base_url, KEY)

    def post(self, post: Post) -> Reply:
        self.posts.append(post)
        return self.reply if isinstance(self.reply, Reply) else self.reply(post)


class WiredOutside(FakeOutside):
    """Posts over a real loop and a real client."""

    def __init__(self, loop: OutsideLoop) -> None:
        super().__init__()
        self.loop = loop
        self.poster = Poster()

    def post(self, post: Post) -> Reply:
        return self.loop.run(post.check, lambda: self.poster.post(post), post.timeout_s)


@contextmanager
def wired() -> Iterator[WiredOutside]:
    loop = OutsideLoop()
    outside = WiredOutside(loop)
    try:
        yield outside
    finally:
        loop.close(outside.poster.close)


@dataclass
class LoopbackServer:
    """A server in a thread of its own that plays a script, and keeps what it was sent."""

    script: Script
    url: str = ""
    heads: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away while the script still ran."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(int(x.split(":")[1]) for x in head.splitlines() if x.lower().startswith("content-length"))
            body = json.loads(await reader.readexactly(length))
            self.heads.append(head)
            self.bodies.append(body)
            for step in await asyncio.to_thread(self.script, len(self.bodies) - 1, body):
                if isinstance(step, bytes):
                    writer.write(step)
                    await writer.drain()
                elif not await reader.read():
                    self.left.set()
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        finally:
            writer.close()


@contextmanager
def loopback(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[LoopbackServer]:
    held = LoopbackServer(script)
    loop = asyncio.new_event_loop()
    ready, over = threading.Event(), asyncio.Event()

    async def run() -> None:
        # Scripts may wait for each other.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_SCRIPTS))
        server = await asyncio.start_server(held.serve, "127.0.0.1", 0, backlog=128, ssl=tls)
        held.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await over.wait()
        server.close()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(10)
    try:
        yield held
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


def answering(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def always(*steps: Step) -> Script:
    return lambda _number, _body: steps
