"""Certificates: only a good one, for this name, from an authority that is trusted, now."""

import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme

from plimsoll.http import Client, ConnectError, ExchangeTimeoutError, Timeouts, TlsError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA, *names: str, not_after: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=not_after).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def play(peer: Any) -> None:
    while await peer.request():
        await peer.send(OK)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_good_certificate(run: Any, serving: Any, authority: trustme.CA, host: str) -> None:
    async def story() -> None:
        asked: list[str | None] = []
        context = server_side(authority, host)
        context.sni_callback = lambda _socket, name, _context: asked.append(name)
        async with serving(play, context) as upstream:
            client = Client(tls=trusting(authority))
            for _ in range(2):
                response = await client.send("POST", f"https://{host}:{upstream.port}/", body=b"x" * 300_000)
                assert await response.read(2) == b"ok"
            assert len(upstream.peers) == 1
            await client.close()
            assert not client._pool._open
        assert asked == ["localhost" if host == "localhost" else None]

    run(story())


@pytest.mark.parametrize(
    ("names", "not_after", "is_trusted", "reason"),
    [
        (("elsewhere.example",), None, True, "mismatch"),
        (("localhost",), None, False, "issuer"),
        (("localhost",), datetime(2020, 1, 1, tzinfo=UTC), True, "expired"),
    ],
)
def test_a_certificate_that_is_not_good(  # noqa: PLR0913 fixtures beside the three things that vary
    run: Any,
    serving: Any,
    authority: trustme.CA,
    names: tuple[str, ...],
    not_after: datetime | None,
    *,
    is_trusted: bool,
    reason: str,
) -> None:
    async def story() -> None:
        async with serving(play, server_side(authority, *names, not_after=not_after)) as upstream:
            client = Client(tls=trusting(authority) if is_trusted else None)
            with pytest.raises(TlsError, match=reason) as caught:
                await client.send("GET", f"https://localhost:{upstream.port}/")
            assert caught.value.server == f"localhost:{upstream.port}"
            await client.close()
            assert not client._pool._open

    run(story())


def test_a_server_that_speaks_no_tls(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def plain(peer: Any) -> None:
            await peer.reader.read(10)
            await peer.send(b"HTTP/1.1 400 This is a plain port\r\nContent-Length: 0\r\n\r\n")
            await peer.gone()

        async with serving(plain) as upstream:
            client = Client()
            with pytest.raises(TlsError):
                await client.send("GET", f"https://localhost:{upstream.port}/")
            await client.close()

    run(story())


def test_a_server_that_leaves_or_hangs_in_the_handshake(run: Any, serving: Any) -> None:
    async def story() -> None:
        async def leaves(peer: Any) -> None:
            await peer.reader.read(10)
            peer.reset()

        async def hangs(peer: Any) -> None:
            await peer.gone()

        client = Client()
        async with serving(leaves) as upstream:
            with pytest.raises((ConnectError, TlsError)):
                await client.send("GET", f"https://localhost:{upstream.port}/")
        async with serving(hangs) as upstream:
            with pytest.raises(ExchangeTimeoutError) as caught:
                await client.send("GET", f"https://localhost:{upstream.port}/", timeouts=Timeouts(connect_s=0.1))
            assert caught.value.phase == "connect"
        await client.close()

    run(story())
