"""The conversation: OpenAI's messages as Google's `systemInstruction` and `contents`."""

import mimetypes
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..translated import Asked, ToolCall

_SYSTEM: Final = frozenset({"system", "developer"})
_MEDIA: Final = frozenset({"image_url", "file"})
_AUDIO: Final = {"wav": "audio/wav", "mp3": "audio/mp3"}

_OWN: Final = frozenset(
    {
        "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult",
        "toolCall", "toolResponse",
    }
)  # fmt: skip
"""By one of them a part in Google's own form is known."""

Parts = list[dict[str, Any]]


def conversation(asked: Asked) -> tuple[Parts, list[dict[str, Any]]]:
    """Parts of the system, and `contents`: turns of one role that follow each other become one.

    Raises UntranslatableError.
    """
    system: Parts = []
    contents: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    for where, message in asked.messages:
        role = message["role"]
        if role in _SYSTEM:
            system.extend(_parts(asked, message, where))
        elif role == "assistant":
            calls = asked.calls(message, where)
            names.update({call.id: call.name for call in calls})
            _append(contents, "model", _parts(asked, message, where) + [_call(call) for call in calls])
        elif role == "tool":
            _append(contents, "user", _result(asked, message, where, names))
        else:
            _append(contents, "user", _parts(asked, message, where))
    return system, contents


def _append(contents: list[dict[str, Any]], role: str, parts: Parts) -> None:
    if not parts:
        return
    if contents and contents[-1]["role"] == role:
        contents[-1]["parts"].extend(parts)
    else:
        contents.append({"role": role, "parts": parts})


def _parts(asked: Asked, message: Mapping[str, Any], where: str) -> Parts:
    return [_part(asked, part, place) for place, part in asked.openai_parts(message, where)]


def _part(asked: Asked, part: Mapping[str, Any], where: str) -> dict[str, Any]:
    kind = str(part.get("type"))
    if kind == "text":
        return {"text": part["text"]}
    if kind == "refusal":
        return {"text": str(part.get("refusal"))}
    if kind in _MEDIA:
        return _media(asked, part, where)
    if kind == "input_audio":
        held = part.get("input_audio")
        mime_type = _AUDIO.get(str(held.get("format"))) if isinstance(held, Mapping) else None
        if mime_type is None or not isinstance(held, Mapping):
            raise asked.refuse(where, "is audio in a form that is not known", hint="send wav or mp3")
        return {"inlineData": {"mimeType": mime_type, "data": held.get("data")}}
    if _OWN.isdisjoint(part):
        raise asked.refuse(where, f"is a part of type `{kind[:60]}`, which Google's models do not have")
    return {name: value for name, value in part.items() if name not in {"type", "cache_control"}}


def _media(asked: Asked, part: Mapping[str, Any], where: str) -> dict[str, Any]:
    found = asked.media(part, where)
    if not found.url:
        return {"inlineData": {"mimeType": found.mime_type, "data": found.data}}
    guessed, _ = mimetypes.guess_type(found.url.partition("?")[0])
    return {"fileData": {"fileUri": found.url, **({"mimeType": guessed} if guessed else {})}}


def _call(call: ToolCall) -> dict[str, Any]:
    """A call goes back with the signature of the thought behind it, where OpenAI's form of Google's API keeps it."""
    said: dict[str, Any] = {"functionCall": {"name": call.name, "args": call.arguments}}
    if call.id:
        said["functionCall"]["id"] = call.id
    extra = call.sent.get("extra_content")
    google = extra.get("google") if isinstance(extra, Mapping) else None
    if isinstance(google, Mapping) and google.get("thought_signature"):
        said["thoughtSignature"] = google["thought_signature"]
    return said


def _result(asked: Asked, message: Mapping[str, Any], where: str, names: Mapping[str, str]) -> Parts:
    given = str(message.get("tool_call_id") or "")
    name = names.get(given) or message.get("name")
    if not isinstance(name, str):
        hint = "keep the assistant's message with the call in the conversation"
        raise asked.refuse(f"{where}.tool_call_id", "names no call of this conversation", hint=hint)
    parts = asked.openai_parts(message, where)
    text = "\n".join(str(part["text"]) for _, part in parts if part.get("type") == "text")
    answered: dict[str, Any] = {"name": name, "response": {"error": text} if message.get("is_error") else _object(text)}
    if given:
        answered["id"] = given
    others = [_part(asked, part, place) for place, part in parts if part.get("type") != "text"]
    return [{"functionResponse": answered}, *others]


def _object(text: str) -> dict[str, Any]:
    """Google wants an object; a text that is none becomes its `result`."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {"result": text}
    return value if isinstance(value, dict) else {"result": value}
