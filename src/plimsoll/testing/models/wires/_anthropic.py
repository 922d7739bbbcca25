"""Anthropic's Messages API, as a server speaks it."""

import json
from typing import Any, Final

from .._script import (
    Received,
    RefusalKind,
    ScriptedAnswer,
    ScriptedCall,
    ScriptedRefusal,
    ScriptedUsage,
    Shape,
    Wired,
)

_JSON: Final = (("content-type", "application/json"),)
_STOP: Final = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
_ERRORS: Final[dict[RefusalKind, tuple[int, str]]] = {
    "denied": (401, "authentication_error"),
    "rejected": (400, "invalid_request_error"),
    "unknown_model": (404, "not_found_error"),
    "too_long": (400, "invalid_request_error"),
    "refused": (400, "invalid_request_error"),
    "busy": (429, "rate_limit_error"),
    "overloaded": (529, "overloaded_error"),
    "down": (500, "api_error"),
    "late": (504, "timeout_error"),
}
_WORDS: Final[dict[RefusalKind, str]] = {
    "too_long": "prompt is too long: ",
    "refused": "Output blocked by content filtering policy: ",
}


class AnthropicWire:
    """What Anthropic says."""

    name = "anthropic"

    def shape(self, asked: Received) -> Shape:
        """Whether a whole answer or a stream is wanted."""
        return "stream" if asked.body.get("stream") else "whole"

    def model(self, asked: Received) -> str:
        """The model that the request names."""
        return str(asked.body.get("model"))

    def whole(self, answer: ScriptedAnswer, asked: Received) -> Wired:
        """A message."""
        answer = _forced(answer, asked)
        body = {**_head(answer), "content": _blocks(answer), "stop_reason": _STOP[answer.finish]}
        if answer.usage is not None:
            body["usage"] = _usage(answer.usage)
        return Wired(200, _JSON, json.dumps(body).encode())

    def stream_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of a streamed answer."""
        return (("content-type", "text/event-stream"),)

    def events(self, answer: ScriptedAnswer, asked: Received) -> list[bytes]:
        """The events of a message, with a ping and one of a type that nobody knows yet."""
        answer = _forced(answer, asked)
        head = {**_head(answer), "content": [], "stop_reason": None}
        if answer.usage is not None:
            head["usage"] = {**_usage(answer.usage), "output_tokens": 1}
        found = [_event("message_start", {"message": head}), _event("ping", {})]
        for index, block in enumerate(_blocks(answer)):
            found.append(_event("content_block_start", {"index": index, "content_block": _empty(block)}))
            found.extend(
                _event("content_block_delta", {"index": index, "delta": delta}) for delta in _deltas(block, answer)
            )
            found.append(_event("content_block_stop", {"index": index}))
        found.append(_event("event_of_tomorrow", {"index": 7}))
        end: dict[str, Any] = {"delta": {"stop_reason": _STOP[answer.finish], "stop_sequence": None}}
        if answer.usage is not None:
            end["usage"] = {"output_tokens": answer.usage.output}
        return [*found, _event("message_delta", end), _event("message_stop", {})]

    def refusal(self, refusal: ScriptedRefusal) -> Wired:
        """An error with its status."""
        body = json.dumps(_error(refusal)).encode()
        return Wired(_ERRORS[refusal.kind][0], (*_JSON, *refusal.headers), body)

    def error_event(self, refusal: ScriptedRefusal) -> bytes:
        """An error in the middle of a stream."""
        return _event("error", _error(refusal))


def _forced(answer: ScriptedAnswer, asked: Received) -> ScriptedAnswer:
    """A model that is made to call one tool calls it, with its text as the input."""
    choice = asked.body.get("tool_choice") or {}
    if choice.get("type") != "tool" or answer.calls:
        return answer
    call = ScriptedCall("toolu_1", choice["name"], answer.text)
    finish = "tool_calls" if answer.finish == "stop" else answer.finish
    return ScriptedAnswer(calls=(call,), text="", finish=finish, usage=answer.usage, model=answer.model)


def _head(answer: ScriptedAnswer) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": answer.model, "stop_sequence": None}


def _blocks(answer: ScriptedAnswer) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.thinking:
        blocks.append({"type": "thinking", "thinking": answer.thinking, "signature": answer.signature})
    if answer.text and not answer.calls:
        blocks.append({"type": "text", "text": answer.text})
    blocks.extend(
        {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)}
        for call in answer.calls
    )
    return blocks


def _empty(block: dict[str, Any]) -> dict[str, Any]:
    emptied = {"text": "", "thinking": "", "signature": "", "input": {}}
    return {name: emptied.get(name, value) for name, value in block.items()}


def _deltas(block: dict[str, Any], answer: ScriptedAnswer) -> list[dict[str, Any]]:
    if block["type"] == "text":
        return [{"type": "text_delta", "text": piece} for piece in answer.cut]
    if block["type"] == "thinking":
        thought = {"type": "thinking_delta", "thinking": block["thinking"]}
        return [thought, {"type": "signature_delta", "signature": block["signature"]}]
    text = json.dumps(block["input"])
    half = len(text) // 2
    return [{"type": "input_json_delta", "partial_json": part} for part in ("", text[:half], text[half:])]


def _usage(usage: ScriptedUsage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input - usage.cached - usage.written,
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": usage.written,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    }


def _error(refusal: ScriptedRefusal) -> dict[str, Any]:
    said = _WORDS.get(refusal.kind, "") + refusal.said
    return {"type": "error", "error": {"type": _ERRORS[refusal.kind][1], "message": said}}


def _event(kind: str, value: dict[str, Any]) -> bytes:
    data = json.dumps({"type": kind, **value}, ensure_ascii=False).encode()
    return f"event: {kind}\n".encode() + b"data: " + data + b"\n\n"
