"""Our OpenAI-compatible route against llama.cpp's server, with a model that the test itself made."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from tests.conftest import must_skip
from tests.local_model import LocalServer, is_installed, local_server
from tests.models.closing import ClosingModel

from plimsoll.http import Client
from plimsoll.kernel.errors import InvalidError
from plimsoll.models import ChatModel, ChatRequest
from plimsoll.models.catalogue import RouteSettings
from plimsoll.testing.models import tell

QUESTION = "What is the cap on liability?"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    if not is_installed():
        must_skip("llama.cpp's server is not installed (pip install -r requirements/local-server.txt)")
    with local_server(tmp_path_factory.mktemp("local-model")) as running:
        yield running


def request(text: str = QUESTION, **fields: Any) -> ChatRequest:
    body = {"messages": [{"role": "user", "content": text}], "temperature": 0, "seed": 1, "max_tokens": 24}
    return ChatRequest({**body, **fields})


def with_model(server: LocalServer, case: Callable[[ChatModel], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        model = ClosingModel(RouteSettings("llamacpp/tiny", base_url=f"{server.url}/v1"))
        try:
            async with asyncio.timeout(60):
                await case(model)
        finally:
            await model.close()

    asyncio.run(run())


def test_whole_and_streamed_are_the_same(server: LocalServer) -> None:
    async def case(model: ChatModel) -> None:
        whole = await tell(model, request(), "whole")
        streamed = await tell(model, request(), "stream")
        assert whole.text == streamed.text
        assert whole.text.isprintable()
        assert streamed.pieces > 1
        for told in (whole, streamed):
            usage = told.end.usage
            assert (told.end.finish_reason, told.end.model) == ("length", "tiny")
            assert (usage.output_tokens, usage.estimated) == (24, False)
            assert 5 <= usage.input_tokens <= 40

    with_model(server, case)


def test_the_prompt_of_a_second_call_comes_from_its_cache(server: LocalServer) -> None:
    async def case(model: ChatModel) -> None:
        text = "Nobody loads deeper than the line that is painted on her hull. " * 4
        await model.complete(request(text))
        usage = (await model.complete(request(text))).end.usage
        assert 0 < usage.cached_tokens < usage.input_tokens

    with_model(server, case)


def test_a_schema_binds_what_it_says(server: LocalServer) -> None:
    async def case(model: ChatModel) -> None:
        schema = {
            "type": "object",
            "properties": {"answer": {"enum": ["yes", "no"]}},
            "required": ["answer"],
            "additionalProperties": False,
        }
        wanted = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}
        told = await tell(model, request(response_format=wanted, max_tokens=200), "stream")
        assert json.loads(told.text)["answer"] in {"yes", "no"}
        assert told.end.finish_reason == "stop"

    with_model(server, case)


def test_a_text_that_is_too_long_is_the_callers_business(server: LocalServer) -> None:
    async def case(model: ChatModel) -> None:
        with pytest.raises(InvalidError) as caught:
            await model.complete(request("liability " * 2000))
        assert caught.value.code == "context_length_exceeded"

    with_model(server, case)


def test_leaving_a_stream_stops_the_server(server: LocalServer) -> None:
    async def case(model: ChatModel) -> None:
        events = model.stream(request(max_tokens=400))
        await anext(events)
        await events.aclose()
        client = Client()
        while any(slot["is_processing"] for slot in await _slots(client, server)):
            pass
        await client.close()
        # The place is free again: a second call gets its answer.
        assert (await tell(model, request(), "stream")).end.finish_reason == "length"

    with_model(server, case)


def test_several_at_once(server: LocalServer) -> None:
    async def case(model: ChatModel) -> None:
        answers = await asyncio.gather(*(tell(model, request(), "stream") for _ in range(6)))
        assert {answer.end.usage.output_tokens for answer in answers} == {24}

    with_model(server, case)


async def _slots(client: Client, server: LocalServer) -> Any:
    return json.loads(await (await client.send("GET", f"{server.url}/slots")).read(1_048_576))
