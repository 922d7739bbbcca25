"""A model server that keeps what it was sent, and says what a test tells it to."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from tests.api.conftest import running

WAIT_S = 60
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


_TOLD_ABOVE = {"role", "content", "tool_calls"}


@dataclass
class Echo:
    """What it heard, and what it says next."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    message: dict[str, Any] = field(default_factory=lambda: {"role": "assistant", "content": "Good day."})
    thoughts: tuple[dict[str, Any], ...] = ()
    """What a stream says before its text, a piece each."""
    more: dict[str, Any] = field(default_factory=dict)
    """Other fields of a whole answer's choice."""
    pieces: int = 3
    """How many characters of the text come in one chunk of a stream."""
    finish: str | None = "stop"
    """None leaves a stream without its end, but for `[DONE]`."""
    began: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event | None = None
    """Waited for before the last piece of a stream, and before a whole answer."""
    ended: threading.Event = field(default_factory=threading.Event)

    def says(self, text: str) -> None:
        self.message = {"role": "assistant", "content": text}

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.heard.append(body)
        self.headers.append(dict(request.headers))
        self.began.set()
        if body.get("stream"):
            return StreamingResponse(self._events(), media_type="text/event-stream")
        await self._wait()
        choices = [
            {"index": number, "message": self.message, "finish_reason": self.finish or "stop", **self.more}
            for number in range(body.get("n") or 1)
        ]
        return JSONResponse({"id": "x", "model": body["model"], "choices": choices, "usage": USAGE})

    async def embed(self, request: Request) -> Response:
        body = await request.json()
        self.heard.append(body)
        self.began.set()
        await self._wait()
        data = [
            {"object": "embedding", "index": number, "embedding": [float(number), 0.5]}
            for number, _ in enumerate(body["input"])
        ]
        return JSONResponse({"object": "list", "data": data, "model": body["model"], "usage": USAGE})

    async def _events(self) -> AsyncIterator[str]:
        text = self.message.get("content") or ""
        cuts = [text[at : at + self.pieces] for at in range(0, len(text), self.pieces)]
        try:
            for thought in self.thoughts:
                yield _event(thought)
            for piece in cuts[:-1]:
                yield _event({"content": piece})
            await self._wait()
            for piece in cuts[-1:]:
                yield _event({"content": piece})
            for number, call in enumerate(self.message.get("tool_calls") or ()):
                yield _event({"tool_calls": [{**call, "index": number}]})
            others = {name: value for name, value in self.message.items() if name not in _TOLD_ABOVE}
            if others:
                yield _event(others)
            if self.finish is not None:
                yield _event({}, self.finish)
            yield f"data: {json.dumps({'choices': [], 'usage': USAGE})}\n\ndata: [DONE]\n\n"
        finally:
            self.ended.set()

    async def _wait(self) -> None:
        if self.go_on is not None:
            await asyncio.to_thread(self.go_on.wait, WAIT_S)


def _event(delta: dict[str, Any], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps({'id': 'x', 'model': 'echo', 'choices': [choice]})}\n\n"


@contextmanager
def echo() -> Iterator[Echo]:
    """The server, on loopback."""
    held = Echo()
    routes = [
        Route("/v1/chat/completions", held.chat, methods=["POST"]),
        Route("/v1/embeddings", held.embed, methods=["POST"]),
    ]
    with running(Starlette(routes=routes)) as url:
        held.url = url
        yield held
