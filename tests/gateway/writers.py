"""A model server that writes what knowledge bases ask for, questions in other words and contexts, and answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.api.conftest import running

USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
VARIANTS = "paid leave days\ndays off work"


def _standing(_prompt: str) -> str:
    return "It stands in the harbour papers."


@dataclass
class Writer:
    """What it heard, and what it says next."""

    url: str = ""
    heard: list[dict[str, Any]] = field(default_factory=list)
    variants: str = VARIANTS
    context: Callable[[str], str] = _standing
    """What is said to a question about a chunk."""
    finish: str = "stop"
    status: int = 200
    """Of answers to the calls that no endpoint makes."""
    left: int | None = None
    """How many of these are still answered with 200; None for all."""
    refuses_answers: bool = False
    """Whether the calls that endpoints make are refused."""

    @property
    def asked_variants(self) -> list[str]:
        """The questions that were to be put in other words."""
        return [body["messages"][-1]["content"] for body in self.heard if _wants_variants(body)]

    @property
    def asked_contexts(self) -> list[str]:
        """What was asked about chunks."""
        return [body["messages"][-1]["content"] for body in self.heard if _wants_context(body)]

    async def chat(self, request: Request) -> Response:
        body = await request.json()
        self.heard.append(body)
        if not _wants_variants(body) and not _wants_context(body):
            if self.refuses_answers:
                return JSONResponse({"error": {"message": "no such thing"}}, 400)
            return _completion(body, "Twenty-six days [1].", "stop")
        if self.left is not None:
            self.left -= 1
        if self.status != 200 and (self.left is None or self.left < 0):
            return JSONResponse({"error": {"message": "no such thing"}}, self.status)
        text = self.variants if _wants_variants(body) else self.context(body["messages"][-1]["content"])
        return _completion(body, text, self.finish)


def _wants_variants(body: dict[str, Any]) -> bool:
    return str(body["messages"][0]["content"]).startswith("You write search queries")


def _wants_context(body: dict[str, Any]) -> bool:
    return str(body["messages"][0]["content"]).startswith("Here is a part of a document")


def _completion(body: dict[str, Any], text: str, finish: str) -> Response:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return JSONResponse({"id": "x", "model": body["model"], "choices": [choice], "usage": USAGE})


@contextmanager
def writer() -> Iterator[Writer]:
    """The server, on loopback."""
    held = Writer()
    with running(Starlette(routes=[Route("/v1/chat/completions", held.chat, methods=["POST"])])) as url:
        held.url = url
        yield held


def route(held: Writer, **keys: str) -> str:
    """A route to it, for a price."""
    lines = {
        "model": "vllm/writer",
        "base_url": f"{held.url}/v1",
        "price": "{input_usd_per_million: 1, output_usd_per_million: 10}",
        "retries": "{attempts: 0}",
        **keys,
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items())
