"""A caller that stops, in every phase: no task, no connection and no place is left behind."""

import asyncio
from typing import Any

import pytest

from plimsoll.http import Client
from plimsoll.http._pool import Pool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def nothing_left(client: Client, until: Any) -> None:
    await until(lambda: not client._pool._open)
    assert not client._pool._idle
    await client.close()


def test_while_connecting(run: Any, serving: Any, until: Any) -> None:
    async def story() -> None:
        reached = asyncio.Event()

        async def play(peer: Any) -> None:
            reached.set()  # it never answers the handshake
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            task = asyncio.create_task(client.send("GET", f"https://127.0.0.1:{upstream.port}/"))
            await reached.wait()
            await cancelled(task)
            await nothing_left(client, until)

    run(story())


def test_in_the_moment_in_which_the_connection_stands(run: Any, serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            task = asyncio.create_task(client.send("GET", upstream.url))
            opened, kept = Pool.opened, list[Any]()

            def leave(pool: Pool, connection: Any) -> None:
                opened(pool, connection)
                kept.append(connection)
                asyncio.get_running_loop().call_soon(task.cancel)

            monkeypatch.setattr(Pool, "opened", leave)
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(60):
                await client.close()

    run(story())


def test_at_every_step_of_a_beginning(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            for turns in range(40):
                task = asyncio.create_task(client.send("GET", upstream.url))
                for _ in range(turns):
                    await asyncio.sleep(0)
                await cancelled(task)
            async with asyncio.timeout(60):
                await client.close()

    run(story())


def test_while_writing(run: Any, serving: Any, until: Any) -> None:
    async def story() -> None:
        over = asyncio.Event()

        async def play(peer: Any) -> None:
            await over.wait()
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            task = asyncio.create_task(client.send("PUT", upstream.url, body=b"x" * 30_000_000))
            await until(lambda: any(connection._writing_is_paused for connection in client._pool._open))
            await cancelled(task)
            over.set()
            await nothing_left(client, until)

    run(story())


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"])
def test_while_waiting_for_an_answer(run: Any, serving: Any, until: Any, data: bytes) -> None:
    async def story() -> None:
        reached = asyncio.Event()

        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(data)
            reached.set()
            await peer.gone()

        async def whole(client: Client, url: str) -> bytes:
            response = await client.send("GET", url)
            return await response.read(100)  # on purpose without release: a cancelled wait closes by itself

        async with serving(play) as upstream:
            client = Client()
            task = asyncio.create_task(whole(client, upstream.url))
            await reached.wait()
            await cancelled(task)
            await nothing_left(client, until)

    run(story())


def test_while_waiting_for_a_place(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            while await peer.request():
                await peer.send(OK)

        async with serving(play) as upstream:
            client = Client(most_open_per_origin=1)
            held = await client.send("GET", upstream.url)
            task = asyncio.create_task(client.send("GET", upstream.url))
            await asyncio.sleep(0)
            await cancelled(task)
            held.release()
            response = await client.send("GET", upstream.url)
            assert await response.read(2) == b"ok"
            await client.close()

    run(story())


def test_closing_the_client_ends_what_is_under_way(run: Any, serving: Any) -> None:
    async def story() -> None:
        reached = asyncio.Event()

        async def play(peer: Any) -> None:
            await peer.request()
            reached.set()
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            task = asyncio.create_task(client.send("GET", upstream.url))
            await reached.wait()
            await client.close()
            with pytest.raises(Exception, match="broke off"):
                await task
            assert not client._pool._open

    run(story())
