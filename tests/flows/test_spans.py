"""The spans of a request have the names, kinds and facts of the conventions, however it ends."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from msgspec import structs
from tests.flows.conftest import Workshop
from tests.flows.scripted import hangs_up, parts_with
from tests.flows.test_serve import drain, only_trace, request

from plimsoll.bootstrap import Platform
from plimsoll.flows.serve import Answering, EndpointMissingError
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Usage
from plimsoll.tracing import Span

USED = Usage(100, 20, 0.5, cached_tokens=60, cache_write_tokens=7, reasoning_tokens=5)


@pytest.fixture
def platform(workshop: Workshop) -> Platform:
    return workshop.open()


def spans_of(platform: Platform) -> Sequence[Span]:
    return only_trace(platform).spans


def streams(*deltas: dict[str, Any], target: str = "") -> Any:
    async def script(_: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        for delta in deltas:
            yield Chunks(({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},))
        yield ChatEnd(USED, finish_reason="stop", model="gemini-2.5-flash-001", target=target)

    return script


def chat_span(workshop: Workshop, platform: Platform, script: Any, **body: Any) -> Span:
    draft = workshop.build().draft
    asked = request(draft.digest)
    asked = structs.replace(asked, body={**asked.body, **body})
    asyncio.run(drain(Answering(parts_with(platform, script)), asked))
    return next(span for span in spans_of(platform) if span.name.startswith("chat "))


def test_a_call_of_a_model_is_told_as_its_client_saw_it(workshop: Workshop, platform: Platform) -> None:
    target = "google/gemini-2.5-flash"
    span = chat_span(workshop, platform, streams({"content": "yes"}, target=target), temperature=0.5, top_p="none")
    assert span.kind == "client"
    told = dict(span.attributes)
    assert float(str(told.pop("gen_ai.response.time_to_first_chunk"))) > 0
    assert told == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gemini-2.5-flash",
        "gen_ai.request.stream": True,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.response.model": "gemini-2.5-flash-001",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.cache_creation.input_tokens": 7,
        "gen_ai.usage.reasoning.output_tokens": 5,
        "plimsoll.cost_usd": 0.5,
    }


def test_a_tool_call_that_comes_together_with_text_is_told(workshop: Workshop, platform: Platform) -> None:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "look", "arguments": '{"a":'}}
    rest = {"index": 0, "function": {"arguments": "1}"}}
    deltas = {"content": "I look. ", "tool_calls": [call]}, {"content": "Now.", "tool_calls": [rest]}
    span = chat_span(workshop, platform, streams({"role": "assistant"}, *deltas))
    part = {"type": "tool_call", "id": "c", "name": "look", "arguments": '{"a":1}'}
    said = [{"role": "assistant", "parts": [part], "finish_reason": "tool_call"}]
    assert span.attributes["gen_ai.output.messages"] == said
    assert only_trace(platform).answer == "I look. Now."


@pytest.mark.parametrize("streamed", [True, False])
def test_a_call_that_fails_says_what_was_asked(workshop: Workshop, platform: Platform, streamed: bool) -> None:
    answering, asked = Answering(parts_with(platform, hangs_up)), request(workshop.build().draft.digest)
    with pytest.raises(UnavailableError):
        asyncio.run(drain(answering, asked) if streamed else answering.answer(asked))
    span = next(span for span in spans_of(platform) if span.name.startswith("chat "))
    assert (span.kind, span.error) == ("client", "UnavailableError")
    assert span.attributes["gen_ai.operation.name"] == "chat"
    assert {"gen_ai.provider.name", "gen_ai.request.model"} <= set(span.attributes)
    assert span.attributes["gen_ai.request.stream"] is streamed


def test_a_request_for_something_unknown_has_no_name(workshop: Workshop, platform: Platform) -> None:
    asked = request(workshop.build().draft.digest)
    with pytest.raises(EndpointMissingError):
        asyncio.run(Answering(platform.serve_parts()).answer(structs.replace(asked, target="none")))
    (root,) = spans_of(platform)
    assert root.name == "invoke_workflow"
    assert "gen_ai.workflow.name" not in root.attributes
