"""The exact shape of answers and errors on the wire."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from plimsoll.kernel.errors import (
    ConflictError,
    DeniedError,
    GateError,
    IntegrityError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)

BODY = {"model": "contracts/ask", "messages": [{"role": "user", "content": "How long?"}]}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
USAGE = {
    "prompt_tokens": 120,
    "completion_tokens": 9,
    "total_tokens": 129,
    "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}


def _post(client: TestClient, body: dict[str, Any], **headers: str) -> Any:
    return client.post("/v1/chat/completions", json=body, headers=headers)


def _events(text: str) -> list[Any]:
    lines = [block.removeprefix("data: ") for block in text.split("\n\n") if block]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def test_the_whole_object(client: TestClient) -> None:
    response = _post(client, BODY)
    answer = response.json()
    assert abs(answer.pop("created") - datetime.now(UTC).timestamp()) < 60
    release = answer["plimsoll"].pop("release")
    assert release.startswith("sha256:3f9c2a")
    assert answer == {
        "id": f"chatcmpl-{TRACE}",
        "object": "chat.completion",
        "model": "contracts/ask",
        "service_tier": None,
        "system_fingerprint": "r-3f9c2a",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {
                    "role": "assistant",
                    "content": "The notice period is ninety days. [1]",
                    "refusal": None,
                    "annotations": [],
                },
            }
        ],
        "usage": USAGE,
        "plimsoll": {
            "release_name": "r-3f9c2a",
            "trace": TRACE,
            "model": "builtin/reader",
            "answered": True,
            "span": "ninety days",
            "probability": None,
            "citations": [
                {
                    "marker": 1,
                    "document": "contracts/acme.pdf",
                    "page": 3,
                    "start": 100,
                    "end": 133,
                    "quote": "The notice period is ninety days.",
                }
            ],
            "passages": [{"id": "p1", "document": "contracts/acme.pdf", "page": 3, "score": 0.82}],
            "cost_usd": 0.00125,
            "latency_ms": 41.5,
            "cached": "",
            "guardrails": [],
            "attempts": [],
        },
    }
    assert response.headers["x-plimsoll-release"] == release
    assert response.headers["x-plimsoll-release-name"] == "r-3f9c2a"
    assert response.headers["x-plimsoll-trace"] == response.headers["x-request-id"] == TRACE
    assert response.headers["x-plimsoll-cost-usd"] == "0.00125"
    assert int(response.headers["openai-processing-ms"]) >= 0


def test_an_unknown_cost_is_not_zero(client: TestClient, service: Any) -> None:
    finish = service.script[-1]
    service.script[-1] = type(finish)(
        text="",
        finish_reason="stop",
        usage=type(finish.usage)(1, 1),
        citations=(),
        answered=None,
        span=None,
        latency_ms=1.0,
        time_to_first_token_ms=None,
    )
    response = _post(client, BODY)
    assert "x-plimsoll-cost-usd" not in response.headers
    assert response.json()["plimsoll"]["cost_usd"] is None


def test_a_stream_without_usage(client: TestClient) -> None:
    response = _post(client, {**BODY, "stream": True})
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["x-plimsoll-trace"] == response.headers["x-request-id"] == TRACE
    assert response.headers["x-plimsoll-release-name"] == "r-3f9c2a"
    events = _events(response.text)
    assert events[-1] == "[DONE]"
    assert [event["choices"][0]["delta"] for event in events[:-1]] == [
        {"role": "assistant", "content": "The notice period "},
        {"content": "is ninety days. [1]"},
        {},
    ]
    assert [event["choices"][0]["finish_reason"] for event in events[:-1]] == [None, None, "stop"]
    assert [("plimsoll" in event, "usage" in event) for event in events[:-1]] == [(False, False)] * 2 + [(True, False)]
    assert {event["object"] for event in events[:-1]} == {"chat.completion.chunk"}
    assert len({(event["id"], event["created"], event["model"]) for event in events[:-1]}) == 1


def test_a_stream_with_usage(client: TestClient) -> None:
    events = _events(_post(client, {**BODY, "stream": True, "stream_options": {"include_usage": True}}).text)
    *chunks, last, end = events
    assert end == "[DONE]"
    assert all(chunk["usage"] is None for chunk in chunks)
    assert last["choices"] == []
    assert last["usage"] == USAGE


def test_the_platform_is_heard_to_its_end(client: TestClient, service: Any) -> None:
    for stream in (False, True):
        service.ran_to_end = False
        assert _post(client, {**BODY, "stream": stream}).status_code == 200
        assert service.ran_to_end


def test_content_parts_roles_and_nulls(client: TestClient, service: Any) -> None:
    body = {
        "model": "contracts/ask",
        "messages": [
            {"role": "developer", "content": "Be short."},
            {"role": "user", "content": [{"type": "text", "text": "How"}, {"type": "text", "text": "long?"}]},
            {"role": "assistant", "content": None},
            {"role": "user", "content": "Well?", "name": "ana"},
        ],
        "temperature": None,
        "n": 1,
        "tools": [],
    }
    assert _post(client, body).status_code == 200
    [request] = service.asked
    assert [(message.role, message.content) for message in request.messages] == [
        ("system", "Be short."),
        ("user", "How\nlong?"),
        ("assistant", ""),
        ("user", "Well?"),
    ]


def test_everything_that_is_not_ours_goes_on_as_it_came(client: TestClient, service: Any) -> None:
    """What a model can do is known below: a route passes on what this server has never heard of."""
    weather = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}}
    passed = {
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "7 degrees"},
        ],
        "n": 2,
        "tools": [weather],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "functions": [{"name": "old"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
        "logprobs": True,
        "top_logprobs": 3,
        "logit_bias": {"50256": -100},
        "top_k": 40,
        "extra": {"deeply": [{"nested": None}]},
    }
    ours = {"model": "gpt-4.1-mini", "stream": True, "stream_options": {"include_usage": True}}
    assert _post(client, {**passed, **ours}).status_code == 200
    [request] = service.asked
    assert (request.target, request.body) == ("gpt-4.1-mini", passed)


@pytest.mark.parametrize(
    ("change", "param", "code"),
    [
        ({"n": 0}, "n", "invalid_value"),
        ({"tools": [{}]}, "tools[0].type", "invalid_value"),
        ({"tools": "all"}, "tools", "invalid_value"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "pirate", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "tool"}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "assistant", "tool_calls": 3}]}, "messages[0].tool_calls", "invalid_value"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type", "invalid_value"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
            "invalid_value",
        ),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"temperature": 3}, "temperature", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"seed": 2**60}, "seed", "invalid_value"),
        ({"model": 7}, "model", "invalid_value"),
    ],
)
def test_what_cannot_be_used_is_named(
    client: TestClient, service: Any, change: dict[str, Any], param: str, code: str
) -> None:
    response = _post(client, {**BODY, **change})
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["param"], error["code"], error["type"]) == (param, code, "invalid_request_error")
    assert set(error) == {"message", "type", "param", "code"}
    assert not service.asked


def test_a_missing_model(client: TestClient) -> None:
    error = _post(client, {"messages": BODY["messages"]}).json()["error"]
    assert (error["param"], error["message"]) == ("model", "`model`: this field is required")


def test_the_environment_comes_from_the_header(client: TestClient, service: Any) -> None:
    response = _post(client, BODY, **{"x-plimsoll-environment": "staging"})
    assert response.status_code == 200
    assert service.asked[0].environment == "staging"
    unknown = _post(client, BODY, **{"x-plimsoll-environment": "nowhere"})
    assert unknown.status_code == 404
    assert "plimsoll ship" in unknown.json()["error"]["message"]


def test_a_model_that_is_not_served_is_named_with_those_that_are(client: TestClient) -> None:
    response = _post(client, {**BODY, "model": "contracts/tell"})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (404, "model_not_found", "model")
    assert "contracts/tell" in error["message"]
    assert "contracts/ask" in error["message"]


def test_a_call_reads_no_list_of_models(client: TestClient, service: Any) -> None:
    """The release that answers knows its names; a list of all of them would cost each call a look at the records."""
    for _ in range(3):
        assert _post(client, BODY).status_code == 200
    assert service.model_reads == 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidError("the question is empty", hint="ask something"), 400),
        (NotFoundError("nothing is live"), 404),
        (ConflictError("somebody was faster"), 409),
        (DeniedError("not yours"), 403),
        (GateError("not measured"), 422),
        (UnavailableError("the provider is busy", retry_after_s=2.2), 503),
        (IntegrityError("a digest does not match"), 500),
    ],
)
@pytest.mark.parametrize("events_before", [0, 1])
@pytest.mark.parametrize("stream", [False, True])
def test_families_have_their_statuses_until_the_first_text(
    client: TestClient, service: Any, *, error: Exception, status: int, events_before: int, stream: bool
) -> None:
    service.script = [*service.script[:events_before], error]
    response = _post(client, {**BODY, "stream": stream})
    assert response.status_code == status
    body = response.json()["error"]
    assert set(body) == {"message", "type", "param", "code"}
    assert body["message"].startswith(str(error))
    assert response.headers["x-request-id"]
    if status == 400:
        assert body["message"] == "the question is empty. Ask something"
    if status == 503:
        assert response.headers["retry-after"] == "3"
    if status == 500:
        assert response.headers["x-should-retry"] == "false"


def test_nothing_inside_is_told_outside(client: TestClient, service: Any, caplog: pytest.LogCaptureFixture) -> None:
    service.script = [ValueError("secret in /srv/app/module.py")]
    response = _post(client, BODY)
    assert response.status_code == 500
    error = response.json()["error"]
    assert (error["type"], error["code"]) == ("server_error", "server_error")
    assert response.headers["x-request-id"] in error["message"]
    assert "secret" not in response.text
    assert "secret" in caplog.text
    assert response.headers["x-request-id"] in caplog.text


def test_file_paths_stay_inside(client: TestClient, service: Any) -> None:
    service.script = [UnavailableError("/var/lib/plimsoll/records.db could not be used: locked")]
    message = _post(client, BODY).json()["error"]["message"]
    assert message == "records.db could not be used: locked"


@pytest.mark.parametrize(
    ("error", "code"), [(UnavailableError("gone"), "unavailable"), (ValueError("secret"), "server_error")]
)
def test_a_broken_stream_ends_with_the_error(client: TestClient, service: Any, error: Exception, code: str) -> None:
    service.script = [*service.script[:2], error]
    response = _post(client, {**BODY, "stream": True})
    assert response.status_code == 200
    *_, last = _events(response.text)
    assert last["error"]["code"] == code
    assert set(last["error"]) == {"message", "type", "param", "code"}
    assert "secret" not in response.text


@pytest.mark.parametrize("length", [0, 1, 2])
def test_an_answer_that_stops_short_is_an_error(client: TestClient, service: Any, length: int) -> None:
    service.script = service.script[:length]
    assert "answer_incomplete" in _post(client, {**BODY, "stream": True}).text


def test_unknown_addresses_and_methods(client: TestClient) -> None:
    unknown = client.get("/v1/nothing")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_url")
    method = client.get("/v1/chat/completions")
    assert (method.status_code, method.json()["error"]["code"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "POST"
    assert client.get("/v1/models/").status_code == 404
    for response in (unknown, method):
        assert response.headers["x-request-id"]
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}


def test_models_follow_the_environment(client: TestClient) -> None:
    listed = client.get("/v1/models", headers={"x-plimsoll-environment": "staging"}).json()
    assert listed["object"] == "list"
    assert listed["data"] == [
        {
            "id": "contracts/ask",
            "object": "model",
            "created": 1795167000,
            "owned_by": "contracts",
            "plimsoll": {"endpoint": "ask", "environment": "staging", "release_name": "r-77aa01"},
        }
    ]
    missing = client.get("/v1/models/invoices/nothing")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")
