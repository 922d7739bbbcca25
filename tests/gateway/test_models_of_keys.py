"""Keys that are narrowed to some models, on every API."""

from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from httpx2 import Response
from sqlalchemy import text
from tests.gateway.echo import Echo
from tests.gateway.port import Gateway, gateway
from tests.gateway.surfaces import CHAT, MESSAGES, Surface
from tests.gateway.test_faults import streams, surfaces
from tests.gateway.test_predict import MODEL, ROWS

KeyFor = Callable[..., str]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, echo_server: Echo) -> Iterator[Gateway]:
    target = f"model: vllm/e\nbase_url: {echo_server.url}/v1\n"
    files = {
        "plimsoll.yaml": "name: harbour\nbudgets:\n  - {for: each user, requests: 1, per: day}\n",
        "routes/default.yaml": f"{target}serves: [e, e-large]\n",
        "routes/vectors.yaml": f"{target}serves: [vectors]\nembeds: true\n",
        "models/kind.yaml": MODEL,
        "endpoints/kind.yaml": "kind: predict\nmodel: kind\n",
    }
    with gateway(tmp_path_factory.mktemp("models") / "harbour", files, keys_required=True) as found:
        found.key = found.make_key("everything")
        found.make_key("some")
        yield found


@pytest.fixture(scope="module")
def key_for(port: Gateway) -> KeyFor:
    """The key of a service for some models; the same one each time."""
    made: dict[tuple[str, ...], str] = {}

    def key_for(*models: str) -> str:
        if models not in made:
            access, by = port.platform.access, port.platform.acting.by
            made[models] = access.create_key("some", models=models, by=by).secret
        return made[models]

    return key_for


def ask(port: Gateway, surface: Surface, model: str, key: str, *, stream: bool = False) -> Response:
    return port.post(surface.path, surface.body(model, "Hello?", stream=stream), key=key)


def refused(response: Response, surface: Surface = CHAT) -> dict[str, Any]:
    """The error of a refusal, which is the same whether it was a stream that was asked for."""
    assert response.status_code == 403, response.text
    assert response.headers["content-type"] == "application/json"
    assert "www-authenticate" not in response.headers
    error: dict[str, Any] = response.json()["error"]
    if surface is MESSAGES:
        assert (response.json()["type"], error["type"]) == ("error", "permission_error")
    else:
        assert (error["type"], error["param"]) == ("invalid_request_error", "model")
    assert error["code"] == "model_not_found"
    return error


@surfaces
@streams
@pytest.mark.parametrize(
    "case",
    [
        (["e"], "e", 200),
        (["e"], "e-large", 403),
        (["e"], "ask", 403),
        (["e*"], "e-large", 200),
        (["e*"], "harbour/ask", 403),
        (["harbour/ask"], "harbour/ask", 200),
        (["harbour/ask"], "ask", 200),
        (["harbour/ask"], "e", 403),
        (["ask"], "harbour/ask", 200),
        (["harbour/*"], "ask", 200),
        (["harbour/*"], "e", 403),
        (["*"], "e", 200),
        (["other", "e"], "e", 200),
        (["E"], "e", 403),
        (["other/*"], "ask", 403),
    ],
)
def test_a_key_calls_what_is_on_its_list_and_nothing_else(
    port: Gateway,
    heard: Echo,
    key_for: KeyFor,
    surface: Surface,
    case: tuple[list[str], str, int],
    *,
    stream: bool,
) -> None:
    models, asked, status = case
    response = ask(port, surface, asked, key_for(*models), stream=stream)
    assert response.status_code == status, response.text
    if status == 403:
        assert f"this key may not use the model `{asked}`" in refused(response, surface)["message"]
    assert len(heard.heard) == (status == 200)


@surfaces
@pytest.mark.parametrize("asked", ["harbour/e", "harbour/vectors", "harbour/nothing"])
def test_another_spelling_is_no_way_round_the_list(
    port: Gateway, heard: Echo, key_for: KeyFor, surface: Surface, asked: str
) -> None:
    """What the caller wrote fits the list, and what would answer does not: then there is no such thing."""
    response = ask(port, surface, asked, key_for("harbour/*"))
    assert response.status_code == 404, response.text
    assert response.json()["error"]["message"].endswith("erved there: ask")
    assert not heard.heard


@surfaces
@streams
def test_a_key_cannot_find_out_what_else_is_served(
    port: Gateway, key_for: KeyFor, surface: Surface, *, stream: bool
) -> None:
    key = key_for("ask")
    said = {
        refused(ask(port, surface, name, key, stream=stream), surface)["message"].replace(f"`{name}`", "")
        for name in ("e", "e-large", "vectors", "nothing", "e\x00", "harbour/nothing")
    }
    assert len(said) == 1
    assert "it may use: ask" in said.pop().lower()


@surfaces
def test_what_is_not_there_is_told_with_the_names_that_the_key_may_use(
    port: Gateway, key_for: KeyFor, surface: Surface
) -> None:
    response = ask(port, surface, "e-small", key_for("e*"))
    assert response.status_code == 404
    message = response.json()["error"]["message"]
    assert message.endswith("erved there: e, e-large")
    assert "model_not_found" in response.text


def test_vectors_are_held_to_the_list(port: Gateway, heard: Echo, key_for: KeyFor) -> None:
    for models, status in ((["vectors"], 200), (["v*"], 200), (["e"], 403), (["harbour/*"], 403)):
        heard.heard.clear()
        response = port.post("/v1/embeddings", {"model": "vectors", "input": "x"}, key=key_for(*models))
        assert response.status_code == status, response.text
        assert len(heard.heard) == (status == 200)
        assert status == 200 or refused(response)


def test_predictions_are_held_to_the_list(port: Gateway, key_for: KeyFor) -> None:
    for asked in ("kind", "harbour/kind"):
        for models, status in ((["kind"], 200), (["harbour/k*"], 200), (["e"], 403), (["k"], 403)):
            response = port.post(f"/v1/predict/{asked}", {"inputs": ROWS}, key=key_for(*models))
            assert response.status_code == status, response.text
            assert status == 200 or refused(response)
    assert refused(port.post("/v1/predict/nothing", {"inputs": ROWS}, key=key_for("kind")))
    assert port.post("/v1/predict/kinder", {"inputs": ROWS}, key=key_for("kind*")).status_code == 404


def test_a_key_without_a_list_calls_everything(port: Gateway) -> None:
    for name in ("ask", "harbour/ask", "e", "e-large"):
        assert ask(port, CHAT, name, port.key).status_code == 200
    assert port.post("/v1/embeddings", {"model": "vectors", "input": "x"}).status_code == 200
    assert port.post("/v1/predict/kind", {"inputs": ROWS}).status_code == 200


def test_a_refused_call_is_in_the_trace_and_costs_nothing(port: Gateway, heard: Echo, key_for: KeyFor) -> None:
    body = {**CHAT.body("e", "Hello?"), "user": "anna"}
    key = key_for("ask")
    for _ in range(3):
        refused(port.post(CHAT.path, body, key=key))
    assert not heard.heard
    trace = port.latest()
    assert (trace.status, trace.endpoint, trace.key) == ("error", "e", key.split("_")[1])
    assert (trace.input_tokens, trace.output_tokens, trace.target) == (0, 0, "")
    assert trace.error == "this key may not use the model `e`"
    # Anna may call once a day: a refusal is no call.
    assert port.post(CHAT.path, {**body, "model": "ask"}, key=key).status_code == 200
    assert port.post(CHAT.path, {**body, "model": "ask"}, key=key).status_code == 429


def test_feedback_and_traces_know_no_list(port: Gateway, key_for: KeyFor) -> None:
    trace = ask(port, CHAT, "e", port.key).headers["x-plimsoll-trace"]
    key = key_for("ask")
    assert port.post("/v1/feedback", {"trace": trace, "score": 1}, key=key).status_code == 200
    assert port.post("/v1/traces", {"resourceSpans": []}, key=key).status_code == 200


def test_the_official_clients_know_the_refusal(port: Gateway, key_for: KeyFor) -> None:
    key = key_for("ask")
    with openai.OpenAI(api_key=key, base_url=f"{port.url}/v1", max_retries=0) as client:
        with pytest.raises(openai.PermissionDeniedError) as refusal:
            client.chat.completions.create(model="e", messages=[{"role": "user", "content": "Hello?"}])
        assert (refusal.value.code, refusal.value.param) == ("model_not_found", "model")
    with anthropic.Anthropic(api_key=key, base_url=port.url, max_retries=0) as other:
        with pytest.raises(anthropic.PermissionDeniedError) as denied:
            other.messages.create(model="e", max_tokens=10, messages=[{"role": "user", "content": "Hello?"}])
        assert "may not use the model `e`" in denied.value.message


def test_a_rotated_key_has_the_same_list_and_a_revoked_one_none(port: Gateway) -> None:
    access, by = port.platform.access, port.platform.acting.by
    old = access.create_key("some", models=["e"], by=by)
    new = access.rotate_key(old.key.prefix, overlap_s=60, by=by)
    for made in (old, new):
        assert ask(port, CHAT, "e", made.secret).status_code == 200
        assert refused(ask(port, CHAT, "ask", made.secret))
    access.revoke_key(new.key.prefix, by=by)
    assert ask(port, CHAT, "e", new.secret).status_code == 401


def test_a_list_that_was_changed_in_the_database_lets_nobody_in(port: Gateway, heard: Echo) -> None:
    access, by = port.platform.access, port.platform.acting.by
    made = access.create_key("some", models=["e"], by=by)
    try:
        _write_models(port, made.key.prefix, "*")
        response = ask(port, CHAT, "ask", made.secret)
        assert (response.status_code, response.json()["error"]["code"]) == (500, "access_forged")
    finally:
        _write_models(port, made.key.prefix, "e")
    assert not heard.heard


def _write_models(port: Gateway, prefix: str, models: str) -> None:
    with port.platform.records.write() as connection:
        statement = text("UPDATE api_key SET models = :models WHERE prefix = :prefix")
        connection.execute(statement, {"models": models, "prefix": prefix})


@pytest.mark.parametrize(
    ("models", "listed"),
    [
        (["e"], ["e"]),
        (["e*", "ask"], ["e", "e-large", "harbour/ask"]),
        (["harbour/*"], ["harbour/ask", "harbour/kind"]),
        (["nothing"], []),
        (["*"], ["e", "e-large", "harbour/ask", "harbour/kind", "vectors"]),
    ],
)
def test_the_list_of_models_is_what_the_key_may_call(
    port: Gateway, key_for: KeyFor, models: list[str], listed: list[str]
) -> None:
    headers = {"authorization": f"Bearer {key_for(*models)}"}
    for more in ({}, {"anthropic-version": "2023-06-01"}):
        response = port._client.get("/v1/models", headers=headers | more)
        assert [model["id"] for model in response.json()["data"]] == listed
        for name in ("e", "e-large", "ask", "harbour/ask", "kind", "harbour/kind", "vectors"):
            one = port._client.get(f"/v1/models/{name}", headers=headers | more)
            there = name in listed or f"harbour/{name}" in listed
            assert one.status_code == (200 if there else 404), one.text
            assert there or one.json()["error"]["code"] == "model_not_found"
            assert there or not any(other in one.text for other in {"e-large", "vectors"} - {*listed, name})


@pytest.mark.parametrize(
    ("models", "asked", "status"),
    [
        (["e"], "e", 200),
        (["e"], "e-large", 403),
        (["ask"], "harbour/ask", 200),
        (["harbour/ask"], "ask", 200),
        (["ask"], "e", 403),
        (["ask"], "claude-opus", 403),
        (["claude*"], "claude-opus", 200),
    ],
)
def test_counting_is_held_to_the_list(
    port: Gateway, key_for: KeyFor, models: list[str], asked: str, status: int
) -> None:
    body = {"model": asked, "messages": [{"role": "user", "content": "Hello?"}]}
    response = port.post("/v1/messages/count_tokens", body, key=key_for(*models))
    assert response.status_code == status, response.text
    assert status == 200 or refused(response, MESSAGES)


@pytest.mark.parametrize(("models", "status"), [(["builtin/harm"], 200), (["builtin/*"], 200), (["omni*"], 403)])
def test_moderations_are_held_to_what_makes_them(
    port: Gateway, key_for: KeyFor, models: list[str], status: int
) -> None:
    for body in ({"input": "x"}, {"input": "x", "model": "omni-moderation-latest"}):
        response = port.post("/v1/moderations", body, key=key_for(*models))
        assert response.status_code == status, response.text
        assert status == 200 or refused(response)
    assert port.post("/v1/moderations", {"input": "x"}).status_code == 200
