"""Values that several tests of dialects need."""

import json
from typing import Any

from plimsoll.flows.serve import Answer, AnswerDone, AnswerStarted
from plimsoll.models import Attempt, Chunks, Passage, Quote, Usage

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
RELEASE = "sha256:" + "3f9c2a" + "0" * 58
CREATED = 1_795_000_000
USAGE = Usage(120, 30, 0.00125, cached_tokens=64, cache_write_tokens=16, reasoning_tokens=12)


def started(**change: Any) -> AnswerStarted:
    passage = Passage("p1", "contracts/acme.pdf", "Acme", page=3, start=100, end=160, text="Ninety days.", score=0.82)
    values = {"name": "contracts/ask", **change}
    return AnswerStarted(TRACE, RELEASE, "r-3f9c2a", "openai/first", (passage,), **values)


def done(finish_reason: str = "stop", **change: Any) -> AnswerDone:
    values: dict[str, Any] = {
        "text": "Ninety days. [1]",
        "finish_reason": finish_reason,
        "usage": USAGE,
        "citations": (Quote(1, "p1", "contracts/acme.pdf", page=3, start=100, end=112, text="Ninety days."),),
        "answered": True,
        "span": "Ninety days",
        "latency_ms": 41.5,
        "time_to_first_token_ms": 12.0,
        "target": "openai/second",
        "attempts": (Attempt("openai/first", "failed", "provider_timeout", 0.0, 30.0), Attempt("openai/second", "ok")),
        **change,
    }
    return AnswerDone(**values)


def answer(*messages: dict[str, Any], finish_reason: str = "stop", **fields: Any) -> Answer:
    choices = [
        {"index": index, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}
        for index, message in enumerate(messages or ({"content": "Ninety days. [1]"},))
    ]
    return Answer(started(), {**fields, "choices": choices}, done(finish_reason))


def chunk(index: int = 0, finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": finish_reason}]}


def chunks(*parts: dict[str, Any]) -> Chunks:
    return Chunks(parts)


def call(index: int, arguments: str = "", **first: str) -> dict[str, Any]:
    """One piece of a tool call: `id` and `name` in the first."""
    named = {"id": first["id"], "type": "function"} if first else {}
    function = {"name": first["name"]} if first else {}
    return {"index": index, **named, "function": {**function, "arguments": arguments}}


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def events(data: bytes) -> list[tuple[str, Any]]:
    """Server-sent events as pairs of name and value; the name is empty where there is none."""
    found = []
    for block in data.decode().split("\n\n"):
        if not block:
            continue
        lines = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append(
            (lines.get("event", ""), lines["data"] if lines["data"] == "[DONE]" else json.loads(lines["data"]))
        )
    return found
