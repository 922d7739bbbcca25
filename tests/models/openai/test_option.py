"""An option is only left out of a server's calls when it is sure that the server refuses it, and not for ever."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from plimsoll.kernel.errors import InvalidError
from plimsoll.models import ChatRequest
from plimsoll.models.providers.openai._option import Option

ECHO = b'{"error":{"message":"Invalid value: \'stream_options\'.","param":"reasoning_effort"}}'
END = b'data: {"choices":[{"index":0,"delta":{"content":"fine"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
CALL: dict[str, Any] = {"messages": [{"role": "user", "content": "?"}]}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_call_that_is_answered_without_it_proves_that_it_was_the_option() -> None:
    clock = Clock()
    option = Option("extra", clock=clock)
    assert option.may_be_refused(400, b"unknown field extra", b"{}")

    def sent_after(status: int | None, now: float) -> bool:
        clock.now = now
        if status is not None:
            option.left_out(status)
        return option.is_sent

    assert [sent_after(400, 0), sent_after(200, 0), sent_after(None, 3599), sent_after(None, 3600)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_server_that_took_it_knows_it() -> None:
    option = Option("extra")
    option.taken()
    option.left_out(200)
    assert option.is_sent


@pytest.mark.parametrize(
    ("status", "refusal", "call"),
    [(500, b"extra", b""), (400, b"no such model", b""), (422, b"extra", b'{"a":"extra"}')],
)
def test_not_every_refusal_is_worth_another_try(status: int, refusal: bytes, call: bytes) -> None:
    assert not Option("extra").may_be_refused(status, refusal, call)


@pytest.fixture
def streamed(serving: Any, model_at: Any) -> Callable[..., Any]:
    """Calls with these fields, one after another; their errors, and what the server was sent."""

    def run(scripts: list[Any], *calls: dict[str, Any]) -> Any:
        async def story() -> Any:
            async with serving(*scripts) as server:
                model = model_at(server.url)
                errors = []
                for fields in calls:
                    try:
                        assert [event async for event in model.stream(ChatRequest({**CALL, **fields}))]
                        errors.append("")
                    except InvalidError as error:
                        errors.append(error.code)
                await model._client.close()
                return errors, ["stream_options" in body for body in server.bodies]

        return asyncio.run(story())

    return run


def test_a_caller_cannot_switch_usage_off_for_everybody(
    streamed: Callable[..., Any], status: Callable[..., bytes], opened: bytes
) -> None:
    good = [opened, END]
    found = streamed([[status(400, ECHO)], good], {"reasoning_effort": "stream_options"}, {})
    assert found == (["provider_rejected", ""], [True, True])


def test_a_refusal_that_stays_without_the_option_is_told_and_proves_nothing(
    streamed: Callable[..., Any], status: Callable[..., bytes], opened: bytes
) -> None:
    refusal = [status(400, ECHO)]
    found = streamed([refusal, refusal, [opened, END]], {}, {})
    assert found == (["provider_rejected", ""], [True, False, True])


def test_vectors_are_asked_for_in_base64_again(serving: Any, status: Callable[..., bytes]) -> None:
    from plimsoll.http import Client
    from plimsoll.models.prices import price_of
    from plimsoll.models.providers._endpoint import ProviderEndpoint
    from plimsoll.models.providers.openai import OpenAIEmbeddingModel

    refusal = status(400, b'{"error":{"message":"bad input: encoding_format"}}')
    good = status(200, json.dumps({"data": [{"embedding": [1.0]}]}).encode())

    async def story() -> None:
        async with serving([refusal], [good]) as server:
            client = Client()
            endpoint = ProviderEndpoint("vllm/e", "e", server.url, None)
            model = OpenAIEmbeddingModel(endpoint, client=client, price=price_of("vllm/e"), count_tokens=len)
            with pytest.raises(InvalidError):
                await model.embed_texts(["encoding_format"], {})
            await model.embed_texts(["a"], {})
            await client.close()
            assert ["encoding_format" in body for body in server.bodies] == [True, True]

    asyncio.run(story())
