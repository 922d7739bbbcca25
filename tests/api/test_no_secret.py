"""A key that is shown to the server is found nowhere afterwards: no answer, log, trace, metric, page or file has it."""

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.harbour import LEAVE, Harbour
from tests.flows.conftest import Workshop

from plimsoll.access import NewKey
from plimsoll.api import ApiSettings, create_app

SHARED = "a-shared-key-that-nobody-else-has"
BODY = {"model": "ask", "messages": [{"role": "user", "content": LEAVE}]}


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Harbour]:
    workshop = Workshop(tmp_path / "harbour")
    harbour = Harbour(workshop)
    harbour.ship()
    yield harbour
    workshop.close()


def keys(harbour: Harbour) -> dict[str, tuple[str, int]]:
    """Keys of every fate, and the status that a question with each has."""
    access, by = harbour.platform.access, harbour.platform.acting.by
    access.create_actor("clerk", kind="service", roles=["developer"], by=by)

    def made() -> NewKey:
        return access.create_key("clerk", by=by)

    good, narrow, revoked, expired = made(), access.create_key("clerk", rights=["read"], by=by), made(), made()
    access.revoke_key(revoked.key.prefix, by=by)
    access.rotate_key(expired.key.prefix, overlap_s=0, by=by)
    other = good.secret[:-1] + ("A" if good.secret[-1] != "A" else "B")
    stranger = _of_another_place(harbour)
    return {
        "good": (good.secret, 200),
        "without the right": (narrow.secret, 403),
        "revoked": (revoked.secret, 401),
        "expired": (expired.secret, 401),
        "mistyped": (other, 401),
        "unknown": (stranger, 401),
        "shared": (SHARED, 200),
        "of another product": ("sk-proj-0123456789abcdefghij", 401),
    }


def _of_another_place(harbour: Harbour) -> str:
    other = Workshop(harbour.workshop.root.parent / "elsewhere")
    try:
        platform = other.open()
        made = platform.access.create_key("ada", by=platform.acting.by)
        return made.secret
    finally:
        other.close()


def test_no_key_is_found_anywhere(
    harbour: Harbour, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = keys(harbour)
    heard: list[str] = []
    settings = ApiSettings(api_key=SHARED, default_environment="staging")
    app = create_app(harbour.service(), settings=settings)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        for key, status in shown.values():
            heard += _everything(client, key, status)
        heard.append(client.get("/metrics", headers={"authorization": f"Bearer {SHARED}"}).text)
        heard.append(client.get("/", headers={"authorization": f"Bearer {SHARED}"}).text)
    harbour.platform.close()
    printed = capfd.readouterr()
    said = "\n".join([*heard, printed.out, printed.err, caplog.text, repr(settings), repr(app.__dict__)])
    said += "\n".join(str(record.__dict__) for record in caplog.records)
    kept = b"".join(path.read_bytes() for path in harbour.workshop.root.rglob("*") if path.is_file())
    assert LEAVE in said
    assert LEAVE.encode() in kept
    for name, (key, _) in shown.items():
        # The end of a key of ours is the secret; its visible part may be named.
        secret = key[-30:]
        assert secret not in said, name
        assert secret.encode() not in kept, name
        assert base64.b64encode(f"anybody:{key}".encode())[-32:-4] not in kept, name


def _everything(client: TestClient, key: str, status: int) -> list[str]:
    """What the server says to all kinds of requests with one key."""
    bearer = {"authorization": f"Bearer {key}"}
    basic = {"authorization": "Basic " + base64.b64encode(f"anybody:{key}".encode()).decode()}
    answer = client.post("/v1/chat/completions", json=BODY, headers=bearer)
    assert answer.status_code == status
    responses: list[Any] = [
        answer,
        client.post("/v1/chat/completions", json={**BODY, "stream": True}, headers=bearer),
        client.post("/v1/chat/completions", content=b"{", headers={**bearer, "content-type": "application/json"}),
        client.get("/v1/models", headers=bearer),
        client.get("/", headers=basic),
        client.get("/metrics", headers=basic),
        client.get(f"/traces/{answer.headers.get('x-plimsoll-trace', 'none')}", headers=basic),
        client.get("/nothing", headers=basic),
        client.get("/", headers={**bearer, "host": "rebound.example"}),
    ]
    return [f"{response.headers} {response.text}" for response in responses]


def test_what_a_revoked_and_an_expired_key_are_told(harbour: Harbour) -> None:
    shown = keys(harbour)
    app = create_app(harbour.service(), settings=ApiSettings(default_environment="staging"))
    codes = {}
    with TestClient(app, base_url="http://localhost") as client:
        for name in ("revoked", "expired", "mistyped", "unknown", "without the right"):
            response = client.post(
                "/v1/chat/completions", json=BODY, headers={"authorization": f"Bearer {shown[name][0]}"}
            )
            codes[name] = response.json()["error"]["code"]
    assert codes == {
        "revoked": "key_revoked",
        "expired": "key_expired",
        "mistyped": "key_malformed",
        "unknown": "key_unknown",
        "without the right": "right_missing",
    }
