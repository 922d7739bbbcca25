"""What the door itself says: to whom in which form, and what of it stands in the log."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from plimsoll.api import ApiSettings, create_app
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import Attempt
from plimsoll.models._errors import ProviderUnavailableError
from plimsoll.models.routing._failure import tell_attempts

ASKED = "I am bob@example.org"
BODY = {"model": "contracts/ask", "messages": [{"role": "user", "content": ASKED}]}
VERSION = {"anthropic-version": "2023-06-01"}


@pytest.fixture
def closed(service: Any) -> Any:
    app = create_app(service, settings=ApiSettings(api_key="the-shared-one"))
    with TestClient(app, base_url="http://localhost", headers={"authorization": "Bearer another"}) as client:
        yield client


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/x", "/v1/messages", "/v1/nothing"])
def test_who_names_a_version_of_anthropic_s_api_is_refused_in_its_form(closed: TestClient, path: str) -> None:
    response = closed.get(path, headers=VERSION)
    told = response.json()
    assert response.status_code == 401
    assert (told["type"], told["error"]["type"]) == ("error", "authentication_error")
    assert response.headers["request-id"] == told["request_id"]


def test_everybody_else_is_refused_in_openai_s(closed: TestClient) -> None:
    response = closed.get("/v1/models")
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}
    assert "request-id" not in response.headers


def test_a_page_stays_a_page(closed: TestClient) -> None:
    assert closed.get("/", headers=VERSION).headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("streamed", [True, False])
def test_what_a_model_server_said_is_not_in_the_log(
    client: TestClient, service: Any, caplog: pytest.LogCaptureFixture, streamed: bool
) -> None:
    error = ProviderUnavailableError("vllm/m", f"the server cannot answer now: cannot read '{ASKED}'", status=500)
    tell_attempts(error, (Attempt("vllm/m", "failed", "provider_unavailable"),))
    service.script = [error]
    response = client.post("/v1/chat/completions", json={**BODY, "stream": streamed})
    assert "cannot answer now" in response.text
    assert "bob" not in caplog.text
    (record,) = caplog.records
    said = "a model server failed; it answered 500; vllm/m failed: provider_unavailable (provider_unavailable)"
    assert record.getMessage().endswith(said)


def test_what_this_house_says_of_itself_is_in_the_log(
    client: TestClient, service: Any, caplog: pytest.LogCaptureFixture
) -> None:
    service.script = [UnavailableError("the disk is full")]
    client.post("/v1/chat/completions", json=BODY)
    assert "the disk is full (unavailable)" in caplog.text
