"""What people and models said, out of the attributes and events of a span, whatever the convention calls it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import DecodeError, json

from ._types import SentSpan

Message = dict[str, str]
"""`role` and `content`, as text."""

_NUMBERED = {
    "llm.input_messages.": re.compile(r"llm\.input_messages\.(\d{1,4})\.message\.(role|content)"),
    "llm.output_messages.": re.compile(r"llm\.output_messages\.(\d{1,4})\.message\.(role|content)"),
    "gen_ai.prompt.": re.compile(r"gen_ai\.prompt\.(\d{1,4})\.(role|content)"),
    "gen_ai.completion.": re.compile(r"gen_ai\.completion\.(\d{1,4})\.(role|content)"),
}
_ROLE_OF_EVENT = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
_CHOICE = "gen_ai.choice"
_INPUT = ("gen_ai.input.messages", "gen_ai.prompt")
_OUTPUT = ("gen_ai.output.messages", "gen_ai.completion")


def question_in(span: SentSpan) -> str:
    """What was asked: the last thing that the user said, else the last input of all."""
    said = span.attributes
    plain = said.get("input.value")
    if isinstance(plain, str) and plain and not plain.startswith(("{", "[")):
        return plain
    messages = inputs_in(span)
    for message in reversed(messages):
        if message["role"] == "user":
            return message["content"]
    if messages:
        return messages[-1]["content"]
    return plain if isinstance(plain, str) else ""


def answer_in(span: SentSpan) -> str:
    """What was answered."""
    plain = span.attributes.get("output.value")
    if isinstance(plain, str) and plain and not plain.startswith(("{", "[")):
        return plain
    messages = _messages(span, _OUTPUT, "llm.output_messages.", "gen_ai.completion.")
    if not messages:
        messages = [_of_event(event) for event in span.events if event[1] == _CHOICE]
    if messages:
        return "\n".join(message["content"] for message in messages if message["content"])
    return plain if isinstance(plain, str) else ""


def inputs_in(span: SentSpan) -> list[Message]:
    """The conversation that a model was given."""
    found = _messages(span, _INPUT, "llm.input_messages.", "gen_ai.prompt.")
    if not found and span.events:
        found = [_of_event(event) for event in span.events if event[1] in _ROLE_OF_EVENT]
    return found


def _messages(span: SentSpan, names: Sequence[str], *numbered: str) -> list[Message]:
    said = span.attributes
    for name in names:
        given = said.get(name)
        if given:
            return list(_structured(given))
    for beginning in numbered:
        found = _flattened(said, beginning)
        if found:
            return found
    return []


def _structured(given: Any) -> Iterator[Message]:
    """Messages as JSON text or as they are; text that is no JSON is one message."""
    if isinstance(given, str):
        try:
            given = json.decode(given)
        except (DecodeError, RecursionError):
            yield {"role": "user", "content": str(given)}
            return
    for message in given if isinstance(given, list) else [given]:
        if isinstance(message, Mapping):
            yield {"role": str(message.get("role", "")), "content": _content(message)}
        elif isinstance(message, str):
            yield {"role": "user", "content": message}


def _content(message: Mapping[str, Any]) -> str:
    """The text of a message: of `parts` (GenAI), or of `content` (OpenAI's form)."""
    parts = message.get("parts", message.get("content"))
    if isinstance(parts, str):
        return parts
    texts = []
    for part in parts if isinstance(parts, list) else []:
        text = part.get("content", part.get("text")) if isinstance(part, Mapping) else part
        if isinstance(text, str):
            texts.append(text)
    return "\n".join(texts)


def _flattened(said: Mapping[str, Any], beginning: str) -> list[Message]:
    found: dict[int, Message] = {}
    pattern = _NUMBERED[beginning]
    for key, value in said.items():
        if key.startswith(beginning) and isinstance(value, str) and (match := pattern.fullmatch(key)):
            found.setdefault(int(match[1]), {"role": "", "content": ""})[match[2]] = value
    return [found[place] for place in sorted(found)]


def _of_event(event: Sequence[Any]) -> Message:
    _, name, said = event
    content = said.get("content", said.get("gen_ai.event.content", said.get("message", "")))
    if not isinstance(content, str):
        content = _content(content) if isinstance(content, Mapping) else json.encode(content).decode()
    return {"role": _ROLE_OF_EVENT.get(name, "assistant"), "content": content}
