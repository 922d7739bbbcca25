"""Keys, host names and the headers of every response."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from plimsoll.api import ApiSettings, create_app
from plimsoll.api.admission._access import host_is_allowed

KEY = "sésame öffne dich"


@pytest.fixture
def locked(service: Any) -> Iterator[TestClient]:
    with TestClient(create_app(service, settings=ApiSettings(api_key=KEY)), base_url="http://localhost") as client:
        yield client


def _basic(password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"anybody:{password}".encode())


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("localhost.", True),
        ("127.0.0.1:1", True),
        ("[::1]:8000", True),
        ("", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("localhost:80:80", False),
        ("localhost:abc", False),
        ("localhost/x", False),
        ("127.0.0.1@evil.example", False),
        ("[::1", False),
    ],
)
def test_hosts_of_this_machine(host: str, *, allowed: bool) -> None:
    assert host_is_allowed(host, ApiSettings().allowed_hosts) is allowed


def test_host_patterns() -> None:
    assert host_is_allowed("llm.example.com:443", ("*.example.com",))
    assert not host_is_allowed("example.com", ("*.example.com",))
    assert not host_is_allowed("evilexample.com", ("*.example.com",))
    assert host_is_allowed("anything.at.all", ("*",))
    assert not host_is_allowed("a b", ("*",))


@pytest.mark.parametrize("path", ["/", "/v1/models", "/metrics", "/static/console.css"])
def test_a_rebound_name_is_refused(client: TestClient, path: str) -> None:
    response = client.get(path, headers={"host": "rebound.example"})
    assert response.status_code == 421
    assert response.headers["x-request-id"]


def test_orchestrators_call_by_address(client: TestClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/traces/x", "/v1/models", "/v1/nothing", "/metrics", "/static/console.css"])
@pytest.mark.parametrize(
    "authorization", [None, b"Bearer wrong", b"Bearer", b"", b"Basic !!", b"Digest x", b"Bearer \xff\xfe"]
)
def test_without_the_key_nothing_opens(locked: TestClient, path: str, authorization: bytes | None) -> None:
    headers = {} if authorization is None else {b"authorization": authorization}
    response = locked.get(path, headers=headers)
    assert response.status_code == 401
    if path.startswith("/v1"):
        assert response.json()["error"]["code"] == "invalid_api_key"
        assert response.headers["www-authenticate"] == "Bearer"
    else:
        assert response.headers["www-authenticate"].startswith("Basic")
        assert response.headers["content-type"].startswith("text/html")


def test_with_the_key(locked: TestClient) -> None:
    bearer = {b"authorization": b"Bearer " + KEY.encode()}
    basic = {b"authorization": _basic(KEY)}
    assert locked.get("/v1/models", headers=bearer).status_code == 200
    assert locked.get("/metrics", headers=bearer).status_code == 200
    assert locked.get("/", headers=basic).status_code == 200
    assert locked.get("/", headers={b"authorization": _basic("wrong")}).status_code == 401


def test_a_browser_cannot_be_made_to_call_the_api(locked: TestClient) -> None:
    assert locked.get("/v1/models", headers={b"authorization": _basic(KEY)}).status_code == 401


def test_health_needs_no_key(locked: TestClient) -> None:
    assert locked.get("/healthz").json() == {"status": "ok"}
    assert locked.get("/readyz").json() == {"status": "ready"}


def test_not_ready(client: TestClient, service: Any) -> None:
    service.not_ready = "the database is being migrated"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "not ready", "reason": "the database is being migrated"}
    assert client.get("/healthz").status_code == 200


def test_ready_with_a_warning(client: TestClient, service: Any) -> None:
    service.warned = "traces cannot be written: /data/traces.db is full"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["status"] == "ready"
    assert response.json()["warning"].startswith("traces cannot be written: ")
    assert "/data" not in response.text


@pytest.mark.parametrize("path", ["/", "/traces/unknown", "/nothing", "/static/console.css", "/static/nothing"])
def test_pages_are_locked_down(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-request-id"]


def test_no_other_site_is_allowed_in(client: TestClient) -> None:
    preflight = client.options(
        "/v1/chat/completions",
        headers={"origin": "https://evil.example", "access-control-request-method": "POST"},
    )
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.startswith("access-control")]


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(ApiSettings(api_key=KEY))
