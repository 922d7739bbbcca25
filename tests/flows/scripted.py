"""Chat models that do what a test says, and routes to them."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Callable
from typing import Any

from plimsoll.bootstrap import Platform
from plimsoll.flows.serve.parts import Route, ServeParts
from plimsoll.kernel.digest import Json
from plimsoll.kernel.errors import UnavailableError
from plimsoll.models import ChatEnd, ChatRequest, Chunks, Completion, Usage, text_piece
from plimsoll.models.prices import Most, Worst

Script = Callable[[ChatRequest], AsyncGenerator[Chunks | ChatEnd]]


class ScriptedModel:
    """A chat model that does what a test says."""

    name = "scripted/model"

    def __init__(self, script: Script) -> None:
        self._script = script
        self.closed = False

    def stream(self, request: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        return self._script(request)

    async def complete(self, request: ChatRequest) -> Completion:
        text, end = "", None
        async for event in self._script(request):
            if isinstance(event, ChatEnd):
                end = event
            else:
                text += event.text
        assert end is not None
        message = {"role": "assistant", "content": text}
        return Completion({"choices": [{"index": 0, "message": message, "finish_reason": end.finish_reason}]}, end)

    async def close(self) -> None:
        self.closed = True


def says(*texts: str) -> Script:
    """Says the texts one after the other, for 12 tokens and half a dollar."""

    async def script(_: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
        for text in texts:
            await asyncio.sleep(0)
            yield text_piece(text)
        yield ChatEnd(Usage(10, 2, 0.5), model="scripted-2026")

    return script


async def hangs_up(_: ChatRequest) -> AsyncGenerator[Chunks | ChatEnd]:
    yield text_piece("Well, ")
    raise UnavailableError("the model hung up")


def route_to(script: Script, **fields: Any) -> Route:
    """A route to a scripted model; a token costs a picodollar."""
    return Route("scripted", ScriptedModel(script), worst_of, sum_of, **fields)


def sum_of(input_tokens: int, output_tokens: int, _service_tier: str = "") -> int:
    return input_tokens + output_tokens


def worst_of(most: Most) -> Worst:
    return most.input_tokens + most.output_tokens, most.input_tokens + most.output_tokens


def parts_with(platform: Platform, script: Script, **fields: Any) -> ServeParts:
    """The platform's parts, with every route leading to a scripted model."""

    def make(_name: str, _content: Json) -> Route:
        return route_to(script, **fields)

    return dataclasses.replace(platform.serve_parts(), make_route=make)
