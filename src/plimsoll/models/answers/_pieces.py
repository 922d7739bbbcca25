"""A whole answer as the pieces of a stream, and as text that can be kept."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.structs import replace

from .._types import Body, ChatEnd, Chunks, Completion

_KEPT_REASONS = frozenset({"stop", "tool_calls"})


class _Value(msgspec.Struct, frozen=True):
    body: dict[str, Any]
    end: ChatEnd


_decode = msgspec.json.Decoder(_Value).decode


def is_whole(completion: Completion) -> bool:
    """Whether every choice came to its own end: not cut off, not filtered, and not without any text or call."""
    choices = completion.body.get("choices") or ()
    return bool(choices) and all(
        choice.get("finish_reason") in _KEPT_REASONS and _says_something(choice.get("message") or {})
        for choice in choices
    )


def to_text(completion: Completion) -> str:
    """An answer as JSON. Raises UnicodeEncodeError for half of a surrogate pair."""
    # What a route tried the first time says nothing about the answers that follow.
    end = replace(completion.end, attempts=())
    return msgspec.json.encode(_Value(dict(completion.body), end)).decode()


def from_text(value: str) -> Completion:
    """An answer that `to_text` wrote; it costs nothing now. Raises msgspec.DecodeError."""
    kept = _decode(value)
    return Completion(kept.body, replace(kept.end, usage=replace(kept.end.usage, cost_usd=0.0)))


def pieces(completion: Completion) -> Iterator[Chunks]:
    """What a stream of this answer would bring before its end: for each choice what it says, then why it ends."""
    for number, choice in enumerate(completion.body["choices"]):
        delta = {name: value for name, value in choice["message"].items() if value is not None}
        index = choice.get("index", number)
        for thought in _signed_thoughts(delta):
            yield _piece({"index": index, "delta": thought, "finish_reason": None})
        if "tool_calls" in delta:
            delta["tool_calls"] = [{"index": place, **call} for place, call in enumerate(delta["tool_calls"])]
        logprobs = {"logprobs": choice["logprobs"]} if choice.get("logprobs") else {}
        yield _piece({"index": index, "delta": delta, "finish_reason": None, **logprobs})
        # By which text a model ended, where its server says that.
        matched = {"stop_reason": choice["stop_reason"]} if choice.get("stop_reason") is not None else {}
        yield _piece({"index": index, "delta": {}, "finish_reason": choice.get("finish_reason") or "stop", **matched})


def _signed_thoughts(delta: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Several signed thoughts of a message, each with its own text as it came; they are taken out of `delta`."""
    blocks = delta.get("thinking_blocks") or ()
    texts = [block.get("thinking") or "" for block in blocks]
    if not blocks or "".join(texts) != (delta.get("reasoning_content") or ""):
        return
    del delta["thinking_blocks"]
    delta.pop("reasoning_content", None)
    for text, block in zip(texts, blocks, strict=True):
        if text:
            yield {"reasoning_content": text}
        yield {"thinking_blocks": [block]}


def _piece(choice: Body) -> Chunks:
    return Chunks(({"choices": [choice]},))


def _says_something(message: Body) -> bool:
    return bool(message.get("content") or message.get("tool_calls"))
