"""Pages of other origins: nobody by default, exact names where asked for, never with the browser's own credentials."""

from collections.abc import Callable

import pytest
from tests.api.server.conftest import Raw, Running, Serve, Talker

from plimsoll.api.server import OriginError, Server, ServerSettings

APP = "https://app.example.com"
Connect = Callable[..., Raw]


def preflight(raw: Raw, origin: str) -> bytes:
    raw.send(
        f"OPTIONS /v1/plain HTTP/1.1\r\nhost: localhost\r\norigin: {origin}\r\n"
        "access-control-request-method: POST\r\naccess-control-request-headers: authorization,content-type\r\n"
        "\r\n".encode()
    )
    return raw.until(b"\r\n\r\n")


@pytest.fixture
def server(serve: Serve, talker: Talker) -> Running:
    return serve(talker, cors_origins=(APP,))


def test_off_by_default(serve: Serve, connect: Connect, talker: Talker) -> None:
    answer = connect(serve(talker)).get("/v1/plain", f"origin: {APP}")
    assert b"access-control" not in answer


def test_a_preflight_is_answered_before_the_application(server: Running, connect: Connect, talker: Talker) -> None:
    answer = preflight(connect(server), APP)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"access-control-allow-origin: https://app.example.com\r\n" in answer
    assert b"access-control-allow-headers: authorization,content-type\r\n" in answer
    assert b"access-control-allow-methods: GET, POST\r\n" in answer
    assert talker.seen == []


@pytest.mark.parametrize("origin", ["https://app.example.com.evil.org", "http://app.example.com", "null", "x"])
def test_another_origin_gets_nothing(server: Running, connect: Connect, origin: str) -> None:
    raw = connect(server)
    answer = preflight(raw, origin)
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"access-control-allow" not in answer + raw.get("/v1/plain", f"origin: {origin}")


def test_an_answer_names_its_origin_and_what_may_be_read(server: Running, connect: Connect) -> None:
    answer = connect(server).get("/v1/plain", f"origin: {APP}")
    assert b"access-control-allow-origin: https://app.example.com\r\n" in answer
    assert b"vary: Origin\r\n" in answer
    exposed = next(line for line in answer.split(b"\r\n") if line.startswith(b"access-control-expose-headers: "))
    names = set(exposed.partition(b": ")[2].split(b", "))
    facts = (b"release", b"release-name", b"trace", b"model", b"cached", b"cost-usd", b"overhead-ms", b"guardrails")
    limits = (b"limit-requests", b"remaining-requests", b"reset-requests", b"limit-tokens", b"remaining-tokens")
    assert names >= {b"x-plimsoll-" + fact for fact in facts}
    assert names >= {b"x-ratelimit-" + limit for limit in (*limits, b"reset-tokens")}


def test_only_the_api_is_for_others(server: Running, connect: Connect) -> None:
    assert b"access-control" not in connect(server).get("/plain", f"origin: {APP}")


def test_all_origins_and_never_credentials(serve: Serve, connect: Connect, talker: Talker) -> None:
    raw = connect(serve(talker, cors_origins=("*", APP)))
    answers = preflight(raw, APP) + raw.get("/v1/plain", "origin: http://localhost:3000")
    assert answers.count(b"access-control-allow-origin: *\r\n") == 2
    assert b"credentials" not in answers


@pytest.mark.parametrize("origin", ["app.example.com", "https://a.b/path", "https://*.example.com", "null", ""])
def test_what_is_not_an_origin_is_refused_at_the_start(talker: Talker, origin: str) -> None:
    with pytest.raises(OriginError) as error:
        Server(talker, ServerSettings(cors_origins=(origin,)))
    assert "https://app.example.com" in error.value.hint
