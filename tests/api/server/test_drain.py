"""The end of a process: nothing that began is dropped, and what cannot end is told so."""

import logging
from collections.abc import Callable

import pytest
from tests.api.server.conftest import HASTY, WAIT_S, Raw, Serve, Talker, eventually

Connect = Callable[..., Raw]


def ask(raw: Raw, path: str) -> None:
    raw.send(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())


def test_a_request_in_flight_is_finished_and_its_connection_ends(
    serve: Serve, connect: Connect, talker: Talker
) -> None:
    server = serve(talker)
    raw = connect(server)
    ask(raw, "/wait")
    assert talker.began.wait(WAIT_S)
    server.stop()
    talker.go_on.set()
    answer = raw.all()
    assert answer.endswith(b"waited")
    assert b"connection: close" in answer
    assert server.ended()
    assert talker.closed.is_set()


def test_readiness_ends_at_once_and_idle_connections_bring_one_last_request(
    serve: Serve, connect: Connect, talker: Talker
) -> None:
    server = serve(talker, linger_s=WAIT_S)
    busy, first, second = connect(server), connect(server), connect(server)
    assert first.get("/readyz").startswith(b"HTTP/1.1 200 ")
    second.get()
    ask(busy, "/wait")
    assert talker.began.wait(WAIT_S)
    server.stop()
    answer = first.get("/readyz")
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in answer
    last = second.get()
    assert last.endswith(b"here")
    assert b"connection: close" in last
    assert second.all() == b""
    talker.go_on.set()
    assert server.ended()


def test_nobody_new_gets_in(serve: Serve, connect: Connect, talker: Talker) -> None:
    server = serve(talker)
    raw = connect(server)
    ask(raw, "/wait")
    assert talker.began.wait(WAIT_S)
    server.stop()

    def refused() -> bool:
        try:
            connect(server).close()
        except ConnectionRefusedError:
            return True
        return False

    assert eventually(refused)
    talker.go_on.set()
    assert raw.all().endswith(b"waited")


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("/v1/chat/completions", b'data: {"error":{"message":"the server was stopped'),
        ("/v1/messages", b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"'),
        ("/v1/responses", b'event: error\ndata: {"type":"error","code":"server_stopping"'),
    ],
)
def test_a_stream_that_does_not_end_is_cut_with_an_error_event(
    serve: Serve, connect: Connect, talker: Talker, path: str, event: bytes
) -> None:
    server = serve(talker, drain_s=0.2)
    raw = connect(server)
    ask(raw, path)
    assert talker.began.wait(WAIT_S)
    server.stop()
    answer = raw.all()
    assert event in answer
    assert answer.endswith(b"0\r\n\r\n")
    assert talker.cancelled.is_set()
    assert server.ended()
    assert talker.closed.is_set()


def test_an_answer_that_did_not_begin_is_cut_with_a_status(
    serve: Serve, connect: Connect, talker: Talker, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(talker, drain_s=0.2)
    raw = connect(server)
    ask(raw, "/sleep")
    assert talker.began.wait(WAIT_S)
    with caplog.at_level(logging.INFO):
        server.stop()
        answer = raw.all()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after" in answer
    assert server.ended()
    assert "1 requests did not end in 0.2 s and are cut" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_second_interrupt_does_not_wait(serve: Serve, connect: Connect, talker: Talker) -> None:
    server = serve(talker, drain_s=3600)
    raw = connect(server)
    ask(raw, "/v1/messages")
    assert talker.began.wait(WAIT_S)
    server.stop()
    server.server.force_exit = True
    assert b"overloaded_error" in raw.all()
    assert server.ended()


def test_a_client_that_does_not_read_does_not_hold_up_the_end(serve: Serve, connect: Connect, talker: Talker) -> None:
    server = serve(talker, drain_s=3600, limits=HASTY)
    ask(connect(server, receive_buffer=4096), "/flood")
    assert eventually(lambda: talker.seen == ["/flood"])
    server.stop()
    assert server.ended()


def test_without_connections_it_ends_at_once(serve: Serve, talker: Talker) -> None:
    server = serve(talker, drain_s=3600, linger_s=3600)
    server.stop()
    assert server.ended()
