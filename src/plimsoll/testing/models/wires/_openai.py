"""OpenAI's chat completions, as a server speaks them."""

import json
from typing import Any, Final

from .._script import Received, RefusalKind, ScriptedAnswer, ScriptedRefusal, ScriptedUsage, Shape, Wired

_JSON: Final = (("content-type", "application/json"),)
_ERRORS: Final[dict[RefusalKind, tuple[int, str, str | None]]] = {
    "denied": (401, "invalid_request_error", "invalid_api_key"),
    "rejected": (400, "invalid_request_error", None),
    "unknown_model": (404, "invalid_request_error", "model_not_found"),
    "too_long": (400, "invalid_request_error", "context_length_exceeded"),
    "refused": (400, "invalid_request_error", "content_filter"),
    "busy": (429, "rate_limit_error", "rate_limit_exceeded"),
    "overloaded": (503, "server_error", "overloaded"),
    "down": (500, "server_error", None),
    "late": (504, "server_error", "timeout"),
}


class OpenAIWire:
    """What OpenAI and every server that speaks its form say."""

    name = "openai"

    def shape(self, asked: Received) -> Shape:
        """Whether a whole answer or a stream is wanted."""
        return "stream" if asked.body.get("stream") else "whole"

    def model(self, asked: Received) -> str:
        """The model that the request names."""
        return str(asked.body.get("model"))

    def whole(self, answer: ScriptedAnswer, asked: Received) -> Wired:  # noqa: ARG002 the port's shape
        """A `chat.completion`."""
        message: dict[str, Any] = {"role": "assistant", "content": answer.text if not answer.calls else None}
        if answer.thinking:
            message["reasoning_content"] = answer.thinking
        if answer.calls:
            message["tool_calls"] = _calls(answer)
        choices = [
            {"index": index, "message": message, "finish_reason": answer.finish, "logprobs": None}
            for index in range(answer.choices)
        ]
        body = {**_head(answer, "chat.completion"), "choices": choices}
        if answer.usage is not None:
            body["usage"] = _usage(answer.usage)
        return Wired(200, _JSON, json.dumps(body).encode())

    def stream_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of a streamed answer."""
        return (("content-type", "text/event-stream"),)

    def events(self, answer: ScriptedAnswer, asked: Received) -> list[bytes]:
        """Chunks, usage where it is asked for, and `[DONE]`."""
        head = _head(answer, "chat.completion.chunk")
        found = [
            _event({**head, "choices": [{"index": index, "delta": delta, "finish_reason": None}]})
            for index in range(answer.choices)
            for delta in _deltas(answer)
        ]
        ends = [{"index": index, "delta": {}, "finish_reason": answer.finish} for index in range(answer.choices)]
        found.extend(_event({**head, "choices": [end]}) for end in ends)
        if answer.usage is not None and (asked.body.get("stream_options") or {}).get("include_usage"):
            found.append(_event({**head, "choices": [], "usage": _usage(answer.usage)}))
        return [*found, b"data: [DONE]\n\n"]

    def refusal(self, refusal: ScriptedRefusal) -> Wired:
        """An error with its status."""
        return Wired(_ERRORS[refusal.kind][0], (*_JSON, *refusal.headers), json.dumps(_error(refusal)).encode())

    def error_event(self, refusal: ScriptedRefusal) -> bytes:
        """An error in the middle of a stream."""
        return _event(_error(refusal))


def _head(answer: ScriptedAnswer, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": answer.model}


def _calls(answer: ScriptedAnswer) -> list[dict[str, Any]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in answer.calls
    ]


def _deltas(answer: ScriptedAnswer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if answer.thinking:
        found.append({"reasoning_content": answer.thinking})
    found.extend({"content": piece} for piece in answer.cut if not answer.calls)
    for index, call in enumerate(_calls(answer)):
        text = call["function"]["arguments"]
        opened = {**call, "index": index, "function": {"name": call["function"]["name"], "arguments": ""}}
        found.append({"tool_calls": [opened]})
        half = len(text) // 2
        found.extend(
            {"tool_calls": [{"index": index, "function": {"arguments": part}}]} for part in (text[:half], text[half:])
        )
    return found


def _usage(usage: ScriptedUsage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.written},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _error(refusal: ScriptedRefusal) -> dict[str, Any]:
    _, kind, code = _ERRORS[refusal.kind]
    said = f"maximum context length: {refusal.said}" if refusal.kind == "too_long" else refusal.said
    return {"error": {"message": said, "type": kind, "param": None, "code": code}}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"
