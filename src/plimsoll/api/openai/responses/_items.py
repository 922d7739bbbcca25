"""From the items of an input to the messages of a chat."""

from collections.abc import Sequence
from typing import Any

from ..._call_ids import named_call, plain_id
from ..._errors import FieldError, UnsupportedFieldError
from ._asked import ResponseItemIn
from ._thinking import open_thinking

_STATELESS = "send the items themselves: this server keeps nothing between two calls"


def messages_of(given: str | Sequence[ResponseItemIn], instructions: str | None) -> list[dict[str, Any]]:
    """The conversation. Raises FieldError and UnsupportedFieldError."""
    conversation = Conversation()
    if instructions:
        conversation.say({"role": "system", "content": instructions})
    if isinstance(given, str):
        conversation.say({"role": "user", "content": given})
    else:
        for number, item in enumerate(given):
            conversation.add(item, f"input[{number}]")
    messages = conversation.ended()
    if not messages:
        raise FieldError("input", "there is no message in it")
    return messages


class Conversation:
    """Items one after another, as messages.

    What a model did in one turn (reasoning, words, calls) is several items and one message.
    """

    def __init__(self) -> None:
        self._messages: list[dict[str, Any]] = []
        self._turn: dict[str, Any] | None = None

    def say(self, message: dict[str, Any]) -> None:
        """A message of somebody else than the model: the model's turn is over."""
        self._turn = None
        self._messages.append(message)

    def add(self, item: ResponseItemIn, where: str) -> None:
        """One item. Raises FieldError and UnsupportedFieldError."""
        match item.type:
            case "message":
                self._message(item, where)
            case "function_call":
                call = {"name": _need(item.name, f"{where}.name"), "arguments": item.arguments or "{}"}
                calls = self._of_model().setdefault("tool_calls", [])
                named = named_call(_need(item.call_id, f"{where}.call_id"))
                calls.append({**named, "type": "function", "function": call})
            case "function_call_output":
                output = "" if item.output is None else item.output
                content = output if isinstance(output, str) else parts_of(output, f"{where}.output")
                answered = plain_id(_need(item.call_id, f"{where}.call_id"))
                self.say({"role": "tool", "tool_call_id": answered, "content": content})
            case "reasoning":
                self._reasoning(item)
            case "item_reference":
                raise UnsupportedFieldError(where, "items cannot be named by their id", hint=_STATELESS)
            case _:
                raise UnsupportedFieldError(
                    where, f"items of type `{item.type[:60]}` are not understood", hint="use messages and functions"
                )

    def ended(self) -> list[dict[str, Any]]:
        """The messages. Reasoning that nothing follows was cut off, and is left out."""
        return [message for message in self._messages if not _only_thought(message)]

    def _message(self, item: ResponseItemIn, where: str) -> None:
        role = _need(item.role, f"{where}.role")
        if item.content is None:
            raise FieldError(f"{where}.content", "this field is required")
        content = item.content if isinstance(item.content, str) else parts_of(item.content, f"{where}.content")
        if role != "assistant":
            self.say({"role": role, "content": content})
            return
        turn = self._of_model()
        if "content" in turn or "tool_calls" in turn:
            self._turn = None
            turn = self._of_model()
        turn["content"] = content

    def _reasoning(self, item: ResponseItemIn) -> None:
        turn = self._of_model()
        if "content" in turn or "tool_calls" in turn:
            self._turn = None
            turn = self._of_model()
        blocks = open_thinking(item.encrypted_content)
        if blocks:
            turn["thinking_blocks"] = blocks
        content = item.content if isinstance(item.content, list) else []
        text = "\n".join(str(part.get("text") or "") for part in (content or item.summary or []))
        if text:
            turn["reasoning_content"] = text

    def _of_model(self) -> dict[str, Any]:
        if self._turn is None:
            self._turn = {"role": "assistant"}
            self._messages.append(self._turn)
        return self._turn


def _only_thought(message: dict[str, Any]) -> bool:
    return message["role"] == "assistant" and "content" not in message and "tool_calls" not in message


def _need(value: str | None, where: str) -> str:
    if not value:
        raise FieldError(where, "this field is required")
    return value


def parts_of(parts: Sequence[dict[str, Any]], where: str) -> list[dict[str, Any]]:
    """Content parts as chat completions have them. Raises FieldError and UnsupportedFieldError."""
    return [_part(part, f"{where}[{number}]") for number, part in enumerate(parts)]


def _part(part: dict[str, Any], where: str) -> dict[str, Any]:
    match part.get("type"):
        case "input_text" | "output_text" | "text" | "summary_text":
            kept = {"type": "text", "text": _text(part, "text", where)}
            return {**kept, "cache_control": part["cache_control"]} if "cache_control" in part else kept
        case "refusal":
            return {"type": "refusal", "refusal": _text(part, "refusal", where)}
        case "input_image":
            image = {"url": _text(part, "image_url", where)}
            if isinstance(part.get("detail"), str):
                image["detail"] = part["detail"]
            return {"type": "image_url", "image_url": image}
        case "input_file":
            named = {"filename": part["filename"]} if isinstance(part.get("filename"), str) else {}
            return {"type": "file", "file": {**named, "file_data": _text(part, "file_data", where)}}
        case "input_audio" if isinstance(part.get("input_audio"), dict):
            return {"type": "input_audio", "input_audio": part["input_audio"]}
        case kind:
            raise UnsupportedFieldError(where, f"parts of type `{str(kind)[:60]}` are not understood")


def _text(part: dict[str, Any], name: str, where: str) -> str:
    value = part.get(name)
    if isinstance(value, str):
        return value
    if part.get("file_id"):
        raise UnsupportedFieldError(f"{where}.file_id", "files cannot be named by their id", hint=_STATELESS)
    raise FieldError(f"{where}.{name}", "this field is required, and is a text")
