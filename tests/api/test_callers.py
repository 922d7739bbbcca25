"""Who asked, and for whom, reaches the platform with each request."""

from collections.abc import Iterator
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from plimsoll.access import Acting
from plimsoll.api import ApiSettings, create_app
from plimsoll.api._errors import FieldError
from plimsoll.api.exchange import Sent
from plimsoll.api.exchange._caller import user_from
from plimsoll.flows.serve import Caller

KEY = "plim_ada"
BODY: dict[str, Any] = {"model": "contracts/ask", "messages": [{"role": "user", "content": "How long?"}]}


@pytest.fixture
def keyed(service: Any) -> Iterator[TestClient]:
    """Calls with the key of an actor."""
    service.keys[KEY] = Acting(
        "s-00000000000000aa", "Ada", frozenset({"call"}), "key:aaaa000000", team="search", project="harbour"
    )
    app = create_app(service, settings=ApiSettings())
    headers = {"authorization": f"Bearer {KEY}"}
    with TestClient(app, base_url="http://localhost", headers=headers) as client:
        yield client


def ask(client: TestClient, headers: dict[Any, Any] | None = None, **changes: Any) -> Any:
    return client.post("/v1/chat/completions", json={**BODY, **changes}, headers=headers)


def test_the_actor_with_team_and_project_comes_from_the_key(keyed: TestClient, service: Any) -> None:
    assert ask(keyed).status_code == 200
    assert service.asked[0].caller == Caller("s-00000000000000aa", "search", "harbour", "", "aaaa000000", name="Ada")


def test_without_keys_nobody_is_named(client: TestClient, service: Any) -> None:
    assert ask(client, user="c-17").status_code == 200
    assert service.asked[0].caller == Caller(user="c-17")


@pytest.mark.parametrize(
    ("headers", "fields", "user"),
    [
        ({}, {"user": "a"}, "a"),
        ({}, {"safety_identifier": "b"}, "b"),
        ({b"x-plimsoll-user": b"c"}, {}, "c"),
        ({}, {"user": "a", "safety_identifier": "b"}, "b"),
        ({b"x-plimsoll-user": b"c"}, {"user": "a", "safety_identifier": "b"}, "c"),
        ({b"x-plimsoll-user": b""}, {"user": "a", "safety_identifier": None}, "a"),
        ({b"x-plimsoll-user": "Zoë Übel".encode()}, {}, "Zoë Übel"),
        ({}, {"user": "Jose\u0301"}, "José"),
        ({b"x-plimsoll-user": "Zoe\u0308".encode()}, {}, "Zoë"),
        ({}, {"user": ""}, ""),
        ({}, {"user": "x" * 256}, "x" * 256),
    ],
)
def test_for_whom(keyed: TestClient, service: Any, headers: Any, fields: dict[str, Any], user: str) -> None:
    assert ask(keyed, headers, **fields).status_code == 200
    assert service.asked[0].caller.user == user


@pytest.mark.parametrize(
    ("headers", "fields", "param"),
    [
        ({}, {"user": "x" * 257}, "user"),
        ({}, {"user": "a\nb"}, "user"),
        ({}, {"user": "a\u202eb"}, "user"),
        ({}, {"user": "   "}, "user"),
        ({}, {"user": 17}, "user"),
        ({}, {"safety_identifier": "\x00"}, "safety_identifier"),
        ({b"x-plimsoll-user": b"a\tb"}, {}, "x-plimsoll-user"),
        ({b"x-plimsoll-user": b"good"}, {"user": "bad\x07"}, "user"),
    ],
)
def test_a_user_that_cannot_be_taken(
    keyed: TestClient, service: Any, headers: Any, fields: dict[str, Any], param: str
) -> None:
    response = ask(keyed, headers, **fields)
    assert response.status_code == 400
    assert response.json()["error"]["param"] == param
    assert service.asked == []


def test_a_header_that_is_no_text() -> None:
    sent = Sent.of({"headers": ((b"x-plimsoll-user", b"\xff\xfe"),)})
    with pytest.raises(FieldError, match="UTF-8"):
        user_from((), sent)


def test_two_users_are_none(keyed: TestClient) -> None:
    two = [("x-plimsoll-user", "a"), ("x-plimsoll-user", "b")]
    response = keyed.post("/v1/chat/completions", json=BODY, headers=two)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "x-plimsoll-user")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
def test_any_text_is_taken_as_it_is_or_refused(keyed: TestClient, service: Any, text: str) -> None:
    service.asked.clear()
    response = ask(keyed, user=text)
    if response.status_code == 200:
        assert service.asked[0].caller.user == normalize("NFC", text)
        assert len(normalize("NFC", text)) <= 256
        assert text.isprintable()
    else:
        assert response.status_code == 400
