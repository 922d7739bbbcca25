"""When the client leaves, the platform is told at once; and nothing stays behind of a request that failed."""

import asyncio
import gc
import json
import socket
import weakref
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from plimsoll.api import ApiSettings, create_app
from plimsoll.api._errors import ClientGoneError
from plimsoll.api.exchange import WhileConnected
from plimsoll.kernel.errors import PlimsollError, UnavailableError


async def _forever() -> None:
    await asyncio.Event().wait()


def _leave(address: str, *, stream: bool, wait_for: bytes) -> None:
    body = json.dumps(
        {"model": "contracts/ask", "messages": [{"role": "user", "content": "?"}], "stream": stream}
    ).encode()
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        connection.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        seen = b""
        while wait_for not in seen:
            seen += connection.recv(4096)


@pytest.mark.parametrize("steps_before", [2, 3])
def test_in_the_middle_of_a_stream(address: str, service: Any, steps_before: int) -> None:
    service.script = [*service.script[:steps_before], _forever]
    _leave(address, stream=True, wait_for=b"The notice period")
    assert service.ended.wait(60)
    assert not service.ran_to_end


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("steps_before", [0, 1])
def test_before_the_first_text(address: str, service: Any, *, stream: bool, steps_before: int) -> None:
    service.script = [*service.script[:steps_before], _forever]
    # The very first request waits for a look at the keys; a client that leaves meanwhile has asked nothing.
    assert httpx2.get(f"{address}/v1/models").status_code == 200
    _leave(address, stream=stream, wait_for=b"")
    assert service.ended.wait(60)
    assert not service.ran_to_end


def test_the_body_is_cancelled_once_and_can_clean_up() -> None:
    cleaned = []

    async def work() -> None:
        gone = asyncio.Event()

        async def receive() -> Any:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def body() -> None:
            async with WhileConnected(receive):
                gone.set()
                try:
                    await _forever()
                finally:
                    await asyncio.sleep(0)
                    cleaned.append(True)

        with pytest.raises(ClientGoneError):
            await body()
        await asyncio.sleep(0)
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    asyncio.run(work())
    assert cleaned == [True]


def test_another_cancellation_stays_one() -> None:
    async def receive() -> Any:
        await _forever()

    async def work() -> None:
        async with WhileConnected(receive):
            await _forever()

    async def outer() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(outer())


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/nothing", "/healthz"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_connection_that_closes_just_now_is_no_fault(
    service: Any, caplog: pytest.LogCaptureFixture, path: str, *, stream: bool
) -> None:
    """uvloop raises for it, until the server is told that the connection is lost."""
    body = json.dumps({"model": "contracts/ask", "messages": [{"role": "user", "content": "?"}], "stream": stream})
    exchange = SimpleNamespace(transport=SimpleNamespace(is_closing=lambda: True), disconnected=False)
    requests = [{"type": "http.request", "body": body.encode()}]

    async def receive() -> Any:
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        if not exchange.disconnected:
            raise RuntimeError("unable to perform operation on a closed transport")

    scope = {
        "type": "http",
        "method": "POST" if path.startswith("/v1") else "GET",
        "path": path,
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
        "state": {"exchange": exchange},
    }
    app = create_app(service, settings=ApiSettings())
    asyncio.run(app(scope, receive, send))
    assert "failed" not in caplog.text


class Content:
    """What a request holds."""


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("steps_before", [0, 2])
def test_nothing_is_kept_of_a_request_that_failed(service: Any, *, stream: bool, steps_before: int) -> None:
    """A future holds the error that it raised, and the error the call that waited for the future."""
    kept: list[weakref.ref[Content]] = []

    async def fail() -> None:
        content = Content()
        kept.append(weakref.ref(content))
        waited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waited.set_exception(UnavailableError("busy"))
        try:
            await waited
        except PlimsollError as error:
            raise PlimsollError("failed") from error

    service.script = [*service.script[:steps_before], fail]
    body = json.dumps({"model": "contracts/ask", "messages": [{"role": "user", "content": "?"}], "stream": stream})
    requests = [{"type": "http.request", "body": body.encode()}]

    async def receive() -> Any:
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def send(_message: Any) -> None:
        """Nobody reads it."""

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers, "state": {}}
    app = create_app(service, settings=ApiSettings())
    gc.disable()
    try:
        asyncio.run(app(scope, receive, send))
        assert [each() for each in kept] == [None]
    finally:
        gc.enable()
