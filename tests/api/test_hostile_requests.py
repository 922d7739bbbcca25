"""Bytes that no SDK would send, over a real socket."""

import json
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from plimsoll.api import ApiSettings, create_app
from plimsoll.api._errors import MalformedBodyError
from plimsoll.api.load import LoadSettings
from plimsoll.api.openai import ChatDialect
from plimsoll.kernel.errors import InvalidError

SMALL = ApiSettings(max_body_bytes=200_000)
GOOD = b'{"model":"contracts/ask","messages":[{"role":"user","content":"?"}]}'


@pytest.fixture
def small_address(service: Any, serve: Callable[[ASGIApp], str]) -> str:
    return serve(create_app(service, settings=SMALL))


def _exchange(address: str, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are, and read one response to its end."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        connection.sendall(request)
        reader = connection.makefile("rb")
        with reader:
            status = int(reader.readline().split()[1])
            headers = {}
            while line := reader.readline().strip():
                name, _, value = line.decode("latin-1").partition(": ")
                headers[name.lower()] = value
            return status, headers, reader.read(int(headers.get("content-length", "0")))


def _post(body: bytes, *, content_type: bytes = b"application/json", length: int | None = None) -> bytes:
    return b"\r\n".join(
        [
            b"POST /v1/chat/completions HTTP/1.1",
            b"Host: 127.0.0.1",
            *([b"Content-Type: " + content_type] if content_type else []),
            b"Content-Length: %d" % (len(body) if length is None else length),
            b"",
            body,
        ]
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"null", "invalid_value"),
        (b"[]", "invalid_value"),
        (b"\xef\xbb\xbf" + GOOD, "invalid_json"),
        (b'{"model":"\xff\xfe","messages":[]}', "invalid_json"),
        (b'{"model":"\\ud800","messages":[]}', "invalid_json"),
        (GOOD[:-1] + b',"x":' + b"[" * 40_000 + b"]" * 40_000 + b"}", "invalid_json"),
        (b"[" * 100_000, "invalid_value"),
        (b'{"model":"a","messages":[{"role":"user","content":"?"}],"temperature":1e999}', "invalid_value"),
        (b'{"model":"a","messages":[{"role":"user","content":"?"}],"temperature":NaN}', "invalid_json"),
        (b"a=b&c=d", "invalid_json"),
    ],
)
def test_bad_bodies(small_address: str, body: bytes, code: str) -> None:
    status, headers, answer = _exchange(small_address, _post(body))
    error = json.loads(answer)["error"]
    assert (status, error["code"]) == (400, code)
    assert set(error) == {"message", "type", "param", "code"}
    assert headers["x-request-id"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "content_type", [b"", b"text/plain", b"application/x-www-form-urlencoded", b"application/jsonx"]
)
def test_only_declared_json_is_read(small_address: str, service: Any, content_type: bytes) -> None:
    status, _, answer = _exchange(small_address, _post(GOOD, content_type=content_type))
    assert (status, json.loads(answer)["error"]["code"]) == (415, "unsupported_media_type")
    assert not service.asked


def test_json_with_a_charset_is_read(small_address: str) -> None:
    status, _, _ = _exchange(small_address, _post(GOOD, content_type=b"Application/JSON; charset=utf-8"))
    assert status == 200


def test_a_body_that_says_it_is_too_long_is_not_waited_for(small_address: str) -> None:
    status, _, answer = _exchange(small_address, _post(b"{", length=10**12))
    assert (status, json.loads(answer)["error"]["code"]) == (413, "request_too_large")


def test_a_body_of_unknown_length_that_becomes_too_long(small_address: str) -> None:
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"%x\r\n" % 50_000 + b" " * 50_000 + b"\r\n"
    status, _, answer = _exchange(small_address, head + chunk * 6 + b"0\r\n\r\n")
    assert (status, json.loads(answer)["error"]["code"]) == (413, "request_too_large")


def test_a_body_that_was_too_long_ends_its_connection_and_harms_no_other(small_address: str, service: Any) -> None:
    """Its rest is not read to the end only to answer what follows it."""
    parts = urlsplit(small_address)
    sent = _post(b" " * 600_000) + _post(GOOD)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        connection.sendall(sent[:250_000])
        seen = connection.recv(65536)
        with suppress(ConnectionError):
            connection.sendall(sent[250_000:])
            while piece := connection.recv(65536):
                seen += piece
    assert seen.startswith(b"HTTP/1.1 413")
    assert b'"request_too_large"' in seen
    assert seen.count(b"HTTP/1.1") == 1
    assert not service.asked
    status, _, _ = _exchange(small_address, _post(GOOD))
    assert status == 200


def test_bodies_have_one_room_for_all(service: Any, serve: Callable[[ASGIApp], str]) -> None:
    load = LoadSettings(most_body_bytes=400_000)
    address = serve(create_app(service, settings=ApiSettings(max_body_bytes=300_000, load=load)))
    long = GOOD.replace(b"?", b"?" * 150_000)
    for _ in range(3):
        assert _exchange(address, _post(long))[0] == 200
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as waiting:
        # Half of it: so it is held until the other half comes, or the client leaves.
        waiting.sendall(_post(long)[:-1])
        (status, headers, answer), asked = _exchange(address, _post(long)), 1
        while status == 200 and asked < 1000:
            (status, headers, answer), asked = _exchange(address, _post(long)), asked + 1
        assert (status, json.loads(answer)["error"]["code"]) == (429, "overloaded")
        assert headers["retry-after"] == "1"
        assert _exchange(address, _post(GOOD))[0] == 200
    while status == 429 and asked < 2000:
        (status, _, _), asked = _exchange(address, _post(long)), asked + 1
    assert status == 200


def test_a_client_that_leaves_while_it_sends(small_address: str, service: Any) -> None:
    parts = urlsplit(small_address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as connection:
        connection.sendall(_post(GOOD[:20], length=len(GOOD)))
    status, _, _ = _exchange(small_address, _post(GOOD))
    assert status == 200
    assert len(service.asked) == 1


def test_a_path_with_strange_bytes(small_address: str) -> None:
    status, _, answer = _exchange(small_address, b"GET /v1/%ff%00%0d%0a HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (status, json.loads(answer)["error"]["code"]) == (404, "unknown_url")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: GOOD.replace(b"?", text.encode())))
def test_any_bytes_are_a_request_or_an_invalid_error(body: bytes) -> None:
    try:
        asked = ChatDialect().read(body)
    except InvalidError as error:
        assert error.code in {"invalid_json", "invalid_value", "unsupported_parameter"}  # noqa: PT017 (both ends are right)
    else:
        assert asked.body["messages"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["model", "messages", "n", "stop", "stream", "stream_options", "tools", "seed", "top_p"])


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.dictionaries(FIELDS, JSON_VALUES, max_size=4))
def test_no_json_makes_the_server_fail(client: TestClient, fields: dict[str, Any]) -> None:
    body = json.dumps({**json.loads(GOOD), **fields}).encode()
    response = client.post("/v1/chat/completions", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {200, 400, 404}


def test_deep_nesting_names_its_reason() -> None:
    with pytest.raises(MalformedBodyError, match="nested too deeply"):
        ChatDialect().read(GOOD[:-1] + b',"x":' + b"[" * 40_000)
