"""How the suites ask: one answer, whole or streamed, put together from its pieces."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from plimsoll.models import ChatEnd, ChatModel, ChatRequest, Chunks

from ._script import Shape, Wire
from ._server import Script, ScriptedServer, scripted

PATIENCE_S: Final = 30.0
"""When a case takes so long, it hangs."""

KEY: Final = "sk-conformance-0123456789"
"""The key with which models are made; it must never come back in an error."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What the author of a provider gives to the suite."""

    wire: Wire
    """The form of the provider, from the server's side."""
    model_at: Callable[[str], ChatModel]
    """Makes the model for a server at this address, such as `http://127.0.0.1:40123`, with the key `KEY`."""
    cannot: frozenset[str] = frozenset()
    """What the provider does not have, of: `choices`, `image_url`, `cache_writes`, `reasoning_count`."""
    body: dict[str, Any] = field(default_factory=dict)
    """Fields that every call to it needs."""

    def request(self, text: str = "Hello?", **fields: Any) -> ChatRequest:
        """A call with one message; `fields` are OpenAI's."""
        messages = [{"role": "user", "content": text}]
        return ChatRequest({"messages": messages, **self.body, **fields})


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, put together."""

    choices: dict[int, dict[str, Any]]
    """For each choice `content`, `reasoning_content`, `tool_calls` and `finish_reason`."""
    end: ChatEnd
    pieces: int
    """How many events came before the end."""

    @property
    def text(self) -> str:
        """Of the first choice."""
        return str(self.choices[0]["content"]) if self.choices else ""

    @property
    def calls(self) -> list[tuple[str, str, str]]:
        """Id, name and arguments of the first choice's calls."""
        return [(call["id"], call["name"], call["arguments"]) for call in self.choices[0]["tool_calls"]]


def run(case: Coroutine[Any, Any, None]) -> None:
    """Run one case in a loop of its own; one that hangs fails."""

    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await case

    asyncio.run(bounded())


@asynccontextmanager
async def serving(provider: Provider, *scripts: Script) -> AsyncIterator[tuple[ChatModel, ScriptedServer]]:
    """A model and the server behind it."""
    async with scripted(provider.wire, *scripts) as server:
        model = provider.model_at(server.url)
        try:
            yield model, server
        finally:
            await model.close()


async def tell(model: ChatModel, request: ChatRequest, shape: Shape) -> Told:
    """One answer in one of the two ways."""
    return await (_whole if shape == "whole" else _streamed)(model, request)


async def _whole(model: ChatModel, request: ChatRequest) -> Told:
    completion = await model.complete(request)
    choices = {}
    for choice in completion.body["choices"]:
        message = choice["message"]
        choices[choice["index"]] = {
            "content": message.get("content") or "",
            "reasoning_content": message.get("reasoning_content") or "",
            "tool_calls": [{"id": call["id"], **call["function"]} for call in message.get("tool_calls") or ()],
            "finish_reason": choice["finish_reason"],
        }
    return Told(choices, completion.end, 0)


async def _streamed(model: ChatModel, request: ChatRequest) -> Told:
    choices: dict[int, dict[str, Any]] = {}
    events = [event async for event in model.stream(request)]
    *pieces, end = events
    assert isinstance(end, ChatEnd), "the last event of a stream is its ChatEnd"
    for event in pieces:
        assert isinstance(event, Chunks), "every event before the last one is Chunks"
        for chunk in event.chunks:
            for choice in chunk["choices"]:
                _add(choices, choice)
    return Told(choices, end, len(pieces))


def _add(choices: dict[int, dict[str, Any]], choice: Any) -> None:
    held = choices.setdefault(
        choice.get("index", 0), {"content": "", "reasoning_content": "", "tool_calls": [], "finish_reason": None}
    )
    delta = choice.get("delta") or {}
    held["content"] += delta.get("content") or ""
    held["reasoning_content"] += delta.get("reasoning_content") or ""
    held["finish_reason"] = choice.get("finish_reason") or held["finish_reason"]
    for call in delta.get("tool_calls") or ():
        if call["index"] == len(held["tool_calls"]):
            held["tool_calls"].append({"id": call["id"], "name": call["function"]["name"], "arguments": ""})
        held["tool_calls"][call["index"]]["arguments"] += call["function"].get("arguments") or ""
