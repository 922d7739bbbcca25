"""Streamed answers of a server that speaks OpenAI's form, and everything that it may do wrong."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from plimsoll.http import Timeouts
from plimsoll.kernel.errors import InvalidError, PlimsollError, UnavailableError
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Message


def chunk(text: str = "", **more: Any) -> bytes:
    value = {"model": "small-2", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}], **more}
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":500}}\n\n'
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def one(serving: Any, ask: Any, model_at: Any) -> Callable[..., tuple[str, ChatEnd, Any]]:
    """One question to a server that plays these scripts."""

    def run(*scripts: Any, **options: Any) -> tuple[str, ChatEnd, Any]:
        async def story() -> tuple[str, ChatEnd, Any]:
            async with serving(*scripts) as server:
                model = model_at(server.url, **options)
                text, end = await ask(model, parameters={"temperature": 0, "model": "other", "stream": False})
                await model._client.close()
                return text, end, server

        return asyncio.run(story())

    return run


def test_streams_text_then_usage_and_cost(one: Any, opened: bytes, secret: str) -> None:
    script = [opened, b": hello\n\n", chunk("Hal"), chunk("lo"), END, USAGE, DONE]
    text, end, server = one(script, usd=(1.0, 4.0))
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
    assert f"authorization: Bearer {secret}\r\n" in server.heads[0]
    assert server.heads[0].startswith("POST /v1/chat/completions ")


def test_chunks_are_handed_on_as_the_server_sent_them_without_usage(serving: Any, model_at: Any, opened: bytes) -> None:
    burst = (
        chunk("a", id="c-1", created=7, system_fingerprint="fp", x_vendor={"deep": [1]}, usage=None)
        + b'data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}]}\n\n'
        + chunk("b", usage={"prompt_tokens": 9, "completion_tokens": 2})
        + END
        + b'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}}\n\n'
        + DONE
    )

    async def story() -> None:
        async with serving([opened + burst]) as server:
            model = model_at(server.url)
            events = [event async for event in model.stream(ChatRequest.of([Message("user", "?")]))]
            await model._client.close()
        chunks = [chunk for event in events if isinstance(event, Chunks) for chunk in event.chunks]
        assert [event.text for event in events if isinstance(event, Chunks)] == ["ab"]
        assert len(chunks) == 4
        assert chunks[0]["x_vendor"] == {"deep": [1]}
        assert (chunks[0]["id"], chunks[0]["created"], chunks[0]["system_fingerprint"]) == ("c-1", 7, "fp")
        assert chunks[1]["prompt_filter_results"] == [{"prompt_index": 0}]
        assert not any("usage" in chunk for chunk in chunks)
        assert isinstance(events[-1], ChatEnd)
        assert (events[-1].usage.input_tokens, events[-1].usage.output_tokens) == (9, 3)

    asyncio.run(story())


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_characters_may_be_cut_anywhere(one: Any, opened: bytes, line_end: bytes) -> None:
    whole = (chunk("Größe: 5 €, 数") + END + DONE).replace(b"\n", line_end)
    pieces: list[bytes | float] = [opened]
    for byte in whole:
        pieces += [bytes([byte]), 0.0]
    assert one(pieces)[0] == "Größe: 5 €, 数"


def test_half_a_character_in_an_event_is_replaced(one: Any, opened: bytes) -> None:
    half = 'data: {"choices":[{"index":0,"delta":{"content":"5 €"}}]}\n\n'.encode().replace("€".encode(), b"\xe2\x82")
    text, _, _ = one([opened, half, END, DONE])
    assert text == "5 \ufffd"


def test_no_space_after_data_and_no_done(one: Any, opened: bytes) -> None:
    plain = (chunk("fine") + END + USAGE).replace(b"data: ", b"data:")
    text, end, _ = one([opened, plain])
    assert (text, end.usage.input_tokens) == ("fine", 1000)


def test_counts_tokens_when_the_server_does_not(one: Any, opened: bytes) -> None:
    text, end, _ = one([opened, chunk("one two three"), END, DONE])
    assert text == "one two three"
    assert (end.usage.input_tokens, end.usage.output_tokens, end.usage.estimated) == (1, 3, True)
    assert end.usage.cost_usd is None


def test_a_long_text_is_counted_as_well(one: Any, opened: bytes) -> None:
    script = [opened, *[chunk("word " * 300)] * 20, END, DONE]
    assert one(script)[1].usage.output_tokens == 6000


def test_thoughts_and_tool_calls_are_counted_too(one: Any, opened: bytes) -> None:
    delta = {"reasoning": "hm hm", "tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}
    script = [opened, f'data: {{"choices":[{{"index":0,"delta":{json.dumps(delta)}}}]}}\n\n'.encode(), END, DONE]
    text, end, _ = one(script)
    assert text == ""
    assert end.usage.output_tokens >= 2


def test_lies_about_usage_are_not_believed(one: Any, opened: bytes) -> None:
    lie = b'data: {"choices":[],"usage":{"prompt_tokens":-5,"completion_tokens":1}}\n\n'
    _, end, _ = one([opened, chunk("a b"), END, lie, DONE])
    assert (end.usage.output_tokens, end.usage.estimated) == (2, True)


def test_a_server_that_does_not_stream(serving: Any, model_at: Any, status: Callable[..., bytes]) -> None:
    message = {"content": "whole", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]}
    usage = {"prompt_tokens": 3, "completion_tokens": 1}
    body = {"model": "m", "choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}

    async def story() -> None:
        async with serving([status(200, json.dumps(body).encode(), "Content-Type: application/json")]) as server:
            model = model_at(server.url)
            events = [event async for event in model.stream(ChatRequest.of([Message("user", "?")]))]
            await model._client.close()
        assert isinstance(events[0], Chunks)
        assert isinstance(events[1], ChatEnd)
        delta = events[0].chunks[0]["choices"][0]["delta"]
        assert (delta["content"], delta["tool_calls"][0]["index"]) == ("whole", 0)
        assert (events[1].model, events[1].usage.input_tokens, events[1].usage.estimated) == ("m", 3, False)

    asyncio.run(story())


def test_stream_options_refused_once_and_then_left_out(
    serving: Any, ask: Any, model_at: Any, status: Callable[..., bytes], opened: bytes
) -> None:
    refusal = status(400, b'{"error":{"message":"Unrecognized request argument supplied: stream_options"}}')
    good = [opened, chunk("fine"), END, DONE]

    async def story() -> None:
        async with serving([refusal], good, good) as server:
            model = model_at(server.url)
            assert (await ask(model))[0] == "fine"
            assert (await ask(model))[0] == "fine"
            await model._client.close()
            assert ["stream_options" in body for body in server.bodies] == [True, False, False]

    asyncio.run(story())


@pytest.mark.parametrize("ending", [["reset"], [], [b'data: {"choices":[{"del']])
def test_breaking_off_in_the_middle_is_an_error(failing: Any, opened: bytes, ending: list[Any]) -> None:
    error, _ = failing(UnavailableError, [opened, chunk("The cap is"), 0.02, *ending])
    assert error.retryable


def test_text_before_a_break_is_given(serving: Any, model_at: Any, opened: bytes) -> None:
    async def story() -> None:
        async with serving([opened, chunk("The cap is"), 0.05, "reset"]) as server:
            model = model_at(server.url)
            answer = model.stream(ChatRequest.of(messages=(Message("user", "?"),)))
            first = await anext(answer)
            assert isinstance(first, Chunks)
            assert first.text == "The cap is"
            with pytest.raises(UnavailableError):
                await anext(answer)
            await model._client.close()

    asyncio.run(story())


def test_breaking_off_after_the_last_word_is_a_whole_answer(one: Any, opened: bytes) -> None:
    text, end, _ = one([opened, chunk("whole"), END, 0.05, "reset"])
    assert (text, end.finish_reason, end.usage.estimated) == ("whole", "length", True)


def test_one_of_two_choices_is_not_a_whole_answer(failing: Any, opened: bytes) -> None:
    second = b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n'
    failing(UnavailableError, [opened, chunk("a"), second, END])


def test_done_ends_the_answer_though_the_connection_stays(one: Any, opened: bytes) -> None:
    assert one([opened, chunk("all"), DONE, "hang"])[0] == "all"


def test_the_connection_of_a_stream_is_used_again(model_at: Any, ask: Any) -> None:
    connections = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().splitlines()
                await reader.readexactly(next(int(x.split(":")[1]) for x in lines if x.startswith("content-length")))
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                event = chunk("hi") + END + DONE
                writer.write(b"%x\r\n%s\r\n" % (len(event), event))
                await writer.drain()
                await asyncio.sleep(0.01)  # the end of the body comes in a packet of its own
                writer.write(b"0\r\n\r\n")
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def story() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        model = model_at(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        assert (await ask(model))[0] == "hi"
        async with asyncio.timeout(5):
            while not model._client._pool._idle:  # noqa: ASYNC110 nothing tells of the end that nobody reads
                await asyncio.sleep(0.001)
        assert (await ask(model))[0] == "hi"
        assert len(connections) == 1
        await model._client.close()
        server.close()
        await server.wait_closed()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("script", "phase"),
    [
        (["hang"], "total"),
        ([b"HTTP/1.1 200 OK\r\n\r\n", "hang"], "total"),
        ([b"HTTP/1.1 200 OK\r\n\r\n", *[b": ping\n\n", 0.02] * 99], "total"),
    ],
)
def test_a_server_that_never_answers(failing: Any, script: list[Any], phase: str) -> None:
    error, _ = failing(UnavailableError, script, total_s=0.2)
    assert (error.code, error.phase) == ("provider_timeout", phase)
    assert "in time" in error.message


def test_each_phase_has_its_own_limit(failing: Any, opened: bytes) -> None:
    error, _ = failing(UnavailableError, [opened, chunk("so"), "hang"], timeouts=Timeouts(between_s=0.1))
    assert (error.code, error.phase) == ("provider_timeout", "between")
    error, _ = failing(UnavailableError, ["hang"], timeouts=Timeouts(first_byte_s=0.1))
    assert (error.code, error.phase, error.retryable) == ("provider_timeout", "first_byte", True)


def test_nobody_listens(ask: Any, model_at: Any) -> None:
    async def story() -> None:
        server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        model = model_at(f"http://127.0.0.1:{port}/v1")
        with pytest.raises(UnavailableError, match="cannot be reached") as caught:
            await ask(model)
        assert str(port) not in f"{caught.value.message} {caught.value.hint}"
        await model.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "nonsense",
    [
        b"data: {not json}\n\n",
        b'data: {"choices": 5}\n\n',
        b'data: {"choices": [5]}\n\n',
        b'data: {"choices": [{"delta": {"content": 5}}]}\n\n',
        b'data: {"choices": [{"index": "x", "delta": {"content": "a"}}]}\n\n',
        b"data: 5\n\n",
        b"data: " + b"[" * 1900 + b"\n\n",
        b"<html>hello",
        b"{",
    ],
)
def test_something_that_is_no_answer(failing: Any, opened: bytes, nonsense: bytes) -> None:
    failing(UnavailableError, [opened, nonsense])


def test_an_event_or_a_body_that_is_too_large(failing: Any, opened: bytes) -> None:
    for large in (b"data: " + b"x" * 5000, b"{" + b"x" * 30_000):
        error, _ = failing(UnavailableError, [opened, large, "hang"])
        assert "more than fits" in error.message


@pytest.mark.parametrize(
    ("error", "family", "code"),
    [
        ({"message": "overloaded", "type": "server_error"}, UnavailableError, "provider_unavailable"),
        ({"message": "overloaded", "code": 429}, UnavailableError, "rate_limit_exceeded"),
        ({"message": "overloaded", "type": "rate_limit_error"}, UnavailableError, "rate_limit_exceeded"),
        ({"message": "overloaded", "code": "context_length_exceeded"}, InvalidError, "context_length_exceeded"),
        ({"message": "overloaded: too many", "type": "invalid_request_error"}, InvalidError, "provider_rejected"),
        ("overloaded", UnavailableError, "provider_unavailable"),
        (["overloaded"], UnavailableError, "provider_unavailable"),
    ],
)
def test_an_error_in_the_middle_of_a_stream(
    failing: Any, opened: bytes, error: Any, family: type[PlimsollError], code: str
) -> None:
    event = f"event: error\ndata: {json.dumps({'error': error})}\n\n".encode()
    caught, _ = failing(family, [opened, chunk("par"), event])
    assert "overloaded" in caught.message
    assert caught.code == code


def test_a_caller_that_stops_closes_the_connection(serving: Any, model_at: Any, opened: bytes) -> None:
    async def story() -> None:
        async with serving([opened, chunk("first"), "hang"]) as server:
            model = model_at(server.url)
            answer = model.stream(ChatRequest.of(messages=(Message("user", "?"),)))
            assert isinstance(await anext(answer), Chunks)
            await answer.aclose()
            await asyncio.wait_for(server.lost.wait(), 5)
            await model._client.close()

    asyncio.run(story())


def test_a_caller_that_is_cancelled_closes_the_connection(serving: Any, model_at: Any, ask: Any, opened: bytes) -> None:
    async def story() -> None:
        async with serving([opened, chunk("first"), "hang"]) as server:
            model = model_at(server.url)
            task = asyncio.create_task(ask(model))
            while not server.bodies:  # noqa: ASYNC110 the server notes a request without telling anybody
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.lost.wait(), 5)
            await model._client.close()

    asyncio.run(story())
