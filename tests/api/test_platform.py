"""The server over a real platform, called by the official SDK: the whole way from a file to an answer over HTTP."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import openai
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp
from tests.api.conftest import running
from tests.api.harbour import LEAVE, Harbour
from tests.flows.conftest import Workshop
from tests.flows.test_refresh import FailingEmbedder

from plimsoll.api import ApiSettings, create_app
from plimsoll.flows.promote import Wish, roll_back
from plimsoll.settings import SecretMissingError

Serve = Callable[[ASGIApp], str]


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Harbour]:
    workshop = Workshop(tmp_path / "harbour")
    yield Harbour(workshop)
    workshop.close()


@pytest.fixture
def url(harbour: Harbour, serve: Serve) -> str:
    return serve(create_app(harbour.service(), settings=ApiSettings(default_environment="staging")))


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose release nobody changes, for many tests."""
    workshop = Workshop(tmp_path_factory.mktemp("shipped") / "harbour")
    harbour = Harbour(workshop)
    harbour.ship()
    with running(create_app(harbour.service(), settings=ApiSettings(default_environment="staging"))) as address:
        yield address
    workshop.close()


def sdk(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


def ask(url: str, **changes: Any) -> Any:
    body: dict[str, Any] = {"model": "ask", "messages": [{"role": "user", "content": LEAVE}], **changes}
    return sdk(url).chat.completions.with_raw_response.create(**body)


def test_the_official_sdk_gets_a_cited_answer_and_its_release(harbour: Harbour, url: str) -> None:
    release = harbour.ship()
    with sdk(url) as client:
        assert [model.id for model in client.models.list()] == ["harbour/ask"]
    raw = ask(url)
    answer = raw.parse()
    assert "twenty-six days" in answer.choices[0].message.content
    assert raw.headers["x-plimsoll-release"] == release.manifest.digest
    facts = answer.plimsoll
    assert facts["citations"][0]["document"] == "policies/leave.md"
    trace = harbour.service().trace(raw.headers["x-plimsoll-trace"])
    assert (trace.release, trace.environment, trace.status) == (release.manifest.digest, "staging", "ok")
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (trace.input_tokens, trace.output_tokens)


def test_a_changed_embedder_is_a_warning_as_long_as_its_index_is_live(harbour: Harbour) -> None:
    first = harbour.ship()
    service, watch = harbour.service(), harbour.platform.embedder_watch()
    watch.check()
    assert (service.ready(), service.warning(), service.changed_embedders()) == (None, None, 0)

    def turned(settings: Any) -> Any:
        return FailingEmbedder(watch.make_embedder(settings), lambda vectors: np.roll(vectors, 1, axis=1))

    replace(watch, make_embedder=turned).check()
    assert (service.ready(), service.changed_embedders()) == (None, 1)
    warned = service.warning() or ""
    assert "an embedder is not what it was" in warned
    assert "texts" not in warned, "strangers may read it"
    harbour.workshop.write("documents/new.md", "# New\n\nA new text.\n")
    assert harbour.ship() != first
    assert (service.warning(), service.changed_embedders()) == (None, 0)


def test_streaming_gives_the_same_text(harbour: Harbour, url: str) -> None:
    harbour.ship()
    with sdk(url) as client:
        stream = client.chat.completions.create(
            model="harbour/ask", messages=[{"role": "user", "content": LEAVE}], stream=True
        )
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text == ask(url).parse().choices[0].message.content


def test_the_next_request_after_a_ship_is_answered_by_the_new_release(harbour: Harbour, url: str) -> None:
    first = harbour.ship()
    assert ask(url).headers["x-plimsoll-release"] == first.manifest.digest
    leave = harbour.workshop.documents / "policies" / "leave.md"
    leave.write_text("# Leave\n\nEvery employee has thirty-one days of paid leave in a year.")
    second = harbour.ship()
    raw = ask(url)
    assert raw.headers["x-plimsoll-release"] == second.manifest.digest
    assert "thirty-one days" in raw.parse().choices[0].message.content
    roll_back("harbour", Wish("staging"), harbour.platform.promote_parts())
    raw = ask(url)
    assert raw.headers["x-plimsoll-release"] == first.manifest.digest
    assert "twenty-six days" in raw.parse().choices[0].message.content


def test_an_environment_can_be_named(harbour: Harbour, url: str) -> None:
    harbour.ship("production")
    with pytest.raises(openai.NotFoundError):
        ask(url)
    answer = ask(url, extra_headers={"x-plimsoll-environment": "production"})
    assert answer.status_code == 200


def test_health_and_pages(harbour: Harbour, url: str) -> None:
    assert httpx2.get(f"{url}/healthz").status_code == 200
    assert httpx2.get(f"{url}/readyz").status_code == 503
    assert "nothing live" in httpx2.get(f"{url}/").text.lower()
    release = harbour.ship()
    ask(url)
    assert httpx2.get(f"{url}/readyz").status_code == 200
    page = httpx2.get(f"{url}/").text
    assert release.manifest.name in page
    assert LEAVE in page
    assert 'plimsoll_requests_total{app="harbour"' in httpx2.get(f"{url}/metrics").text


def test_one_line_sends_the_same_project_to_a_language_model(harbour: Harbour, url: str, serve: Serve) -> None:
    """Any OpenAI-compatible server: here one of our own making, that repeats what it was asked."""
    seen: list[dict[str, Any]] = []

    async def completions(request: Request) -> Response:
        seen.append(await request.json())
        usage = {"prompt_tokens": 321, "completion_tokens": 7, "total_tokens": 328}
        if not seen[-1].get("stream"):
            message = {"role": "assistant", "content": "Twenty-six days [1]."}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            return JSONResponse({"model": "small-1", "choices": choices, "usage": usage})
        pieces: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"content": "Twenty-six days"}}]},
            {"choices": [{"index": 0, "delta": {"content": " [1]."}, "finish_reason": "stop"}]},
            {"choices": [], "usage": usage},
        ]
        lines = [f"data: {json.dumps({'model': 'small-1', **piece})}\n\n" for piece in pieces]
        return StreamingResponse(iter([*lines, "data: [DONE]\n\n"]), media_type="text/event-stream")

    upstream = serve(Starlette(routes=[Route("/v1/chat/completions", completions, methods=["POST"])]))
    price = "price: {input_usd_per_million: 2, output_usd_per_million: 10}\n"
    harbour.workshop.write("routes/default.yaml", f"model: vllm/small\nbase_url: {upstream}/v1\n{price}")
    harbour.ship()
    with sdk(url) as client:
        stream = client.chat.completions.create(model="ask", messages=[{"role": "user", "content": LEAVE}], stream=True)
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Twenty-six days [1]."
    raw = ask(url, temperature=0.25)
    answer = raw.parse()
    assert answer.choices[0].message.content == "Twenty-six days [1]."
    assert answer.plimsoll["citations"][0]["document"] == "policies/leave.md"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (321, 7)
    assert float(raw.headers["x-plimsoll-cost-usd"]) == pytest.approx((321 * 2 + 7 * 10) / 1e6)
    (_, sent) = seen
    assert (sent["model"], sent["temperature"]) == ("small", 0.25)
    assert "twenty-six days of paid leave" in sent["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function", "function": {"name": "weather"}}]}, "tools"),
        ({"functions": [{"name": "weather"}]}, "functions"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"logprobs": True}, "logprobs"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, "messages"),
        (
            {"messages": [{"role": "user", "content": "?"}, {"role": "tool", "tool_call_id": "a", "content": "x"}]},
            "messages",
        ),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}, {"role": "user", "content": "?"}]}, "messages"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_the_reader_cannot_do_is_refused(
    shipped: str, change: dict[str, Any], param: str, *, stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(shipped, stream=stream, **change)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", param)


@pytest.mark.parametrize("model", ["tell", "harbour/tell", "other/ask", "ASK", "gpt-4.1-mini"])
def test_what_is_not_served_is_not_found(shipped: str, model: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        ask(shipped, model=model)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert "ask" in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "said"),
    [("staging", "release that is live there has no classical model"), ("production", "othing is live there")],
)
def test_a_release_without_classical_models_is_told_from_no_release(shipped: str, environment: str, said: str) -> None:
    answer = httpx2.post(
        f"{shipped}/v1/predict/topic",
        json={"inputs": [{"text": "a"}]},
        headers={"x-plimsoll-environment": environment},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert said in answer.json()["error"]["message"]


def test_a_model_server_that_is_down_is_a_503(harbour: Harbour, url: str) -> None:
    harbour.workshop.write("routes/default.yaml", "model: vllm/none\nbase_url: http://127.0.0.1:9/v1\ntimeout_s: 5\n")
    harbour.ship()
    with pytest.raises(openai.InternalServerError) as caught:
        ask(url)
    assert caught.value.status_code == 503
    assert "cannot be reached" in str(caught.value)


def test_a_missing_secret_is_found_before_serving(harbour: Harbour) -> None:
    harbour.workshop.write("routes/default.yaml", "model: openai/gpt-4.1-mini\napi_key: ${env:HARBOUR_KEY}\n")
    harbour.ship()
    with pytest.raises(SecretMissingError, match="HARBOUR_KEY"):
        harbour.service().check("staging")
