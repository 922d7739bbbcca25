"""Google's generateContent, as a server speaks it."""

import json
from typing import Any, Final
from urllib.parse import unquote

from .._script import Received, RefusalKind, ScriptedAnswer, ScriptedRefusal, ScriptedUsage, Shape, Wired

_JSON: Final = (("content-type", "application/json"),)
_FINISH: Final = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP", "content_filter": "SAFETY"}
_ERRORS: Final[dict[RefusalKind, tuple[int, str]]] = {
    "denied": (400, "INVALID_ARGUMENT"),
    "rejected": (400, "INVALID_ARGUMENT"),
    "unknown_model": (404, "NOT_FOUND"),
    "too_long": (400, "INVALID_ARGUMENT"),
    "refused": (400, "INVALID_ARGUMENT"),
    "busy": (429, "RESOURCE_EXHAUSTED"),
    "overloaded": (503, "UNAVAILABLE"),
    "down": (500, "INTERNAL"),
    "late": (504, "DEADLINE_EXCEEDED"),
}
_WORDS: Final[dict[RefusalKind, str]] = {
    "denied": "API key not valid. ",
    "too_long": "The input token count (9) exceeds the maximum number of tokens allowed (8): ",
    "refused": "Blocked by safety settings: ",
}


class GoogleWire:
    """What the Gemini API says."""

    name = "google"

    def shape(self, asked: Received) -> Shape:
        """Whether a whole answer or a stream is wanted."""
        return "stream" if ":streamGenerateContent" in asked.path else "whole"

    def model(self, asked: Received) -> str:
        """The model that the address names."""
        return unquote(asked.path.rpartition("/models/")[2].partition(":")[0])

    def whole(self, answer: ScriptedAnswer, asked: Received) -> Wired:  # noqa: ARG002 the port's shape
        """A GenerateContentResponse."""
        parts = [*_thoughts(answer), *([] if answer.calls else [{"text": answer.text}]), *_calls(answer)]
        body = _body(answer, parts, _FINISH[answer.finish])
        if answer.usage is not None:
            body["usageMetadata"] = _usage(answer.usage)
        return Wired(200, _JSON, json.dumps(body).encode())

    def stream_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of a streamed answer."""
        return (("content-type", "text/event-stream"),)

    def events(self, answer: ScriptedAnswer, asked: Received) -> list[bytes]:  # noqa: ARG002 the port's shape
        """Responses that each hold a part; the last one has the end and the usage."""
        texts = [] if answer.calls else [{"text": piece} for piece in answer.cut]
        found = [_body(answer, [part], None) for part in (*_thoughts(answer), *texts, *_calls(answer))]
        last = _body(answer, [], _FINISH[answer.finish])
        if answer.usage is not None:
            last["usageMetadata"] = _usage(answer.usage)
        return [_event(body) for body in (*found, last)]

    def refusal(self, refusal: ScriptedRefusal) -> Wired:
        """An error with its status."""
        body = json.dumps(_error(refusal)).encode()
        return Wired(_ERRORS[refusal.kind][0], (*_JSON, *refusal.headers), body)

    def error_event(self, refusal: ScriptedRefusal) -> bytes:
        """An error in the middle of a stream."""
        return _event(_error(refusal))


def _body(answer: ScriptedAnswer, parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
    one: dict[str, Any] = {"content": {"role": "model", "parts": parts}}
    if finish is not None:
        one["finishReason"] = finish
    candidates = [{**one, "index": index} for index in range(answer.choices)]
    return {"candidates": candidates, "modelVersion": answer.model, "responseId": "r-1"}


def _thoughts(answer: ScriptedAnswer) -> list[dict[str, Any]]:
    return [{"text": answer.thinking, "thought": True}] if answer.thinking else []


def _calls(answer: ScriptedAnswer) -> list[dict[str, Any]]:
    return [
        {
            "functionCall": {"id": call.id, "name": call.name, "args": json.loads(call.arguments)},
            **({"thoughtSignature": answer.signature} if answer.signature else {}),
        }
        for call in answer.calls
    ]


def _usage(usage: ScriptedUsage) -> dict[str, Any]:
    return {
        "promptTokenCount": usage.input,
        "cachedContentTokenCount": usage.cached,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
    }


def _error(refusal: ScriptedRefusal) -> dict[str, Any]:
    status, name = _ERRORS[refusal.kind]
    said = _WORDS.get(refusal.kind, "") + refusal.said
    return {"error": {"code": status, "message": said, "status": name}}


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n\r\n"
