import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from plimsoll.kernel.errors import DeniedError, InvalidError, PlimsollError, UnavailableError
from plimsoll.models import ChatEnd, ChatRequest, Message, TextDelta
from plimsoll.models._prices import Price
from plimsoll.models.providers._openai import Endpoint, Limits, OpenAIChatModel

KEY = "sk-very-secret-0123456789"
FAST = Limits(connect_s=2.0, between_pieces_s=5.0, retry_wait_s=0.01, longest_retry_wait_s=0.2, event_bytes=2000)


def model_at(
    url: str, *, timeout_s: float = 10.0, limits: Limits = FAST, price: Price | None = None
) -> OpenAIChatModel:
    endpoint = Endpoint(route_model="vllm/small", model="small", base_url=url, api_key=KEY, timeout_s=timeout_s)
    return OpenAIChatModel(endpoint, price=price or Price(), count_tokens=lambda text: len(text.split()), limits=limits)


def chunk(text: str = "", **more: Any) -> bytes:
    value = {"model": "small-2", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}], **more}
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


END = b'data: {"choices":[{"delta":{},"finish_reason":"length"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":500}}\n\n'
DONE = b"data: [DONE]\n\n"


def one(serving: Any, ask: Any, *scripts: Any, **options: Any) -> tuple[str, ChatEnd, Any]:
    """One question to a server that plays these scripts."""

    async def run() -> tuple[str, ChatEnd, Any]:
        async with serving(*scripts) as server:
            model = model_at(server.url, **options)
            try:
                text, end = await ask(model, parameters={"temperature": 0, "model": "other", "stream": False})
            finally:
                await model.close()
            return text, end, server

    return asyncio.run(run())


def failing(serving: Any, ask: Any, family: type[PlimsollError], *scripts: Any, **options: Any) -> tuple[Any, Any]:
    """The error of one question, and the server."""

    async def run() -> tuple[Any, Any]:
        async with serving(*scripts) as server:
            model = model_at(server.url, **options)
            try:
                with pytest.raises(family) as caught:
                    await ask(model)
            finally:
                await model.close()
            return caught.value, server

    error, server = asyncio.run(run())
    assert KEY not in f"{error} {error.hint} {error!r}"
    return error, server


def test_streams_text_then_usage_and_cost(serving: Any, ask: Any, opened: bytes) -> None:
    script = [opened, b": hello\n\n", chunk("Hal"), chunk("lo"), END, USAGE, DONE]
    price = Price(input_usd_per_million=1.0, output_usd_per_million=4.0)
    text, end, server = one(serving, ask, script, price=price)
    assert text == "Hallo"
    assert (end.usage.input_tokens, end.usage.output_tokens, end.usage.estimated) == (1000, 500, False)
    assert end.usage.cost_usd == pytest.approx(0.003)
    assert (end.finish_reason, end.model) == ("length", "small-2")
    body = server.bodies[0]
    assert body["model"] == "small"
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["temperature"] == 0
    assert body["messages"] == [{"role": "user", "content": "Hello?"}]
    assert f"Authorization: Bearer {KEY}" in server.heads[0]
    assert server.heads[0].startswith("POST /v1/chat/completions ")


def test_characters_may_be_cut_anywhere(serving: Any, ask: Any, opened: bytes) -> None:
    whole = (chunk("Größe: 5 €, 数") + END + DONE).replace(b"\n", b"\r\n")
    pieces: list[bytes | float] = [opened]
    for byte in whole:
        pieces += [bytes([byte]), 0.0]
    text, _, _ = one(serving, ask, pieces)
    assert text == "Größe: 5 €, 数"


def test_counts_tokens_when_the_server_does_not(serving: Any, ask: Any, opened: bytes) -> None:
    text, end, _ = one(serving, ask, [opened, chunk("one two three"), END, DONE])
    assert text == "one two three"
    assert (end.usage.input_tokens, end.usage.output_tokens, end.usage.estimated) == (1, 3, True)
    assert end.usage.cost_usd is None


def test_impossible_usage_is_not_believed(serving: Any, ask: Any, opened: bytes) -> None:
    lie = b'data: {"choices":[],"usage":{"prompt_tokens":-5,"completion_tokens":1}}\n\n'
    _, end, _ = one(serving, ask, [opened, chunk("a b"), END, lie, DONE])
    assert (end.usage.output_tokens, end.usage.estimated) == (2, True)


def test_a_server_that_does_not_stream(serving: Any, ask: Any, status: Callable[..., bytes]) -> None:
    body = json.dumps(
        {
            "model": "m",
            "choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1},
        }
    ).encode()
    text, end, _ = one(serving, ask, [status(200, body, "Content-Type: application/json")])
    assert (text, end.model, end.usage.input_tokens, end.usage.estimated) == ("whole", "m", 3, False)


def test_stream_options_refused_once_and_then_left_out(
    serving: Any, ask: Any, status: Callable[..., bytes], opened: bytes
) -> None:
    refusal = status(400, b'{"error":{"message":"Unrecognized request argument supplied: stream_options"}}')
    good = [opened, chunk("fine"), END, DONE]

    async def run() -> None:
        async with serving([refusal], good, good) as server:
            model = model_at(server.url)
            assert (await ask(model))[0] == "fine"
            assert (await ask(model))[0] == "fine"
            await model.close()
            assert ["stream_options" in body for body in server.bodies] == [True, False, False]

    asyncio.run(run())


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key(serving: Any, ask: Any, status: Callable[..., bytes], code: int) -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}"}}).encode()
    error, server = failing(serving, ask, DeniedError, [status(code, body)])
    assert "Incorrect API key provided: ***" in error.message
    assert len(server.bodies) == 1


@pytest.mark.parametrize("code", [400, 404, 422])
def test_a_refused_request(serving: Any, ask: Any, status: Callable[..., bytes], code: int) -> None:
    body = json.dumps({"error": {"message": "no such model\x1b[31m\n" + "x" * 9000}}).encode()
    error, server = failing(serving, ask, InvalidError, [status(code, body)])
    assert "no such model [31m xxx" in error.message
    assert error.message.isprintable()
    assert len(error.message) < 500
    assert len(server.bodies) == 1


def test_too_many_requests_says_when_and_does_not_wait_long(
    serving: Any, ask: Any, status: Callable[..., bytes]
) -> None:
    error, server = failing(serving, ask, UnavailableError, [status(429, b"slow down", "Retry-After: 7")])
    assert error.retry_after_s == 7.0
    assert "slow down" in error.message
    assert len(server.bodies) == 1


def test_a_server_error_is_tried_once_more(serving: Any, ask: Any, status: Callable[..., bytes], opened: bytes) -> None:
    text, _, server = one(serving, ask, [status(500)], [opened, chunk("second"), END, DONE])
    assert (text, len(server.bodies)) == ("second", 2)


def test_two_server_errors_are_enough(serving: Any, ask: Any, status: Callable[..., bytes]) -> None:
    _, server = failing(serving, ask, UnavailableError, [status(503)], [status(503)])
    assert len(server.bodies) == 2


def test_a_reset_before_the_first_text_is_tried_once_more(serving: Any, ask: Any, opened: bytes) -> None:
    text, _, server = one(serving, ask, [opened, chunk(""), "reset"], [opened, chunk("ok"), END, DONE])
    assert (text, len(server.bodies)) == ("ok", 2)


@pytest.mark.parametrize("ending", [["reset"], [], [b'data: {"choices":[{"del']])
def test_breaking_off_in_the_middle_is_an_error_and_not_retried(serving: Any, opened: bytes, ending: list[Any]) -> None:
    async def run() -> None:
        async with serving([opened, chunk("The cap is"), 0.05, *ending]) as server:
            model = model_at(server.url)
            answer = model.stream(ChatRequest(messages=(Message("user", "?"),)))
            assert await anext(answer) == TextDelta("The cap is")
            with pytest.raises(UnavailableError):
                await anext(answer)
            await model.close()
            assert len(server.bodies) == 1

    asyncio.run(run())


def test_breaking_off_after_the_last_word_is_a_whole_answer(serving: Any, ask: Any, opened: bytes) -> None:
    text, end, _ = one(serving, ask, [opened, chunk("whole"), END, 0.05, "reset"])
    assert (text, end.finish_reason, end.usage.estimated) == ("whole", "length", True)


def test_done_ends_the_answer_though_the_connection_stays(serving: Any, ask: Any, opened: bytes) -> None:
    text, _, _ = one(serving, ask, [opened, chunk("all"), DONE, "hang"])
    assert text == "all"


@pytest.mark.parametrize(
    "script",
    [["hang"], [b"HTTP/1.1 200 OK\r\n\r\n", "hang"], [b"HTTP/1.1 200 OK\r\n\r\n", *[b": ping\n\n", 0.02] * 99]],
)
def test_a_server_that_never_answers(serving: Any, ask: Any, script: list[Any]) -> None:
    error, _ = failing(serving, ask, UnavailableError, script, timeout_s=0.3)
    assert "in time" in error.message


def test_a_long_pause_between_pieces(serving: Any, ask: Any, opened: bytes) -> None:
    limits = Limits(between_pieces_s=0.1)
    error, _ = failing(serving, ask, UnavailableError, [opened, chunk("so"), "hang"], limits=limits)
    assert "in time" in error.message


def test_nobody_listens(ask: Any) -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        model = model_at(f"http://127.0.0.1:{port}/v1")
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await ask(model)
        await model.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    "nonsense",
    [b"data: {not json}\n\n", b'data: {"choices": 5}\n\n', b"data: " + b"[" * 1900 + b"\n\n", b"<html>hello"],
)
def test_something_that_is_no_answer(serving: Any, ask: Any, opened: bytes, nonsense: bytes) -> None:
    failing(serving, ask, UnavailableError, [opened, nonsense], [opened, nonsense])


def test_an_event_that_is_too_large(serving: Any, ask: Any, opened: bytes) -> None:
    script = [opened, b"data: " + b"x" * 5000]
    error, _ = failing(serving, ask, UnavailableError, script, script)
    assert "more than fits" in error.message


@pytest.mark.parametrize(
    ("error", "family"),
    [
        ({"message": "overloaded", "type": "server_error"}, UnavailableError),
        ({"message": "overloaded", "code": 429}, UnavailableError),
        ({"message": "overloaded: too many tokens", "type": "invalid_request_error"}, InvalidError),
        ("overloaded", UnavailableError),
    ],
)
def test_an_error_in_the_middle_of_a_stream(
    serving: Any, ask: Any, opened: bytes, error: Any, family: type[PlimsollError]
) -> None:
    event = f"data: {json.dumps({'error': error})}\n\n".encode()
    caught, server = failing(serving, ask, family, [opened, chunk("par"), event])
    assert "overloaded" in caught.message
    assert len(server.bodies) == 1


def test_redirects_are_not_followed(serving: Any, ask: Any, status: Callable[..., bytes]) -> None:
    error, server = failing(serving, ask, InvalidError, [status(307, b"", "Location: /v1/elsewhere")])
    assert "redirects" in error.message
    assert len(server.bodies) == 1


def test_a_caller_that_stops_closes_the_connection(serving: Any, opened: bytes) -> None:
    async def run() -> None:
        async with serving([opened, chunk("first"), "hang"]) as server:
            model = model_at(server.url)
            answer = model.stream(ChatRequest(messages=(Message("user", "?"),)))
            assert await anext(answer) == TextDelta("first")
            await answer.aclose()
            await model.close()
            await asyncio.wait_for(server.lost.wait(), 5)

    asyncio.run(run())
