"""The official SDK against a real server."""

from collections.abc import Callable
from typing import Any

import openai
import pytest
from openai import OpenAI
from starlette.types import ASGIApp

from plimsoll.api import ApiSettings, create_app
from plimsoll.kernel.errors import UnavailableError

QUESTION: Any = [{"role": "user", "content": "How long is the notice period?"}]


def _client(address: str, key: str = "unused") -> OpenAI:
    return OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)


def test_plain_answer(address: str, service: Any) -> None:
    with _client(address) as client:
        answer = client.chat.completions.create(
            model="contracts/ask", messages=QUESTION, temperature=0.2, max_completion_tokens=50, stop=["\n"], seed=7
        )
    assert answer.choices[0].message.content == "The notice period is ninety days. [1]"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (120, 9, 129)
    assert answer._request_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert answer.model_extra
    facts = answer.model_extra["plimsoll"]
    assert facts["release_name"] == "r-3f9c2a"
    assert facts["citations"][0]["quote"] == "The notice period is ninety days."
    [request] = service.asked
    assert (request.app, request.target, request.environment) == ("contracts", "contracts/ask", "production")
    assert request.body == {
        "messages": QUESTION,
        "temperature": 0.2,
        "max_completion_tokens": 50,
        "stop": ["\n"],
        "seed": 7,
    }


def test_streamed_answer(address: str) -> None:
    with (
        _client(address) as client,
        client.chat.completions.create(
            model="ask", messages=QUESTION, stream=True, stream_options={"include_usage": True}
        ) as stream,
    ):
        chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == (
        "The notice period is ninety days. [1]"
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert chunks[-1].usage.total_tokens == 129
    assert {(chunk.id, chunk.created) for chunk in chunks} == {(chunks[0].id, chunks[0].created)}
    assert chunks[-2].model_extra
    assert chunks[-2].model_extra["plimsoll"]["trace"] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_models(address: str) -> None:
    with _client(address) as client:
        assert [model.id for model in client.models.list()] == ["contracts/ask", "gpt-4.1-mini"]
        assert client.models.retrieve("contracts/ask").owned_by == "contracts"


def test_errors_become_the_right_exceptions(address: str) -> None:
    with _client(address) as client:
        with pytest.raises(openai.NotFoundError) as not_found:
            client.chat.completions.create(model="contracts/nothing", messages=QUESTION)
        with pytest.raises(openai.BadRequestError) as bad:
            client.chat.completions.create(model="contracts/ask", messages=QUESTION, n=200)
    assert (not_found.value.code, not_found.value.param) == ("model_not_found", "model")
    assert not_found.value.request_id
    assert (bad.value.code, bad.value.param) == ("invalid_value", "n")


def test_an_error_in_the_middle_of_a_stream_is_raised(address: str, service: Any) -> None:
    service.script = [*service.script[:2], UnavailableError("the model provider closed the connection")]
    with (
        _client(address) as client,
        client.chat.completions.create(model="ask", messages=QUESTION, stream=True) as stream,
        pytest.raises(openai.APIError, match="closed the connection"),
    ):
        list(stream)


def test_the_key(service: Any, serve: Callable[[ASGIApp], str]) -> None:
    address = serve(create_app(service, settings=ApiSettings(api_key="sesame")))
    with _client(address, "wrong") as client, pytest.raises(openai.AuthenticationError) as refused:
        client.models.list()
    assert refused.value.code == "invalid_api_key"
    with _client(address, "sesame") as client:
        assert client.models.list().data
