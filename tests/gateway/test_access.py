"""Keys of every fate, on every API."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Response
from tests.gateway.echo import Echo
from tests.gateway.port import Gateway, gateway, until
from tests.gateway.surfaces import CHAT, MESSAGES, SURFACES, Surface
from tests.gateway.test_faults import streams, surfaces

from plimsoll.access import NewKey
from plimsoll.access._keys import new_secret
from plimsoll.kernel.clock import utc_now

PATHS = (
    "/v1/embeddings",
    "/v1/moderations",
    "/v1/predict/ask",
    "/v1/feedback",
    "/v1/messages/count_tokens",
    "/v1/models",
    "/v1/models/e",
    "/v1/traces",
)
FATES = {
    "revoked": "key_revoked",
    "rotated away": "key_expired",
    "at its end": "key_expired",
    "mistyped": "key_malformed",
    "cut": "key_malformed",
    "of another installation": "key_unknown",
    "of another company": "invalid_api_key",
    "of a disabled actor": "actor_disabled",
    "of an erased actor": "actor_erased",
}
"""Keys that are not good, and the code with which they are refused."""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    files = {"routes/default.yaml": f"model: vllm/e\nbase_url: {echo_server.url}/v1\nserves: [e]\n"}
    with gateway(tmp_path_factory.mktemp("access") / "harbour", files, keys_required=True) as found:
        found.key = found.make_key("good", team="red", project="north")
        yield found


@pytest.fixture(scope="module")
def keys(port: Gateway) -> dict[str, str]:
    """A key of each fate."""
    access, by = port.platform.access, port.platform.acting.by

    def made(**given: Any) -> NewKey:
        return access.create_key("good", by=by, **given)

    revoked, rotated, ended = made(), made(), made(expires_at=utc_now() + timedelta(milliseconds=200))
    access.revoke_key(revoked.key.prefix, by=by)
    access.rotate_key(rotated.key.prefix, overlap_s=0, by=by)
    disabled, erased = port.make_key("gone"), port.make_key("forgotten")
    access.disable("gone", by=by)
    port.platform.ledger.erase(access.actor("forgotten").id, {}, by=by)
    until(lambda: utc_now() > (ended.key.expires_at or utc_now()))
    return {
        "revoked": revoked.secret,
        "rotated away": rotated.secret,
        "at its end": ended.secret,
        "mistyped": port.key[:-1] + ("A" if port.key[-1] != "A" else "B"),
        "cut": port.key[:-1],
        "of another installation": new_secret(),
        "of another company": "sk-proj-of-another-place",
        "of a disabled actor": disabled,
        "of an erased actor": erased,
    }


def check_refusal(response: Response, path: str, code: str) -> None:
    """The status and the envelope of a key that is not good, which tell nothing else."""
    assert response.status_code == 401, response.text
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"]
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("authentication_error", code)
    assert error["message"]
    if path.startswith("/v1/messages"):
        assert response.json()["type"] == "error"
        assert response.json()["request_id"] == response.headers["request-id"]
    else:
        assert sorted(error) == ["code", "message", "param", "type"]


@surfaces
@streams
@pytest.mark.parametrize("fate", FATES)
def test_a_key_that_is_not_good(
    port: Gateway, heard: Echo, keys: dict[str, str], surface: Surface, fate: str, *, stream: bool
) -> None:
    key = keys[fate]
    for header, value in (("authorization", f"Bearer {key}"), ("x-api-key", key), ("api-key", key)):
        response = port._client.post(
            surface.path, json=surface.body("e", "Hello?", stream=stream), headers={header: value}
        )
        check_refusal(response, surface.path, FATES[fate])
        assert key[-20:] not in response.text
    assert not heard.heard


@pytest.mark.parametrize("fate", [*FATES, "none"])
@pytest.mark.parametrize("path", PATHS)
def test_every_other_call_refuses_them_as_well(port: Gateway, keys: dict[str, str], path: str, fate: str) -> None:
    """Before anything of the body is looked at."""
    headers = {} if fate == "none" else {"authorization": f"Bearer {keys[fate]}"}
    method = "GET" if path.startswith("/v1/models") else "POST"
    response = port._client.request(method, path, content=None if method == "GET" else b"{", headers=headers)
    check_refusal(response, path, FATES.get(fate, "invalid_api_key"))


def test_a_key_is_no_better_in_another_environment(port: Gateway, heard: Echo, keys: dict[str, str]) -> None:
    body = CHAT.body("e", "Hello?")
    for key, status in ((keys["revoked"], 401), (port.key, 404)):
        response = port.post(CHAT.path, body, key=key, x_plimsoll_environment="production")
        assert response.status_code == status, response.text
    assert not heard.heard


@surfaces
def test_without_a_key_nothing_is_answered(port: Gateway, heard: Echo, surface: Surface) -> None:
    response = port._client.post(surface.path, json=surface.body("e", "Hello?"))
    check_refusal(response, surface.path, "invalid_api_key")
    assert not heard.heard


@surfaces
@pytest.mark.parametrize("header", ["authorization", "x-api-key", "api-key"])
def test_a_good_key_may_come_in_each_company_s_header(
    port: Gateway, heard: Echo, surface: Surface, header: str
) -> None:
    value = f"Bearer {port.key}" if header == "authorization" else port.key
    response = port._client.post(surface.path, json=surface.body("e", "Hello?"), headers={header: value})
    assert response.status_code == 200, response.text
    trace = port.trace(response)
    assert (trace.team, trace.project, trace.key) == ("red", "north", port.key.split("_")[1])
    assert port.key not in json.dumps([heard.heard, heard.headers])
    assert port.key.split("_")[2] not in repr(trace)


@surfaces
def test_a_key_of_another_right_is_forbidden(port: Gateway, heard: Echo, surface: Surface) -> None:
    key = port.make_key(f"reader-{surface}", rights=["read"])
    response = port.post(surface.path, surface.body("e", "Hello?"), key=key)
    assert response.status_code == 403, response.text
    assert response.json()["error"]["type"] == "permission_error"
    assert not heard.heard


@surfaces
@streams
@pytest.mark.parametrize("model", ["gpt-4.1-mini", "other/ask", "ask ", "", "e\x00", "default", "x" * 999])
def test_a_model_that_is_not_served(port: Gateway, heard: Echo, surface: Surface, model: str, *, stream: bool) -> None:
    response = port.ask(surface, model, stream=stream)
    assert response.status_code == (400 if not model else 404), response.text
    error: dict[str, Any] = response.json()["error"]
    if surface is MESSAGES:
        assert error["type"] == ("not_found_error" if model else "invalid_request_error")
    else:
        assert (error["code"], error["param"]) == ("model_not_found" if model else "invalid_value", "model")
    assert not heard.heard


def test_the_list_of_models_is_what_can_be_called(port: Gateway) -> None:
    headers = {"authorization": f"Bearer {port.key}"}
    listed = [model["id"] for model in port._client.get("/v1/models", headers=headers).json()["data"]]
    assert listed == ["e", "harbour/ask"]
    for model in (*listed, "ask"):
        assert port.ask(SURFACES[0], model).status_code == 200


def test_names_that_callers_make_up_are_no_lines_of_the_bill(port: Gateway) -> None:
    """Otherwise anybody with a key could fill the sums of usage with rows of their own."""
    for number in range(5):
        port.ask(SURFACES[0], f"made-up-{number}")
    port.ask(SURFACES[0], "e")
    port.platform.recorder.flush()
    lines = port.harbour.service().used("endpoint", datetime.now(UTC) - timedelta(hours=1))
    assert not [line.key for line in lines if line.key.startswith("made-up")]
    assert "e" in {line.key for line in lines}


def test_an_endpoint_has_one_name_in_traces_however_it_is_called(port: Gateway) -> None:
    traces = [port.trace(port.ask(SURFACES[0], model)) for model in ("ask", "harbour/ask")]
    assert len({trace.endpoint for trace in traces}) == 1
    assert len({trace.spans[0].name for trace in traces}) == 1
