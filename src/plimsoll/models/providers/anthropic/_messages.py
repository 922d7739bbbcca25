"""The conversation: OpenAI's messages as Anthropic's `system` and `messages`."""

import base64
from collections.abc import Mapping
from typing import Any, Final

from ..translated import Asked, ToolCall

_SYSTEM: Final = frozenset({"system", "developer"})
_MEDIA: Final = {"image_url": "image", "file": "document"}
_UNNAMED: Final = "document"
"""How a file is called that has no name: OpenAI's form wants one."""

Blocks = list[dict[str, Any]]


def conversation(asked: Asked) -> tuple[str | Blocks, list[dict[str, Any]]]:
    """`system` and `messages`. Messages of one role that follow each other become one, as parallel tools need it.

    Raises UntranslatableError.
    """
    system: Blocks = []
    messages: list[dict[str, Any]] = []
    for where, message in asked.messages:
        role = message["role"]
        if role in _SYSTEM:
            system.extend(_blocks(asked, message, where))
        elif role == "assistant":
            _append(messages, "assistant", _assistant(asked, message, where))
        else:
            _append(messages, "user", (_result if role == "tool" else _blocks)(asked, message, where))
    return _short(system), messages


def _append(messages: list[dict[str, Any]], role: str, blocks: Blocks) -> None:
    if not blocks:
        return
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"].extend(blocks)
    else:
        messages.append({"role": role, "content": blocks})


def _short(system: Blocks) -> str | Blocks:
    """One plain text is sent as a text, which every server with this form reads."""
    return str(system[0]["text"]) if len(system) == 1 and set(system[0]) == {"type", "text"} else system


def _blocks(asked: Asked, message: Mapping[str, Any], where: str) -> Blocks:
    return [
        _block(asked, part, f"{where}.content[{number}]")
        for number, part in enumerate(asked.parts(message.get("content")))
    ]


def _block(asked: Asked, part: Mapping[str, Any], where: str) -> dict[str, Any]:
    kind = str(part.get("type"))
    if kind in _MEDIA:
        return _cached(part, {"type": _MEDIA[kind], "source": _source(asked, part, where), **_titled(part)})
    if kind == "refusal":
        return {"type": "text", "text": str(part.get("refusal"))}
    if kind == "input_audio":
        raise asked.refuse(where, "is audio, which Anthropic's models do not hear")
    return dict(part)  # text, or a block in Anthropic's own form


def _titled(part: Mapping[str, Any]) -> dict[str, str]:
    """The name of a file as the title of the document."""
    held = part.get("file")
    name = held.get("filename") if isinstance(held, Mapping) else None
    return {"title": name} if isinstance(name, str) and name not in {"", _UNNAMED} else {}


def _source(asked: Asked, part: Mapping[str, Any], where: str) -> dict[str, str]:
    found = asked.media(part, where)
    if found.url:
        return {"type": "url", "url": found.url}
    if found.mime_type.startswith("text/"):
        return {"type": "text", "media_type": "text/plain", "data": _decoded(found.data)}
    return {"type": "base64", "media_type": found.mime_type, "data": found.data}


def _decoded(data: str) -> str:
    return base64.b64decode(data).decode("utf-8", "replace")


def _cached(part: Mapping[str, Any], block: dict[str, Any]) -> dict[str, Any]:
    return {**block, "cache_control": part["cache_control"]} if part.get("cache_control") else block


def _assistant(asked: Asked, message: Mapping[str, Any], where: str) -> Blocks:
    thinking = message.get("thinking_blocks")
    blocks = [dict(block) for block in thinking if isinstance(block, Mapping)] if isinstance(thinking, list) else []
    blocks += _blocks(asked, message, where)
    if not message.get("content") and isinstance(message.get("refusal"), str):
        blocks.append({"type": "text", "text": message["refusal"]})
    return blocks + [_tool_use(call) for call in asked.calls(message, where)]


def _tool_use(call: ToolCall) -> dict[str, Any]:
    return _cached(call.sent, {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments})


def _result(asked: Asked, message: Mapping[str, Any], where: str) -> Blocks:
    content = message.get("content")
    said = content if isinstance(content, str) else _blocks(asked, message, where)
    result: dict[str, Any] = {"type": "tool_result", "tool_use_id": message.get("tool_call_id")}
    if said:
        result["content"] = said
    if message.get("is_error") is True:
        result["is_error"] = True
    return [_cached(message, result)]
