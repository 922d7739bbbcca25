"""Whole answers, refusals and requests, of a server that speaks OpenAI's form."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from plimsoll.http import Client
from plimsoll.kernel.errors import BlockedError, DeniedError, InvalidError, NotFoundError, UnavailableError
from plimsoll.models import ChatRequest, Completion, Message
from plimsoll.models.prices import price_of
from plimsoll.models.providers._endpoint import ProviderEndpoint
from plimsoll.models.providers.openai import OpenAIChatModel, Traits

WHOLE = {
    "id": "c-1",
    "object": "chat.completion",
    "created": 5,
    "model": "small-2",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "one two"}, "finish_reason": "stop", "logprobs": None}
    ],
    "usage": {"prompt_tokens": 4, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}},
    "x_vendor": {"kept": True},
}


@pytest.fixture
def whole(serving: Any, model_at: Any) -> Callable[..., tuple[Completion, Any]]:
    """One whole answer of a server that plays this script, and the server."""

    def run(script: Any, body: dict[str, Any] | None = None, **options: Any) -> tuple[Completion, Any]:
        async def story() -> tuple[Completion, Any]:
            async with serving(script) as server:
                model = model_at(server.url, **options)
                asked = body or {"messages": [{"role": "user", "content": "Hello?"}], "seed": 1, "x_own": [1]}
                found = await model.complete(ChatRequest(asked))
                await model._client.close()
                return found, server

        return asyncio.run(story())

    return run


def test_the_servers_body_is_kept(whole: Any, status: Any) -> None:
    found, server = whole([status(200, json.dumps(WHOLE).encode())], usd=(1.0, 1.0))
    assert found.body == WHOLE
    assert found.text == "one two"
    assert (found.end.model, found.end.finish_reason) == ("small-2", "stop")
    assert (found.end.usage.input_tokens, found.end.usage.cached_tokens, found.end.usage.estimated) == (4, 3, False)
    assert found.end.usage.cost_usd == pytest.approx(6e-6)
    assert server.bodies[0] == {
        "messages": [{"role": "user", "content": "Hello?"}],
        "seed": 1,
        "x_own": [1],
        "model": "small",
    }


def test_tokens_are_counted_where_the_server_does_not(whole: Any, status: Any) -> None:
    body = {**WHOLE, "usage": {"prompt_tokens": "many"}}
    usage = whole([status(200, json.dumps(body).encode())])[0].end.usage
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (1, 2, True)


def test_content_in_parts_becomes_text_and_thoughts(whole: Any, status: Any) -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "yes"},
        {"type": "reference", "reference_ids": [1]},
    ]
    body = {**WHOLE, "choices": [{"index": 0, "message": {"content": parts}, "finish_reason": "model_length"}]}
    found, _ = whole([status(200, json.dumps(body).encode())])
    assert found.text == "yes"
    assert found.body["choices"][0]["message"]["reasoning_content"] == "hm"
    assert found.end.finish_reason == "length"


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b'{"choices": null}', b'{"choices": [{"delta": {}}]}', b'{"a": ', b"\xff", b"[" * 5000],
)
def test_no_answer_at_all(failing: Any, status: Any, body: bytes) -> None:
    failing(UnavailableError, [status(200, body)], whole=True)


def test_an_answer_that_is_an_error(failing: Any, status: Any) -> None:
    body = b'{"error": {"message": "slow down", "code": 429}}'
    error, _ = failing(UnavailableError, [status(200, body)], whole=True)
    assert error.code == "rate_limit_exceeded"


def test_an_answer_that_is_too_large(failing: Any, status: Any) -> None:
    error, _ = failing(UnavailableError, [status(200, b"x" * 30_000)], whole=True)
    assert "more than fits" in error.message


def test_an_answer_that_takes_too_long(failing: Any) -> None:
    error, _ = failing(UnavailableError, ["hang"], whole=True, total_s=0.1)
    assert (error.code, error.phase) == ("provider_timeout", "total")


def test_a_key_that_comes_back_in_a_refusal_is_hidden(failing: Any, status: Any, secret: str) -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {secret}"}}).encode()
    for code in (401, 403):
        error, _ = failing(DeniedError, [status(code, body)], whole=True)
        assert "Incorrect API key provided: ***" in error.message
        assert (error.status, error.retryable) == (code, False)


def test_the_words_of_a_refusal_are_one_short_printable_line(failing: Any, status: Any) -> None:
    body = json.dumps({"error": {"message": "no such thing\x1b[31m\n" + "x" * 9000}}).encode()
    error, _ = failing(InvalidError, [status(422, body)])
    assert "no such thing [31m xxx" in error.message
    assert error.message.isprintable()
    assert len(error.message) < 500


AZURE_FILTER = {"error": {"code": "content_filter", "message": "filtered", "innererror": {"code": "x"}}}


@pytest.mark.parametrize(
    ("code", "body", "family", "kind", "is_retryable"),
    [
        (400, {"error": {"message": "bad"}}, InvalidError, "provider_rejected", False),
        (413, {}, InvalidError, "provider_rejected", False),
        (418, {}, InvalidError, "provider_rejected", False),
        (400, {"error": {"code": "context_length_exceeded"}}, InvalidError, "context_length_exceeded", False),
        (400, {"message": "maximum context length is 4096"}, InvalidError, "context_length_exceeded", False),
        (400, {"error": {"type": "exceed_context_size_error"}}, InvalidError, "context_length_exceeded", False),
        (400, AZURE_FILTER, BlockedError, "content_filter", False),
        (400, {"error": {"code": "content_policy_violation"}}, BlockedError, "content_filter", False),
        (404, {"error": {"message": "no model"}}, NotFoundError, "model_not_found", False),
        (402, {"error": {"message": "pay"}}, UnavailableError, "provider_quota", False),
        (429, {"error": {"code": "insufficient_quota"}}, UnavailableError, "provider_quota", False),
        (429, {"error": {"code": "rate_limit_exceeded"}}, UnavailableError, "rate_limit_exceeded", True),
        (408, {}, UnavailableError, "provider_unavailable", True),
        (409, {}, UnavailableError, "provider_unavailable", True),
        (500, {}, UnavailableError, "provider_unavailable", True),
        (503, {}, UnavailableError, "provider_unavailable", True),
        (529, {}, UnavailableError, "provider_unavailable", True),
        (307, {}, InvalidError, "provider_rejected", False),
    ],
)
def test_what_refusals_mean(  # noqa: PLR0913 the fixtures, and one row of the table
    failing: Any,
    status: Any,
    code: int,
    body: Any,
    family: type[Exception],
    kind: str,
    *,
    is_retryable: bool,
) -> None:
    for whole in (True, False):
        error, _ = failing(family, [status(code, json.dumps(body).encode())], whole=whole)
        assert (error.code, error.status, error.retryable) == (kind, code, is_retryable)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Retry-After: 7"], 7.0),
        (["Retry-After-Ms: 1500", "Retry-After: 9"], 1.5),
        (["Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"], 0.0),
        (["Retry-After: soon"], None),
        ([], None),
    ],
)
@pytest.mark.parametrize("code", [429, 503, 529])
def test_when_to_come_back(failing: Any, status: Any, headers: list[str], seconds: float | None, code: int) -> None:
    error, _ = failing(UnavailableError, [status(code, b"slow down", *headers)])
    assert error.retry_after_s == seconds
    assert "slow down" in error.message


def test_redirects_are_not_followed(failing: Any, status: Any) -> None:
    error, server = failing(InvalidError, [status(307, b"", "Location: /v1/elsewhere")], whole=True)
    assert "redirects" in error.message
    assert len(server.bodies) == 1


def test_a_reset_is_not_tried_again_here(failing: Any) -> None:
    error, server = failing(UnavailableError, ["reset"], whole=True)
    assert "broke off" in error.message
    assert len(server.bodies) == 1


def test_what_json_cannot_hold(model_at: Any) -> None:
    async def story() -> None:
        deep: list[Any] = []
        for _ in range(5000):
            deep = [deep]
        for value in (object(), deep):
            with pytest.raises(InvalidError, match="JSON cannot hold"):
                await model_at("http://127.0.0.1:1/v1").complete(ChatRequest({"messages": [], "x": value}))

    asyncio.run(story())


MARKED: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
        {"role": "assistant", "content": "b", "reasoning_content": "hm", "thinking_blocks": [{}]},
        {"role": "user", "content": 'say "cache_control"'},
    ]
}


def test_a_server_that_takes_extensions_gets_them(whole: Any, status: Any) -> None:
    server = whole([status(200, json.dumps(WHOLE).encode())], MARKED, traits=Traits())[1]
    assert server.bodies[0]["messages"] == MARKED["messages"]


def test_a_strict_server_gets_messages_without_extensions(whole: Any, status: Any) -> None:
    server = whole([status(200, json.dumps(WHOLE).encode())], MARKED, traits=Traits(takes_extensions=False))[1]
    assert server.bodies[0]["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": 'say "cache_control"'},
    ]
    assert "cache_control" in MARKED["messages"][0]["content"][0]  # the caller's own is not changed


def test_azure_wants_another_header_and_a_version(serving: Any, status: Any) -> None:
    async def story() -> None:
        async with serving(*[[status(200, json.dumps(WHOLE).encode())]] * 2) as server:
            client = Client()
            for options in ({}, {"api_version": "2025-01-01-preview"}):
                endpoint = ProviderEndpoint("azure/gpt", "gpt", server.url, "k-1", options=options)
                model = OpenAIChatModel(endpoint, client=client, price=price_of("azure/gpt"), count_tokens=len)
                await model.complete(ChatRequest.of([Message("user", "?")]))
            await client.close()
        assert server.heads[0].startswith("POST /v1/chat/completions?api-version=2024-10-21 ")
        assert server.heads[1].startswith("POST /v1/chat/completions?api-version=2025-01-01-preview ")
        assert "\r\napi-key: k-1\r\n" in server.heads[0]
        assert "authorization" not in server.heads[0]

    asyncio.run(story())
