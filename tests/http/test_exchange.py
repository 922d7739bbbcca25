"""Requests and answers that are as they should be."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from plimsoll.http import Client, ConnectError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def closing(client: Client) -> None:
    await client.close()
    assert not client._pool._open


def answering(*answers: bytes, closes: bool = False) -> Any:
    """Answers the requests of one connection in order."""

    async def play(peer: Any) -> None:
        for answer in answers:
            if not await peer.request():
                return
            await peer.send(answer)
        if not closes:
            await peer.gone()

    return play


def test_a_post_and_its_answer(run: Any, serving: Any) -> None:
    async def story() -> None:
        seen: list[bytes] = []

        async def play(peer: Any) -> None:
            seen.append(await peer.request())
            await peer.send(b"HTTP/1.1 201 Made\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 5\r\n\r\nhello")
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            response = await client.send(
                "POST", f"{upstream.url}v1/a%20b?c=d&e", headers=[("X-Key", "é")], body=b"body"
            )
            assert (response.status, response.headers["x-one"]) == (201, "1, 2")
            assert await response.read(5) == b"hello"
            response.release()
            response.release()
            await closing(client)
        head = seen[0].decode("latin-1")
        assert head.startswith("POST /v1/a%20b?c=d&e HTTP/1.1\r\n")
        assert f"host: 127.0.0.1:{upstream.port}\r\n" in head
        assert "X-Key: é\r\n" in head
        assert "accept-encoding: identity\r\n" in head
        assert head.endswith("content-length: 4\r\n\r\nbody")

    run(story())


@pytest.mark.parametrize(
    ("answer", "status", "body", "is_kept"),
    [
        (OK, 200, b"ok", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: trailer\r\n\r\n", 200, b"ok", True),
        (b"HTTP/1.1 204 None\r\n\r\n", 204, b"", True),
        (b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n", 304, b"", True),
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 100 Go\r\n\r\n" + OK, 200, b"ok", True),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 200, b"ok", True),
        (OK + b"surplus", 200, b"ok", False),
        (OK + OK, 200, b"ok", False),
    ],
)
def test_every_kind_of_framing(
    run: Any, serving: Any, answer: bytes, status: int, body: bytes, *, is_kept: bool
) -> None:
    async def story() -> None:
        async with serving(answering(answer, answer)) as upstream:
            client = Client()
            for _ in range(2):
                response = await client.send("POST", upstream.url)
                assert (response.status, await response.read(100)) == (status, body)
                assert "link" not in response.headers
                assert "x" not in response.headers
            assert len(upstream.peers) == (1 if is_kept else 2)
            await closing(client)

    run(story())


@pytest.mark.parametrize("head", ["HTTP/1.1 200 OK\r\n", "HTTP/1.0 200 OK\r\n"])
def test_a_body_that_ends_with_the_connection(run: Any, serving: Any, head: str) -> None:
    async def story() -> None:
        async with serving(answering(f"{head}X: y\r\n\r\nall of it".encode(), closes=True)) as upstream:
            client = Client()
            response = await client.send("GET", upstream.url)
            assert await response.read(100) == b"all of it"
            await closing(client)

    run(story())


def test_the_answer_to_head_has_no_body(run: Any, serving: Any) -> None:
    async def story() -> None:
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
        async with serving(answering(answer, OK)) as upstream:
            client = Client()
            response = await client.send("HEAD", upstream.url)
            assert (await response.read(0), response.headers["content-length"]) == (b"", "500")
            response = await client.send("GET", upstream.url)
            assert await response.read(2) == b"ok"
            assert len(upstream.peers) == 1
            await closing(client)

    run(story())


def test_pieces_come_as_they_arrive_and_end_with_an_empty_one(run: Any, serving: Any) -> None:
    async def story() -> None:
        gate = asyncio.Event()

        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n")
            await gate.wait()
            await peer.send(b"1\r\nd\r\n0\r\n\r\n")
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            response = await client.send("GET", upstream.url)
            first = b""
            while len(first) < 3:
                first += await response.piece()
            assert first == b"abc"
            gate.set()
            rest = [piece async for piece in pieces_of(response)]
            assert b"".join(rest) == b"d"
            assert await response.piece() == b""
            await closing(client)

    run(story())


async def pieces_of(response: Any) -> Any:
    while piece := await response.piece():
        yield piece


def test_a_large_body_both_ways(run: Any, serving: Any) -> None:
    async def story() -> None:
        large = bytes(range(256)) * 20_000

        async def play(peer: Any) -> None:
            request = await peer.request()
            echo = request.partition(b"\r\n\r\n")[2]
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(echo) + echo)
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            response = await client.send("PUT", upstream.url, body=large)
            held = b""
            async with aclosing(pieces_of(response)) as pieces:
                async for piece in pieces:
                    held += piece
                    await asyncio.sleep(0)
            assert held == large
            await closing(client)

    run(story())


def test_a_hundred_at_the_same_time_each_get_their_own_answer(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            while request := await peer.request():
                echo = request.partition(b"\r\n\r\n")[2]
                await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(echo) + echo)

        async with serving(play) as upstream:
            client = Client(most_idle_per_origin=10)

            async def one(number: int) -> bool:
                for turn in range(5):
                    response = await client.send("POST", upstream.url, body=b"%d.%d" % (number, turn))
                    assert await response.read(20) == b"%d.%d" % (number, turn)
                return True

            assert all(await asyncio.gather(*map(one, range(100))))
            assert sum(map(len, client._pool._idle.values())) <= 10
            await closing(client)

    run(story())


def test_the_number_at_the_same_time_can_be_limited(run: Any, serving: Any) -> None:
    async def story() -> None:
        at_once = [0, 0]

        async def play(peer: Any) -> None:
            while await peer.request():
                at_once[0] += 1
                at_once[1] = max(at_once)
                await asyncio.sleep(0)
                at_once[0] -= 1
                await peer.send(OK)

        async with serving(play) as upstream:
            client = Client(most_open_per_origin=3)

            async def one() -> bytes:
                response = await client.send("POST", upstream.url)
                try:
                    return await response.read(2)
                finally:
                    response.release()

            assert set(await asyncio.gather(*(one() for _ in range(20)))) == {b"ok"}
            assert at_once[1] <= 3
            assert len(upstream.peers) <= 3
            await closing(client)

    run(story())


def test_a_name_with_several_addresses(run: Any, serving: Any) -> None:
    async def story() -> None:
        async with serving(answering(OK)) as upstream:
            client = Client()
            response = await client.send("GET", f"http://LOCALHOST:{upstream.port}")
            assert await response.read(2) == b"ok"
            await closing(client)

    run(story())


def test_nothing_is_sent_after_the_end(run: Any, serving: Any) -> None:
    async def story() -> None:
        async with serving(answering(OK)) as upstream:
            client = Client()
            await (await client.send("GET", upstream.url)).read(2)
            await closing(client)
            with pytest.raises(ConnectError, match="closed"):
                await client.send("GET", upstream.url)

    run(story())


def test_a_client_belongs_to_one_loop_until_that_is_closed(serving: Any) -> None:
    client = Client()

    async def ask() -> None:
        async with serving(answering(OK)) as upstream:
            assert await (await client.send("GET", upstream.url)).read(2) == b"ok"
            await client._pool.close()

    first = asyncio.new_event_loop()
    first.run_until_complete(ask())
    with pytest.raises(ConnectError, match="another event loop"):
        asyncio.run(ask())
    first.close()
    asyncio.run(ask())


@pytest.mark.parametrize("ending", ["comes", "breaks", "never comes", "goes on"])
def test_the_end_of_a_body_is_awaited_in_the_background(run: Any, serving: Any, until: Any, ending: str) -> None:
    async def story() -> None:
        gate = asyncio.Event()

        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlast\r\n")
            await gate.wait()
            if ending == "comes":
                await peer.send(b"0\r\n\r\n")
            while ending == "goes on" and not peer.reader.at_eof():
                await peer.send(b"1\r\na\r\n")
                await asyncio.sleep(0.01)
            if ending != "breaks":
                await peer.gone()

        async with serving(play) as upstream:
            client = Client(most_open_per_origin=1)
            response = await client.send("GET", upstream.url)
            assert await response.piece() == b"last"
            response.end_soon(within_s=50.0 if ending == "comes" else 0.1)
            response.release()
            assert not client._pool._idle
            gate.set()
            if ending == "comes":
                await until(lambda: client._pool._idle)
            else:
                await until(lambda: not client._pool._open)
            places = next(iter(client._places.values()))
            assert not places.locked()
            await closing(client)

    run(story())
