"""POSTs of checks over TLS, and headers that would be more than one."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from tests.checks.outside.fakes import always, answering, loopback

from plimsoll.checks.outside import OutsideLoop, Post, Poster, Reply
from plimsoll.http import TlsError, UnsendableRequestError

REPLY = answering(200, b"{}")


@pytest.fixture
def loop() -> Iterator[OutsideLoop]:
    held = OutsideLoop()
    yield held
    held.close()


def posted(loop: OutsideLoop, poster: Poster, url: str, **how: Any) -> Reply:
    post = Post("mine", url, b"{}", private_addresses=True, **how)

    async def once() -> Reply:
        try:
            return await poster.post(post)
        finally:
            await poster.close()

    return loop.run("mine", once, 10)


def test_the_certificate_must_be_that_of_the_name(loop: OutsideLoop) -> None:
    authority, other = trustme.CA(), trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.create_default_context()
    authority.configure_trust(ours)
    other.configure_trust(theirs)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with loopback(always(REPLY), tls=context) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        assert posted(loop, Poster(ours), url).status == 200
        with pytest.raises(TlsError):
            posted(loop, Poster(theirs), url)
        with pytest.raises(TlsError):
            posted(loop, Poster(ours), url.replace("localhost", "127.0.0.1"))
    assert len(server.bodies) == 1


@pytest.mark.parametrize("headers", [(("x", "a\r\nb: c"),), (("host", "other"),), (("x y", "a"),)])
def test_headers_cannot_smuggle_anything(loop: OutsideLoop, headers: Any) -> None:
    with loopback(always(REPLY)) as server:
        with pytest.raises(UnsendableRequestError) as caught:
            posted(loop, Poster(), server.url, headers=headers)
        assert "b: c" not in caught.value.message
    assert server.bodies == []


def test_what_was_posted_is_shown_nowhere() -> None:
    post = Post("mine", "https://checks.example/", b"said here", (("authorization", "Bearer secret"),))
    assert "said" not in repr(post)
    assert "secret" not in repr(post)
    assert "private" not in repr(Reply(200, b"private", {"x": "private"}))
