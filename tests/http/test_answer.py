"""Laws of reading an answer, for any bytes in any pieces."""

import itertools
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from plimsoll.http._answer import Answer, MalformedAnswerError

PLACES = st.lists(st.integers(0, 100_000), max_size=12)
NAME = st.text("abcdefXYZ-", min_size=1, max_size=8).map(lambda name: f"x-{name}")
VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=8)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    borders = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(borders)]


def read(pieces: Sequence[bytes]) -> tuple[object, ...]:
    """Everything that a reader can see of an answer that came in these pieces."""
    answer = Answer(is_bodiless=False, max_header_bytes=2000)
    body = b""
    try:
        for piece in pieces:
            answer.feed(piece)
            body += answer.take()
    except MalformedAnswerError:
        return ("malformed",)
    ended = answer.is_complete
    answer.end()
    return (answer.status, answer.headers(), body, ended, answer.is_complete, answer.keeps_alive)


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, int, bytes]:
    """A valid answer, its status and its body."""
    status = draw(st.sampled_from([200, 201, 400, 404, 429, 500, 529]))
    body = draw(st.binary(max_size=200))
    lines = [f"{name}: {value}" for name, value in draw(st.lists(st.tuples(NAME, VALUE), max_size=4))]
    framing = draw(st.sampled_from(["length", "chunked", "close"]))
    sent = body
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: Chunked")
        chunks = cut(body, draw(PLACES)) if body else []
        sent = b"".join(b"%X\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    interim = draw(st.sampled_from(["", "HTTP/1.1 100 Continue\r\n\r\n"]))
    head = "\r\n".join([f"{interim}HTTP/1.1 {status} Some Words", *lines, "", ""])
    return head.encode("latin-1") + sent, status, body


@given(answers(), PLACES)
def test_a_valid_answer_is_the_same_however_it_is_cut(answer: tuple[bytes, int, bytes], places: list[int]) -> None:
    data, status, body = answer
    seen = read(cut(data, places))
    assert seen == read([data])
    assert seen[0] == status
    assert seen[2] == body
    assert seen[4] is True


@given(answers(), st.integers(0, 500))
def test_a_cut_answer_is_never_taken_for_a_whole_one(answer: tuple[bytes, int, bytes], at: int) -> None:
    data, _, body = answer
    kept = data[: at % len(data)]
    seen = read([kept] if kept else [])
    ends_with_connection = b"content-length" not in data.lower() and b"transfer-encoding" not in data.lower()
    if not ends_with_connection:
        assert seen[3:5] == (False, False) or seen[2] == body == b""


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest)))
def test_any_bytes_are_an_answer_or_malformed(data: bytes) -> None:
    assert len(read([data])) in {1, 6}


@given(answers(), st.integers(0, 500), st.binary(min_size=1, max_size=5), PLACES)
def test_a_damaged_answer_is_an_answer_or_malformed(
    answer: tuple[bytes, int, bytes], at: int, damage: bytes, places: list[int]
) -> None:
    data = answer[0]
    at %= len(data)
    assert len(read(cut(data[:at] + damage + data[at + len(damage) :], places))) in {1, 6}


def test_a_repeated_header_is_joined_in_linear_time() -> None:
    answer = Answer(is_bodiless=False, max_header_bytes=65536)
    answer.feed(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"Content-Length: 0\r\n\r\n")
    assert answer.headers()["a"] == ", ".join("b" * 200)
    assert answer.is_complete


def test_bytes_after_the_end_are_not_read() -> None:
    answer = Answer(is_bodiless=False, max_header_bytes=65536)
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
    assert answer.keeps_alive
    answer.feed(b"HTTP/1.1 500 No\r\n\r\n")
    assert (answer.status, answer.take(), answer.keeps_alive) == (200, b"a", False)


def test_a_body_that_nobody_reads_is_counted() -> None:
    answer = Answer(is_bodiless=False, max_header_bytes=100)
    answer.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 300)
    answer.feed(b"y" * 300)
    assert answer.unread == 600
    assert answer.take() == b"x" * 300 + b"y" * 300
    assert (answer.unread, answer.take()) == (0, b"")
