"""The pieces of a stream as the whole answer that they are."""

from collections.abc import Iterable, Mapping
from typing import Any

from plimsoll.models import Body, Chunks

_JOINED = ("content", "reasoning_content", "refusal")


def merged(pieces: Iterable[Chunks]) -> Body:
    """OpenAI's `chat.completion` with the choices that these pieces make up."""
    choices: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        for chunk in piece.chunks:
            for choice in chunk["choices"]:
                index = choice.get("index", 0)
                whole = choices.setdefault(index, {"index": index, "message": {"role": "assistant", "content": None}})
                _add(whole, choice)
    return {"choices": [_finished(choices[index]) for index in sorted(choices)]}


def _add(whole: dict[str, Any], choice: Mapping[str, Any]) -> None:
    message = whole["message"]
    for name, value in (choice.get("delta") or {}).items():
        if value is None:
            continue
        if name == "tool_calls":
            _add_calls(message.setdefault("tool_calls", {}), value)
        else:
            message[name] = (message.get(name) or "") + value if name in _JOINED else value
    if choice.get("finish_reason") is not None:
        whole["finish_reason"] = choice["finish_reason"]
    for name, values in (choice.get("logprobs") or {}).items():
        if values:
            whole.setdefault("logprobs", {}).setdefault(name, []).extend(values)


def _add_calls(calls: dict[int, dict[str, Any]], pieces: Iterable[Mapping[str, Any]]) -> None:
    for piece in pieces:
        call = calls.setdefault(piece.get("index", 0), {})
        for name, value in piece.items():
            if name == "function" and value:
                function = call.setdefault("function", {"name": "", "arguments": ""})
                for part in ("name", "arguments"):
                    function[part] += value.get(part) or ""
            elif name != "index" and value is not None:
                call[name] = value


def _finished(choice: dict[str, Any]) -> dict[str, Any]:
    calls = choice["message"].get("tool_calls")
    if calls:
        choice["message"]["tool_calls"] = [calls[number] for number in sorted(calls)]
    return {"finish_reason": "stop", "logprobs": None, **choice}
