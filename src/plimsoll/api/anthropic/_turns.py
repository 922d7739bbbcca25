"""From Anthropic's turns to the messages of a chat."""

from collections.abc import Sequence
from typing import Any, Final

from .._call_ids import named_call, plain_id
from .._errors import FieldError
from ..wire import json_bytes
from ._asked import Blocks, MessagesTurnIn

_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})


def messages_of(turns: Sequence[MessagesTurnIn], system: str | Blocks | None) -> list[dict[str, Any]]:
    """The conversation. Blocks that only Anthropic's models know are passed on as they are. Raises FieldError."""
    messages: list[dict[str, Any]] = []
    if system:
        content = system if isinstance(system, str) else _parts(system, "system")
        messages.append({"role": "system", "content": content})
    for number, turn in enumerate(turns):
        where = f"messages[{number}].content"
        if isinstance(turn.content, str):
            messages.append({"role": turn.role, "content": turn.content})
        elif turn.role == "assistant":
            messages.append(_of_model(turn.content, where))
        else:
            messages += _of_user(turn, turn.content, where)
    return messages


def _of_user(turn: MessagesTurnIn, blocks: Blocks, where: str) -> list[dict[str, Any]]:
    """What tools said comes first, as chat completions want it right after the calls."""
    results, said = [], []
    for number, block in enumerate(blocks):
        here = f"{where}[{number}]"
        if block.get("type") == "tool_result":
            results.append(_result(block, here))
        else:
            said.append(_part(block, here))
    return [*results, {"role": turn.role, "content": said}] if said or not results else results


def _result(block: dict[str, Any], where: str) -> dict[str, Any]:
    content = block.get("content") or ""
    if isinstance(content, list):
        content = _parts(content, f"{where}.content")
    elif not isinstance(content, str):
        raise FieldError(f"{where}.content", "this is neither text nor a list of blocks")
    answered = plain_id(_text(block, "tool_use_id", where))
    message: dict[str, Any] = {"role": "tool", "tool_call_id": answered, "content": content}
    if block.get("is_error") is True:
        message["is_error"] = True
    return _cached(block, message)


def _of_model(blocks: Blocks, where: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    thoughts, said, calls = [], [], []
    for number, block in enumerate(blocks):
        here = f"{where}[{number}]"
        if block.get("type") in _THOUGHTS:
            thoughts.append(block)
        elif block.get("type") == "tool_use":
            calls.append(_call(block, here))
        else:
            said.append(_part(block, here))
    if said:
        only = said[0]
        message["content"] = only["text"] if len(said) == 1 and only.keys() == {"type", "text"} else said
    elif not calls:
        message["content"] = ""
    if calls:
        message["tool_calls"] = calls
    if thoughts:
        message["thinking_blocks"] = thoughts
    return message


def _call(block: dict[str, Any], where: str) -> dict[str, Any]:
    given = block.get("input") or {}
    if not isinstance(given, dict):
        raise FieldError(f"{where}.input", "this is not an object")
    function = {"name": _text(block, "name", where), "arguments": json_bytes(given).decode()}
    return _cached(block, {**named_call(_text(block, "id", where)), "type": "function", "function": function})


def _parts(blocks: Blocks, where: str) -> list[dict[str, Any]]:
    return [_part(block, f"{where}[{number}]") for number, block in enumerate(blocks)]


def _part(block: dict[str, Any], where: str) -> dict[str, Any]:
    match block:
        case {"type": "text"}:
            return _cached(block, {"type": "text", "text": _text(block, "text", where)})
        case {"type": "image", "source": {"type": "base64", "media_type": str(kind), "data": str(data)}}:
            return _cached(block, {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}})
        case {"type": "image", "source": {"type": "url", "url": str(url)}}:
            return _cached(block, {"type": "image_url", "image_url": {"url": url}})
        case {"context": str()} | {"citations": dict()} if block.get("type") == "document":
            return block  # OpenAI's form has no place for these
        case {"type": "document", "source": {"type": "base64", "media_type": str(kind), "data": str(data)}}:
            file = {"filename": str(block.get("title") or "document"), "file_data": f"data:{kind};base64,{data}"}
            return _cached(block, {"type": "file", "file": file})
        case {"type": str()}:
            return block
        case _:
            raise FieldError(f"{where}.type", "this field is required, and is a text")


def _cached(block: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    return {**made, "cache_control": block["cache_control"]} if block.get("cache_control") else made


def _text(block: dict[str, Any], name: str, where: str) -> str:
    value = block.get(name)
    if not isinstance(value, str):
        raise FieldError(f"{where}.{name}", "this field is required, and is a text")
    return value
