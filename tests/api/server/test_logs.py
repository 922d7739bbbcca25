"""What a server writes: one line for each event, and nothing secret whatever was sent."""

import io
import json
import logging
import os
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.server.conftest import Raw, Serve, Talker

from plimsoll.api.server import logging_to
from plimsoll.api.server._logs import without_secrets

Connect = Callable[..., Raw]
SECRETS = [
    "plim_9f3kd02mfkw0dkq",
    "sk-ant-api03-Q2FyZWZ1bA",
    "hunter2-in-a-query",
    "the body of the request",
    "a-cookie-value",
]


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json() -> None:
    stream = io.StringIO()
    with logging_to(stream, "json"):
        logging.getLogger("plimsoll.api").warning("two\nlines", extra={"facts": {"answer": 42}})
    (line,) = lines(stream)
    assert line["message"] == "two\nlines"
    assert (line["level"], line["logger"], line["answer"]) == ("warning", "plimsoll.api", 42)
    assert str(line["time"]).endswith("+00:00")


def test_an_error_has_its_traceback() -> None:
    stream = io.StringIO()
    with logging_to(stream, "json"):
        logging.getLogger("plimsoll.api").error("failed", exc_info=ValueError("x"))
    (line,) = lines(stream)
    assert "ValueError: x" in str(line["error"])


def test_text_is_for_people() -> None:
    stream = io.StringIO()
    with logging_to(stream, "text"):
        logging.getLogger("plimsoll.api").warning("a\nb", extra={"facts": {"path": "/x y\n"}})
    assert stream.getvalue().endswith("WARNING plimsoll.api: a\\nb path='/x y\\n'\n")


def test_requests_are_logged_only_when_wanted(serve: Serve, connect: Connect, talker: Talker) -> None:
    stream = io.StringIO()
    with logging_to(stream, "json"):
        connect(serve(talker, access_log=True)).get()
    assert stream.getvalue() == ""


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_that_a_client_sends_but_its_path_is_written(
    serve: Serve, connect: Connect, talker: Talker, form: str
) -> None:
    stream = io.StringIO()
    key, token, query, body, cookie = SECRETS
    with logging_to(stream, "json" if form == "json" else "text", requests=True):
        raw = connect(serve(talker, access_log=True))
        raw.send(
            f"POST /echo?key={query} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n"
            f"x-api-key: {token}\r\ncookie: {cookie}\r\ncontent-length: {len(body)}\r\n"
            f"connection: close\r\n\r\n{body}".encode()
        )
        assert b"200" in raw.all()
        raw = connect(serve(talker, access_log=True))
        raw.send(f"GET /{key} HTTP/9.9 {token}\r\n\r\n".encode())
        raw.all()
        logging.getLogger("plimsoll.api").error("called with %s and Bearer %s", key, token)
    written = stream.getvalue()
    assert "/echo" in written
    assert [secret for secret in SECRETS if secret in written] == []
    if form == "json":
        request = lines(stream)[0]
        assert (request["method"], request["path"], request["status"]) == ("POST", "/echo", 200)
        assert set(request) == {
            "time", "level", "logger", "message", "method", "path", "status", "ms", "trace", "key"
        }  # fmt: skip


@given(st.sampled_from(["plim_", "sk-", "Bearer ", "api_key=", "password: ", "ghp_"]), st.text("abc123", min_size=8))
def test_what_looks_like_a_key_is_never_written(before: str, value: str) -> None:
    assert value not in without_secrets(f"failed with {before}{value} somewhere")


def test_ordinary_sentences_are_left_alone() -> None:
    text = "request 4bf9 failed: the model `gpt-4.1-mini` took 120 tokens; see https://example.com/a@b"
    assert without_secrets(text) == text
    assert without_secrets("postgresql://me:pass@host/db") == "postgresql://[hidden]@host/db"


def test_a_reader_that_does_not_read_stops_nobody() -> None:
    reader, writer = os.pipe()
    log = logging.getLogger("plimsoll.api")
    read: list[str] = []

    def drain() -> None:
        with os.fdopen(reader) as lines:
            read.extend(lines)

    draining = threading.Thread(target=drain)
    with os.fdopen(writer, "w") as stream, logging_to(stream, "text"):
        for number in range(12_000):
            log.warning("%d %s", number, "x" * 100)
        draining.start()
    draining.join(60)
    assert not draining.is_alive()
    assert 10_000 < len(read) < 12_000
    assert read[-1].endswith("lines of the log were dropped: nobody read them in time\n")
