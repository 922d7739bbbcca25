"""`plimsoll serve` in a process of its own, on the database that a test wants, and a line that can be cut."""

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.test_serve import COMMAND, Served
from tests.cli.test_serve import WAIT_S as START_S
from tests.gateway.port import WAIT_S


@contextmanager
def process(root: Path, environ: Mapping[str, str], *options: str) -> Iterator[Served]:
    """A server of what is live in staging; `environ` are the settings of its installation."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PLIMSOLL_")}
    server = subprocess.Popen(
        [*COMMAND, "-C", str(root), "serve", "--port", "0", "--env", "staging", *options],
        stderr=subprocess.PIPE,
        text=True,
        env={**plain, "PLIMSOLL_ACTOR": "ada", "COLUMNS": "200", **environ},
    )
    served = Served(server)
    reading = threading.Thread(target=served.read)
    reading.start()
    try:
        assert served.told.wait(START_S)
        assert served.url, "".join(served.lines)
        yield served
    finally:
        server.kill()
        server.wait()
        reading.join(WAIT_S)
        assert server.stderr
        server.stderr.close()


@dataclass
class Relay:
    """Carries bytes between clients of a TCP port and a server on a Unix socket, until it is cut."""

    target: Path
    port: int = 0
    is_cut: bool = False
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    loop: asyncio.AbstractEventLoop | None = None

    def cut(self) -> None:
        """The server is gone: connections end, and new ones too."""
        self.is_cut = True
        assert self.loop
        self.loop.call_soon_threadsafe(self._drop)

    def mend(self) -> None:
        """The server is back."""
        self.is_cut = False

    def _drop(self) -> None:
        for writer in self.writers:
            writer.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        if self.is_cut:
            writer.transport.abort()
            return
        there, away = await asyncio.open_unix_connection(str(self.target))
        self.writers |= {writer, away}
        await asyncio.gather(_pour(reader, away), _pour(there, writer))
        self.writers -= {writer, away}


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def relay(target: Path) -> Iterator[Relay]:
    """A relay in a thread."""
    ready, ends = threading.Event(), []
    held = Relay(target)

    async def run() -> None:
        server = await asyncio.start_server(held.carry, "127.0.0.1", 0)
        held.port, held.loop = server.sockets[0].getsockname()[1], asyncio.get_running_loop()
        end = asyncio.Event()
        ends.append(end)
        ready.set()
        await end.wait()
        server.close()
        held.is_cut = True
        while held.writers:
            held._drop()
            await asyncio.sleep(0.005)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert ready.wait(WAIT_S)
    try:
        yield held
    finally:
        assert held.loop
        held.loop.call_soon_threadsafe(ends[0].set)
        thread.join(WAIT_S)
    assert not thread.is_alive()
