"""The parts of one message."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

PartKind = Literal["text", "thought", "refusal", "picture", "file", "call", "result"]

_LONGEST_ADDRESS = 200
_BASE64_SHARE = 0.75
_KILO = 1000
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in a message."""

    kind: PartKind
    text: str
    """What was said; of a picture or a file its address, or its type and size; of a call its arguments."""
    name: str = ""
    """Of the tool that is called, or of a file."""
    id: str = ""
    """Of a call, and of the call that a result belongs to."""


def parts_of(message: Mapping[str, Any]) -> tuple[Part, ...]:
    """The parts of a message, in the order in which a person reads them."""
    if isinstance(message.get("parts"), list):
        return tuple(_content(message["parts"]))
    if _text(message, "role") in {"tool", "function"}:
        said = "\n".join(plain(part) for part in _content(message.get("content")))
        return (Part("result", said, _text(message, "name"), _text(message, "tool_call_id")),)
    return (*_thoughts(message), *_content(message.get("content")), *_refusals(message), *_calls(message))


def plain(part: Part) -> str:
    """A part as text alone: `[picture image/png, 34 kB]`, `get_weather({"city": "Oslo"})`."""
    if part.kind in {"picture", "file"}:
        return f"[{' '.join(word for word in (part.kind, part.name, part.text) if word)}]"
    return f"{part.name or '(no name)'}({part.text})" if part.kind == "call" else part.text


def _thoughts(message: Mapping[str, Any]) -> Iterator[Part]:
    if thought := _text(message, "reasoning_content"):
        yield Part("thought", thought)


def _refusals(message: Mapping[str, Any]) -> Iterator[Part]:
    if refusal := _text(message, "refusal"):
        yield Part("refusal", refusal)


def _calls(message: Mapping[str, Any]) -> Iterator[Part]:
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, Mapping):
            yield _call(call)
    if isinstance(message.get("function_call"), Mapping):
        yield _call({"function": message["function_call"]})


def _call(call: Mapping[str, Any]) -> Part:
    inner = call.get("function", call.get("custom"))
    said: Mapping[str, Any] = inner if isinstance(inner, Mapping) else call
    arguments = said.get("arguments", said.get("input", ""))
    return Part("call", _written(arguments), _text(said, "name"), _text(call, "id"))


def _content(content: Any) -> Iterator[Part]:
    if isinstance(content, str):
        if content:
            yield Part("text", content)
        return
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            yield Part("text", part)
        elif isinstance(part, Mapping):
            yield _part(part)


def _part(part: Mapping[str, Any]) -> Part:
    kind = _text(part, "type")
    if maker := _MAKERS.get(kind):
        return maker(part)
    said = part.get("text", part.get("content"))
    return Part("text", said) if isinstance(said, str) else Part("file", "", kind or "(unknown)")


def _picture(part: Mapping[str, Any]) -> Part:
    given = part.get("image_url")
    address = given.get("url") if isinstance(given, Mapping) else given
    return Part("picture", _address(address))


def _audio(part: Mapping[str, Any]) -> Part:
    given = part.get("input_audio")
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    return Part("file", _size(_text(said, "data")), f"audio {_text(said, 'format')}".strip())


def _file(part: Mapping[str, Any]) -> Part:
    given = part.get("file")
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else part
    return Part("file", _address(said.get("file_data")), _text(said, "filename") or _text(said, "file_id"))


def _attached(part: Mapping[str, Any]) -> Part:
    """A part of the conventions with a picture, a sound or a file: `blob`, `uri`, `file`."""
    kind = _text(part, "mime_type") or _text(part, "modality")
    where = _address(part.get("uri")) or _text(part, "file_id") or _size(_text(part, "content"))
    return Part("picture" if kind.startswith("image") else "file", " ".join(word for word in (kind, where) if word))


def _result(part: Mapping[str, Any]) -> Part:
    said = part.get("response", part.get("result", ""))
    return Part("result", _written(said), _text(part, "name"), _text(part, "id"))


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Part]] = {
    "text": lambda part: Part("text", _text(part, "text") or _text(part, "content")),
    "reasoning": lambda part: Part("thought", _text(part, "content")),
    "refusal": lambda part: Part("refusal", _text(part, "refusal")),
    "image_url": _picture,
    "input_audio": _audio,
    "tool_call": _call,
    "tool_call_response": _result,
    "blob": _attached,
    "uri": _attached,
    "file": lambda part: _file(part) if "file" in part else _attached(part),
}


def _address(given: Any) -> str:
    """Where something lies; of data that stand in the address itself their type and size."""
    if not isinstance(given, str):
        return ""
    if given[:5].lower() == "data:":
        kind, _, data = given[5:].partition(",")
        return f"{kind.partition(';')[0]}, {_size(data)}"
    return given if len(given) <= _LONGEST_ADDRESS else f"{given[:_LONGEST_ADDRESS]}…"


def _size(base64: str) -> str:
    """About how large something is, from its length in base64."""
    size = int(len(base64) * _BASE64_SHARE)
    if size < _KILO:
        return f"{size} B" if size else ""
    return f"{size / _KILO:.0f} kB" if size < _MEGA else f"{size / _MEGA:.1f} MB"


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else ""
