"""Servers that do anything wrong: every fault ends in one of our errors, and leaves no connection behind."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plimsoll.http import (
    BadResponseError,
    BrokenConnectionError,
    Client,
    ConnectError,
    ExchangeError,
    ExchangeTimeoutError,
    ResponseTooLargeError,
    Timeouts,
)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECRET = "sk-secret-0123456789"  # noqa: S105 stands for a key that must not come back in an error

Then = Callable[[Any], Any]


def playing(data: bytes, ending: str) -> Then:
    """Sends `data` and then hangs, resets or closes."""

    async def play(peer: Any) -> None:
        await peer.request()
        if data:
            await peer.send(data)
        if ending == "hang":
            await peer.gone()
        elif ending == "reset":
            peer.reset()

    return play


async def sent(client: Client, upstream: Any, timeouts: Timeouts, body: bytes) -> ExchangeError | bytes:
    headers = [("authorization", f"Bearer {SECRET}")]
    try:
        response = await client.send(
            "POST", f"{upstream.url}secret-path", headers=headers, body=body, timeouts=timeouts
        )
        try:
            return await response.read(1_000_000)
        finally:
            response.release()
    except ExchangeError as error:
        return error


async def asked(upstream: Any, timeouts: Timeouts, *, body: bytes = b"{}") -> ExchangeError | bytes:
    """The body of one answer, or the error; the client is closed with nothing left."""
    client = Client()
    caught = await sent(client, upstream, timeouts, body)
    assert not any(connection.is_open for connection in client._pool._open if connection._answer is not None)
    await client.close()
    assert not client._pool._open
    if isinstance(caught, ExchangeError):
        said = f"{caught!r} {caught.hint}"
        assert SECRET not in said
        assert "secret-path" not in said
        assert f"127.0.0.1:{upstream.port}" in caught.message
    return caught


async def drained(response: Any, held: bytearray) -> None:
    while piece := await response.piece():
        held += piece


def hasty(phase: str) -> Timeouts:
    """Little time for one phase, and enough for the others on the busiest machine."""
    return replace(Timeouts(write_s=50, first_byte_s=50, between_s=50), **{f"{phase}_s": 0.2})


@pytest.mark.parametrize(
    ("data", "ending", "family"),
    [
        (b"", "close", BrokenConnectionError),
        (b"", "reset", BrokenConnectionError),
        (b"HTTP/1.1 200 OK\r\nConte", "close", BrokenConnectionError),
        (b"HTTP/1.1 200 OK\r\nConte", "reset", BrokenConnectionError),
        (HEAD, "reset", BrokenConnectionError),
        (HEAD + b"12345", "close", BrokenConnectionError),
        (HEAD + b"12345", "reset", BrokenConnectionError),
        (CHUNKED, "close", BrokenConnectionError),
        (CHUNKED + b"5\r\nab", "close", BrokenConnectionError),
        (CHUNKED + b"2\r\nab\r\n", "close", BrokenConnectionError),
        (CHUNKED + b"2\r\nab\r\n0\r\n", "close", BrokenConnectionError),
        (CHUNKED + b"2\r\nab\r\n", "reset", BrokenConnectionError),
        (CHUNKED + b"zz\r\nab\r\n", "hang", BadResponseError),
        (CHUNKED + b"-2\r\nab\r\n", "hang", BadResponseError),
        (CHUNKED + b"fffffffffffffffff\r\nab\r\n", "hang", BadResponseError),
        (CHUNKED + b"2\r\nabcd\r\n", "hang", BadResponseError),
        (CHUNKED + b"2;" + b"x" * 200_000, "hang", BadResponseError),
        (CHUNKED + b"0\r\nX: " + b"x" * 200_000, "hang", BadResponseError),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "hang", BadResponseError),
        (b"HTTP/1.1 999 OK\r\n\r\n", "hang", BadResponseError),
        (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "hang", BadResponseError),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "hang", BadResponseError),
        (b"\x16\x03\x01\x02\x00", "hang", BadResponseError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", "hang", BadResponseError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", "hang", BadResponseError),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "hang",
            BadResponseError,
        ),
        (b"HTTP/1.1 101 Switch\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "hang", BadResponseError),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, "hang", BadResponseError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", "hang", BadResponseError),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "hang", BadResponseError),
        (b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n", "hang", BadResponseError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n", "hang", BadResponseError),
    ],
)
def test_faults(run: Any, serving: Any, data: bytes, ending: str, family: type[Exception]) -> None:
    async def story() -> None:
        async with serving(playing(data, ending)) as upstream:
            caught = await asked(upstream, Timeouts())
            assert type(caught) is family

    run(story())


@pytest.mark.parametrize(
    ("data", "phase"),
    [
        (b"", "first_byte"),
        (b"HTTP/1.1 200 OK\r\nX:", "first_byte"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "first_byte"),
        (HEAD, "between"),
        (HEAD + b"12345", "between"),
        (CHUNKED + b"3\r\nabc\r\n", "between"),
        (b"HTTP/1.1 200 OK\r\n\r\nends with the connection, which stays", "between"),
    ],
)
def test_a_server_that_hangs(run: Any, serving: Any, data: bytes, phase: str) -> None:
    async def story() -> None:
        async with serving(playing(data, "hang")) as upstream:
            caught = await asked(upstream, hasty(phase))
            assert isinstance(caught, ExchangeTimeoutError)
            assert caught.phase == phase

    run(story())


@pytest.mark.parametrize("data", [b"", HEAD, CHUNKED])
def test_a_whole_exchange_has_its_limit(run: Any, serving: Any, data: bytes) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(data)
            while data == CHUNKED and not peer.reader.at_eof():
                await peer.send(b"1\r\nx\r\n")
                await asyncio.sleep(0)
            await peer.gone()

        async with serving(play) as upstream:
            # Long enough to connect on a machine that is busy: the limit counts that too.
            caught = await asked(upstream, Timeouts(total_s=1.0))
            assert isinstance(caught, ExchangeTimeoutError)
            assert caught.phase == "total"

    run(story())


def test_a_head_that_trickles_does_not_win_time(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(b"HTTP/1.1 200 OK\r\nX: ")
            while not peer.reader.at_eof():
                await peer.send(b"y")
                await asyncio.sleep(0.02)

        async with serving(play) as upstream:
            caught = await asked(upstream, hasty("first_byte"))
            assert isinstance(caught, ExchangeTimeoutError)
            assert caught.phase == "first_byte"

    run(story())


def test_an_answer_byte_by_byte_is_an_answer(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.request()
            for byte in CHUNKED + b"a\r\n0123456789\r\n0\r\n\r\n":
                await peer.send(bytes([byte]))
                await asyncio.sleep(0)
            await peer.gone()

        async with serving(play) as upstream:
            assert await asked(upstream, Timeouts()) == b"0123456789"

    run(story())


def test_a_server_that_takes_no_request(run: Any, serving: Any) -> None:
    async def story() -> None:
        caught = asyncio.Event()

        async def play(peer: Any) -> None:
            await caught.wait()
            await peer.gone()

        async with serving(play) as upstream:
            error = await asked(upstream, hasty("write"), body=b"x" * 30_000_000)
            caught.set()
            assert isinstance(error, ExchangeTimeoutError)
            assert error.phase == "write"

    run(story())


def test_an_answer_before_the_request_was_taken(run: Any, serving: Any) -> None:
    async def story() -> None:
        read = asyncio.Event()

        async def play(peer: Any) -> None:
            await peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
            await read.wait()
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            response = await client.send("POST", upstream.url, body=b"x" * 30_000_000)
            assert (response.status, await response.read(10)) == (413, b"no")
            read.set()
            assert not client._pool._idle
            await client.close()

    run(story())


def test_a_body_that_is_too_large(run: Any, serving: Any) -> None:
    async def story() -> None:
        for data in (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n", CHUNKED + b"1e8480\r\n" + b"x" * 1_500_000):
            async with serving(playing(data, "hang")) as upstream:
                assert isinstance(await asked(upstream, Timeouts()), ResponseTooLargeError)

    run(story())


def test_a_small_body_in_one_packet_can_be_too_large_as_well(run: Any, serving: Any) -> None:
    async def story() -> None:
        async with serving(playing(OK, "hang")) as upstream:
            client = Client()
            response = await client.send("GET", upstream.url)
            with pytest.raises(ResponseTooLargeError):
                await response.read(1)
            await client.close()

    run(story())


def test_what_came_before_a_cut_is_still_given(run: Any, serving: Any) -> None:
    async def story() -> None:
        async with serving(playing(HEAD + b"12345", "close")) as upstream:
            client = Client()
            response = await client.send("GET", upstream.url)
            held = bytearray()
            with pytest.raises(BrokenConnectionError):
                await drained(response, held)
            assert held == b"12345"
            with pytest.raises(BrokenConnectionError):
                await response.piece()
            await client.close()

    run(story())


def test_nobody_listens(run: Any, serving: Any) -> None:
    async def story() -> None:
        async with serving(playing(b"", "close")) as upstream:
            pass
        assert isinstance(await asked(upstream, Timeouts()), ConnectError)

    run(story())


def test_a_name_that_nobody_has(run: Any) -> None:
    async def story() -> None:
        client = Client()
        with pytest.raises(ConnectError):
            await client.send("GET", "http://no-such-name.invalid/")
        await client.close()

    run(story())


def test_a_connection_that_dies_in_the_pool_is_replaced_once(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(OK)
            await peer.request()
            peer.reset()  # no byte of an answer

        async with serving(play) as upstream:
            client = Client()
            for _ in range(3):
                response = await client.send("POST", upstream.url, body=b"x")
                assert await response.read(2) == b"ok"
            assert len(upstream.peers) == 3
            await client.close()

    run(story())


def test_a_new_connection_that_dies_is_not_replaced(run: Any, serving: Any) -> None:
    async def story() -> None:
        async with serving(playing(b"", "reset")) as upstream:
            assert isinstance(await asked(upstream, Timeouts()), BrokenConnectionError)
            assert len(upstream.peers) == 1

    run(story())


def test_an_answer_that_began_is_never_asked_for_again(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(OK)
            await peer.request()
            await peer.send(b"HT")
            peer.writer.close()
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            await (await client.send("POST", upstream.url)).read(2)
            with pytest.raises(BrokenConnectionError):
                await client.send("POST", upstream.url)
            assert len(upstream.peers) == 1
            await client.close()

    run(story())


def test_a_server_that_closes_its_half_after_the_answer(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(OK)
            peer.writer.write_eof()
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            for _ in range(2):
                assert await (await client.send("POST", upstream.url)).read(2) == b"ok"
            assert len(upstream.peers) == 2
            await client.close()

    run(story())


def test_bytes_that_nobody_asked_for_close_an_idle_connection(run: Any, serving: Any, until: Any) -> None:
    async def story() -> None:
        async def play(peer: Any) -> None:
            await peer.request()
            await peer.send(OK)
            await peer.send(OK)
            await peer.gone()

        async with serving(play) as upstream:
            client = Client()
            assert await (await client.send("POST", upstream.url)).read(2) == b"ok"
            await until(lambda: not client._pool._open)  # the surplus arrives
            assert not client._pool._idle
            await client.close()

    run(story())


def test_an_idle_connection_is_closed_after_its_time(run: Any, serving: Any, until: Any) -> None:
    async def story() -> None:
        async with serving(playing(OK, "hang")) as upstream:
            client = Client(idle_s=0.05)
            assert await (await client.send("POST", upstream.url)).read(2) == b"ok"
            await until(lambda: not client._pool._open)
            await client.close()

    run(story())


def test_released_in_the_middle_it_is_closed(run: Any, serving: Any) -> None:
    async def story() -> None:
        async with serving(playing(HEAD + b"123", "hang")) as upstream:
            client = Client()
            response = await client.send("GET", upstream.url)
            response.release()
            with pytest.raises(BrokenConnectionError, match="released"):
                await drained(response, bytearray())
            assert not client._pool._idle
            await client.close()

    run(story())
