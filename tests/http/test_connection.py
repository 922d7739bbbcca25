"""What a connection tells its transport."""

import asyncio
import math
from typing import Any

from plimsoll.http._answer import Answer
from plimsoll.http._connection import Connection
from plimsoll.http._request import Origin, Request
from plimsoll.http._timeouts import Timeouts


class FakeTransport:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_args, **_named: self.said.append(name)


def test_reading_stops_while_too_much_is_unread_and_goes_on_when_it_was_read() -> None:
    async def story() -> None:
        connection = Connection(
            asyncio.get_running_loop(), "h:80", made=lambda _connection: None, lost=lambda _connection: None
        )
        transport = FakeTransport()
        connection.connection_made(transport)  # type: ignore[arg-type]
        answer = Answer(is_bodiless=False, max_header_bytes=1000)
        request = Request(Origin("h", 80, is_tls=False), b"GET", b"", Timeouts(), math.inf, is_bodiless=False)
        exchange = asyncio.create_task(connection.exchange(request, answer))
        await asyncio.sleep(0)
        connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 200_000)
        await exchange
        assert "pause_reading" not in transport.said
        connection.data_received(b"x" * 200_000)
        connection.data_received(b"x" * 200_000)
        assert transport.said.count("pause_reading") == 1
        assert len(answer.take()) == 600_000
        connection.taken()
        connection.taken()
        assert transport.said.count("resume_reading") == 1
        assert not connection.finish()
        assert transport.said[-1] == "abort"
        connection.connection_lost(None)

    asyncio.run(story())
