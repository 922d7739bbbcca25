"""Any bytes from a real socket: an answer or one of our errors, never another exception, never a hang."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from plimsoll.http import Client, ExchangeError

HEAD = st.sampled_from(
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.0 500 No\r\nConnection: keep-alive\r\n",
        b"HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    ]
)
PIECES = st.tuples(HEAD, st.lists(st.binary(min_size=1, max_size=30), max_size=4)).map(lambda x: [x[0], *x[1]])


async def exchanged(pieces: Sequence[bytes], *, resets: bool) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if resets:
                writer.transport.abort()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    client = Client()
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        for _ in range(2):
            assert isinstance(await outcome(client, url), bytes | ExchangeError)
    finally:
        await client.close()
        server.close()
        await server.wait_closed()
    assert not client._pool._open


async def outcome(client: Client, url: str) -> bytes | ExchangeError:
    try:
        response = await client.send("GET", url)
        try:
            return await response.read(1000)
        finally:
            response.release()
    except ExchangeError as error:
        return error


@settings(max_examples=60, deadline=None)
@given(PIECES, st.booleans())
def test_a_server_may_send_anything(pieces: list[bytes], resets: bool) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await exchanged(pieces, resets=resets)

    asyncio.run(bounded())
