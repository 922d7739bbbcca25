"""Amazon Bedrock's Converse, as a server speaks it, with its binary event stream."""

import json
import struct
import zlib
from typing import Any, Final
from urllib.parse import unquote

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
_STOP: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "guardrail_intervened",
}
_ERRORS: Final[dict[RefusalKind, tuple[int, str]]] = {
    "denied": (403, "AccessDeniedException"),
    "rejected": (400, "ValidationException"),
    "unknown_model": (404, "ResourceNotFoundException"),
    "too_long": (400, "ValidationException"),
    "refused": (400, "ValidationException"),
    "busy": (429, "ThrottlingException"),
    "overloaded": (503, "ServiceUnavailableException"),
    "down": (500, "InternalServerException"),
    "late": (408, "ModelTimeoutException"),
}
_WORDS: Final[dict[RefusalKind, str]] = {
    "too_long": "Input is too long for requested model: ",
    "refused": "Output blocked by content filtering policy: ",
}
_STRING: Final = 7


class BedrockWire:
    """What Bedrock says."""

    name = "bedrock"

    def shape(self, asked: Received) -> Shape:
        """Whether a whole answer or a stream is wanted."""
        return "stream" if asked.path.endswith("/converse-stream") else "whole"

    def model(self, asked: Received) -> str:
        """The model that the address names."""
        return unquote(asked.path.split("/model/", 1)[1].rpartition("/")[0])

    def whole(self, answer: ScriptedAnswer, asked: Received) -> Wired:
        """A ConverseResponse."""
        answer = _forced(answer, asked)
        body: dict[str, Any] = {
            "output": {"message": {"role": "assistant", "content": _blocks(answer)}},
            "stopReason": _STOP[answer.finish],
            "metrics": {"latencyMs": 5},
        }
        if answer.usage is not None:
            body["usage"] = _usage(answer.usage)
        return Wired(200, _JSON, json.dumps(body).encode())

    def stream_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of a streamed answer."""
        return (("content-type", "application/vnd.amazon.eventstream"),)

    def events(self, answer: ScriptedAnswer, asked: Received) -> list[bytes]:
        """The events of a message, with one of a type that nobody knows yet."""
        answer = _forced(answer, asked)
        found = [_event("messageStart", {"role": "assistant"}), _event("eventOfTomorrow", {"contentBlockIndex": 7})]
        for index, block in enumerate(_blocks(answer)):
            at = {"contentBlockIndex": index}
            if "toolUse" in block:
                start = {name: block["toolUse"][name] for name in ("toolUseId", "name")}
                found.append(_event("contentBlockStart", {**at, "start": {"toolUse": start}}))
            found.extend(_event("contentBlockDelta", {**at, "delta": delta}) for delta in _deltas(block, answer))
            found.append(_event("contentBlockStop", at))
        found.append(_event("messageStop", {"stopReason": _STOP[answer.finish]}))
        metadata: dict[str, Any] = {"metrics": {"latencyMs": 5}}
        if answer.usage is not None:
            metadata["usage"] = _usage(answer.usage)
        return [*found, _event("metadata", metadata)]

    def refusal(self, refusal: ScriptedRefusal) -> Wired:
        """An error with its status and its name."""
        status, name = _ERRORS[refusal.kind]
        body = json.dumps({"message": _WORDS.get(refusal.kind, "") + refusal.said}).encode()
        return Wired(status, (*_JSON, ("x-amzn-errortype", name), *refusal.headers), body)

    def error_event(self, refusal: ScriptedRefusal) -> bytes:
        """An exception in the middle of a stream."""
        name = _ERRORS[refusal.kind][1]
        said = {"message": _WORDS.get(refusal.kind, "") + refusal.said}
        return _frame({":message-type": "exception", ":exception-type": name[:1].lower() + name[1:]}, said)


def _forced(answer: ScriptedAnswer, asked: Received) -> ScriptedAnswer:
    """A model that is made to call one tool calls it, with its text as the input."""
    choice = (asked.body.get("toolConfig") or {}).get("toolChoice") or {}
    if "tool" not in choice or answer.calls:
        return answer
    call = ScriptedCall("tooluse_1", choice["tool"]["name"], answer.text)
    finish = "tool_calls" if answer.finish == "stop" else answer.finish
    return ScriptedAnswer(calls=(call,), text="", finish=finish, usage=answer.usage, model=answer.model)


def _blocks(answer: ScriptedAnswer) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.thinking:
        thought = {"text": answer.thinking, "signature": answer.signature}
        blocks.append({"reasoningContent": {"reasoningText": thought}})
    if answer.text and not answer.calls:
        blocks.append({"text": answer.text})
    blocks.extend(
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": json.loads(call.arguments)}}
        for call in answer.calls
    )
    return blocks


def _deltas(block: dict[str, Any], answer: ScriptedAnswer) -> list[dict[str, Any]]:
    if "text" in block:
        return [{"text": piece} for piece in answer.cut]
    if "reasoningContent" in block:
        thought = block["reasoningContent"]["reasoningText"]
        return [{"reasoningContent": {name: value}} for name, value in thought.items()]
    text = json.dumps(block["toolUse"]["input"])
    half = len(text) // 2
    return [{"toolUse": {"input": part}} for part in (text[:half], text[half:])]


def _usage(usage: ScriptedUsage) -> dict[str, Any]:
    return {
        "inputTokens": usage.input - usage.cached - usage.written,
        "cacheReadInputTokens": usage.cached,
        "cacheWriteInputTokens": usage.written,
        "outputTokens": usage.output,
        "totalTokens": usage.input + usage.output,
    }


def _event(name: str, value: dict[str, Any]) -> bytes:
    # Bedrock pads events with `p`, so that their lengths do not tell what stands in them.
    return _frame({":message-type": "event", ":event-type": name}, {**value, "p": "abcd"})


def _frame(headers: dict[str, str], value: dict[str, Any]) -> bytes:
    written = b""
    for name, text in {**headers, ":content-type": "application/json"}.items():
        written += struct.pack("!B", len(name)) + name.encode()
        written += struct.pack("!BH", _STRING, len(text.encode())) + text.encode()
    payload = json.dumps(value, ensure_ascii=False).encode()
    prelude = struct.pack("!II", len(written) + len(payload) + 16, len(written))
    head = prelude + struct.pack("!I", zlib.crc32(prelude)) + written + payload
    return head + struct.pack("!I", zlib.crc32(head))
