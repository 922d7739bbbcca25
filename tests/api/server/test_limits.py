"""What one client may take, asked with raw sockets: a client that keeps to no rules."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.server.conftest import HASTY, SMALL, WAIT_S, Raw, Running, Serve, Talker, eventually

Connect = Callable[..., Raw]
GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n"


def post(path: str, length: int, *headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n{lines}\r\n".encode()


@pytest.fixture
def server(serve: Serve, talker: Talker) -> Running:
    return serve(talker)


@pytest.fixture
def hasty(serve: Serve, talker: Talker) -> Running:
    """Its times are over soon."""
    return serve(talker, limits=HASTY)


def test_a_request_within_all_limits(server: Running, connect: Connect) -> None:
    raw = connect(server)
    assert raw.get("/", *[f"x-{number}: 1" for number in range(18)]).endswith(b"here")
    assert raw.get("/" + "a" * 1000 + "/plain").endswith(b"here")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(GET + b"".join(b"x-%d: 1\r\n" % number for number in range(40)) + b"\r\n", 431, id="many"),
        pytest.param(GET + b"x: " + b"a" * 9000 + b"\r\n\r\n", 431, id="long"),
        pytest.param(GET + b"x: " + b"a" * 9000, 431, id="one that does not end"),
        pytest.param(b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nhost: x\r\n\r\n", 414, id="a long address"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="TLS on a plain port"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n", 400, id="no colon"),
        pytest.param(
            b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            id="two lengths",
        ),
        pytest.param(
            post("/echo", 2, "connection: upgrade", "upgrade: websocket") + b"ab", 400, id="an upgrade with a body"
        ),
    ],
)
def test_a_bad_head_is_refused_before_the_application(
    server: Running, connect: Connect, talker: Talker, sent: bytes, status: int
) -> None:
    raw = connect(server)
    raw.send(sent)
    answer = raw.all()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b'"error":{"message"' in answer
    assert b"connection: close" in answer
    assert talker.seen == []


def test_headers_in_many_small_pieces_are_counted_together(server: Running, connect: Connect, talker: Talker) -> None:
    raw = connect(server)
    raw.send(GET)
    for _ in range(300):
        raw.send(b"x: " + b"a" * 30 + b"\r\n")
    assert b" 431 " in raw.all()
    assert talker.seen == []


def test_the_answer_to_too_long_headers_arrives_although_the_client_sends_on(server: Running, connect: Connect) -> None:
    raw = connect(server)
    for _ in range(40):
        raw.send(GET + b"x: " + b"a" * 65536)
    assert raw.all().startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("sent", [b"G", GET, GET + b"x: a", b"\r\n"])
def test_headers_that_do_not_end_in_time(hasty: Running, connect: Connect, sent: bytes) -> None:
    raw = connect(hasty)
    raw.send(sent)
    assert b" 408 " in raw.all()


def test_a_connection_that_asks_nothing_is_closed(hasty: Running, connect: Connect) -> None:
    assert connect(hasty).all() == b""


def test_an_empty_line_between_requests_does_not_keep_a_connection(hasty: Running, connect: Connect) -> None:
    raw = connect(hasty)
    raw.get()
    raw.send(b"\r\n")
    assert b" 408 " in raw.all()


def test_an_idle_connection_is_closed(hasty: Running, connect: Connect) -> None:
    raw = connect(hasty)
    raw.get()
    assert raw.all() == b""


def test_a_body_that_pauses(hasty: Running, connect: Connect, talker: Talker) -> None:
    raw = connect(hasty)
    raw.send(post("/echo", 1000) + b"some of it")
    assert b" 408 " in raw.all()
    assert talker.gone.wait(WAIT_S)


def test_a_body_that_trickles(hasty: Running, connect: Connect, talker: Talker) -> None:
    raw = connect(hasty)
    raw.send(post("/echo", 100_000))
    # Each piece comes within the time for a pause, all together far below a kilobyte a second.

    def trickled() -> bool:
        raw.send(b"a")
        return talker.gone.wait(0.02)

    assert eventually(trickled)
    assert b" 408 " in raw.all()


def test_a_long_body_at_a_good_rate(server: Running, connect: Connect) -> None:
    raw = connect(server)
    raw.send(post("/echo", 3_000_000) + b"a" * 3_000_000)
    assert raw.until(b"3000000").endswith(b"3000000")


def test_a_body_that_nobody_reads_is_not_taken_without_end(server: Running, connect: Connect) -> None:
    raw = connect(server)
    raw.send(post("/deaf", 10**9) + b"a" * 1_000_000)
    assert raw.all().startswith(b"HTTP/1.1 413 ")


CHUNKED = b"POST /echo HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "piece"),
    [
        pytest.param(b"3\r\nabc\r\n0\r\n", b"a:b\r\n" * 1000, id="trailers"),
        pytest.param(b"3\r\nabc\r\n0\r\na:", b"b" * 5000, id="one trailer without an end"),
        pytest.param(b"3;a=", b"b" * 5000, id="a chunk's extension"),
        pytest.param(b"", b"1;" + b"b" * 500 + b"\r\nx\r\n", id="extensions of many chunks"),
    ],
)
def test_what_comes_beside_a_body_has_an_end(server: Running, connect: Connect, sent: bytes, piece: bytes) -> None:
    raw = connect(server)
    raw.send(CHUNKED + sent)
    for _ in range(100):
        raw.send(piece)
    assert raw.all().startswith(b"HTTP/1.1 431 ")
    assert connect(server).get().endswith(b"here")


def test_trailers_are_read_over(server: Running, connect: Connect, talker: Talker) -> None:
    raw = connect(server)
    raw.send(CHUNKED + b"3\r\nabc\r\n0\r\nx-sum: 1\r\nexpect: 100-continue\r\n\r\n")
    assert raw.until(b"\r\n\r\n3").startswith(b"HTTP/1.1 200 ")
    assert raw.get("/plain").endswith(b"here")
    assert talker.seen == ["/echo", "/plain"]


def test_a_body_in_the_smallest_chunks(server: Running, connect: Connect) -> None:
    raw = connect(server)
    raw.send(CHUNKED + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
    assert raw.until(b"\r\n\r\n50000").startswith(b"HTTP/1.1 200 ")


def test_endless_trailers_after_the_answer_get_no_second_one(server: Running, connect: Connect) -> None:
    raw = connect(server)
    raw.send(CHUNKED.replace(b"echo", b"deaf") + b"3\r\nabc\r\n")
    assert raw.until(b"no").endswith(b"no")
    raw.send(b"0\r\n" + b"a:b\r\n" * 10_000)
    assert raw.all() == b""


def test_a_short_body_that_comes_after_the_answer_keeps_the_connection(server: Running, connect: Connect) -> None:
    raw = connect(server)
    raw.send(post("/deaf", 4))
    assert raw.until(b"no").endswith(b"no")
    raw.send(b"body")
    assert raw.get().endswith(b"here")


def test_a_client_that_does_not_read_is_cut_off(hasty: Running, connect: Connect, talker: Talker) -> None:
    raw = connect(hasty, receive_buffer=4096)
    raw.send(b"GET /flood HTTP/1.1\r\nhost: localhost\r\n\r\n")
    assert talker.gone.wait(WAIT_S)


def test_one_connection_too_many(server: Running, connect: Connect) -> None:
    kept = [connect(server) for _ in range(SMALL.most_connections)]
    for raw in kept:
        raw.get()
    answer = connect(server).all()
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in answer
    assert kept[0].get().endswith(b"here")


def test_requests_sent_ahead_are_answered_in_order(server: Running, connect: Connect, talker: Talker) -> None:
    raw = connect(server)
    raw.send(GET + b"\r\n" + post("/echo", 3) + b"abc" + GET + b"connection: close\r\n\r\n")
    answer = raw.all()
    assert answer.count(b"HTTP/1.1 200") == 3
    assert talker.seen == ["/", "/echo", "/"]


def test_a_client_that_leaves_ends_what_is_answered_although_it_asked_for_more(
    server: Running, connect: Connect, talker: Talker
) -> None:
    raw = connect(server)
    raw.send(b"GET /leave HTTP/1.1\r\nhost: localhost\r\n\r\n" + GET + b"\r\n")
    assert talker.began.wait(WAIT_S)
    raw.close()
    assert talker.gone.wait(WAIT_S)
    assert talker.seen == ["/leave"]


def test_sending_ahead_without_end_while_an_answer_is_made(server: Running, connect: Connect, talker: Talker) -> None:
    raw = connect(server)
    raw.send(b"GET /flood HTTP/1.1\r\nhost: localhost\r\n\r\n")
    raw.until(b"\r\n\r\n")
    raw.send(GET)

    def cut() -> bool:
        raw.send(b"x: " + b"a" * 5_000 + b"\r\n")
        return talker.gone.wait(0.02)

    assert eventually(cut)


def test_an_offer_of_http2_is_ignored(server: Running, connect: Connect) -> None:
    offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB"
    raw = connect(server)
    raw.send(post("/echo", 4, offer) + b"body")
    assert raw.until(b"\r\n\r\n4").endswith(b"\r\n\r\n4")


def test_the_text_of_that_offer_in_a_body_is_left_alone(server: Running, connect: Connect) -> None:
    text = b"\r\nUpgrade: h2c\r\n"
    raw = connect(server)
    raw.send(post("/echo", len(text)) + text)
    assert raw.until(b"\r\n\r\n%d" % len(text)).startswith(b"HTTP/1.1 200")


def test_any_bytes_leave_the_server_working(server: Running) -> None:
    parts = st.lists(
        st.sampled_from([GET, b"\r\n", b"\r\n\r\n", post("/echo", 5), b"hello", b"x: y\r\n", b"0\r\n\r\n", b"PRI * "])
        | st.binary(max_size=40),
        max_size=8,
    )

    @settings(max_examples=60, deadline=None)
    @given(parts)
    def whatever(sent: list[bytes]) -> None:
        for tried in (b"".join(sent), None):
            raw = Raw(server.port)
            for piece in [tried] if tried is not None else sent:
                raw.send(piece)
            raw.close()

    whatever()
    assert eventually(lambda: not server.server.connections)
    raw = Raw(server.port)
    assert raw.get().endswith(b"here")
    raw.close()
