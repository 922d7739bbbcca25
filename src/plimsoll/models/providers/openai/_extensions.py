"""What Plimsoll's dialects and other providers have beside OpenAI's form, for servers that do not take it.

What needs no change is handed on as it is, and nearly nothing does: each call passes here.
"""

import re
from collections.abc import Mapping, Sequence
from operator import is_not
from typing import Any, Final

from .._blocks import OWN_PARTS, as_parts, effort_of

_IN_MESSAGES: Final = frozenset({"cache_control", "reasoning_content", "thinking_blocks", "is_error", "extra_content"})
"""Fields in messages, their parts, their calls, and in tools."""
_IN_CALLS: Final = frozenset({"cache_control", "thinking", "top_k"})
"""Fields of a call itself."""
_TAKES_TOP_K: Final = frozenset({"together", "fireworks"})
_REASONING: Final = re.compile(r"(?:^|/)(?:o\d|gpt-(?:[5-9]|\d\d|oss)|codex)(?!.*chat)")
"""Names of models that take an effort."""
_ROLE_AND_TEXT: Final = 2


def adapted(payload: Mapping[str, Any], strict: str) -> Mapping[str, Any]:
    """A call as a server takes it: documents and results of searches as texts and files, where that can be.

    For a strict server of the provider `strict` everything is left out that OpenAI does not have.
    """
    messages = payload.get("messages")
    if isinstance(messages, list | tuple):
        made = [_message(message, is_strict=bool(strict)) for message in messages]
        if _differ(made, messages):
            payload = {**payload, "messages": made}
    return _without_fields(payload, strict) if strict else payload


def _message(message: Any, *, is_strict: bool) -> Any:
    if not isinstance(message, Mapping):
        return message
    content = message.get("content")
    if content.__class__ is str and len(message) == _ROLE_AND_TEXT:
        return message
    if isinstance(content, list) and any(map(_is_own, content)):
        message = {**message, "content": [one for part in content for one in _parts(part)]}
    return _stripped(message) if is_strict else message


def _is_own(part: Any) -> bool:
    return isinstance(part, Mapping) and str(part.get("type")) in OWN_PARTS


def _parts(part: Any) -> Sequence[Any]:
    found = as_parts(part) if _is_own(part) else None
    return [part] if found is None else found


def _stripped(value: Any) -> Any:
    """A message, a part, a call or a tool without the extensions."""
    if not isinstance(value, Mapping):
        return value
    kept = value
    if not _IN_MESSAGES.isdisjoint(value):
        kept = {name: field for name, field in value.items() if name not in _IN_MESSAGES}
    for name in ("content", "tool_calls"):
        inner = kept.get(name)
        if isinstance(inner, list) and _differ(made := [_stripped(one) for one in inner], inner):
            kept = {**kept, name: made}
    function = kept.get("function")
    if isinstance(function, Mapping) and not _IN_MESSAGES.isdisjoint(function):
        kept = {**kept, "function": _stripped(function)}
    return kept


def _without_fields(payload: Mapping[str, Any], provider: str) -> Mapping[str, Any]:
    """Thinking as an effort where the model takes one; no field that OpenAI does not have."""
    tools = payload.get("tools")
    if isinstance(tools, list) and _differ(made := [_stripped(tool) for tool in tools], tools):
        payload = {**payload, "tools": made}
    if _IN_CALLS.isdisjoint(payload):
        return payload
    kept = {name: value for name, value in payload.items() if name not in _IN_CALLS}
    if "top_k" in payload and provider in _TAKES_TOP_K:
        kept["top_k"] = payload["top_k"]
    effort = effort_of(payload.get("thinking"))
    if effort and "reasoning_effort" not in kept and _REASONING.search(str(payload.get("model"))):
        kept["reasoning_effort"] = effort
    return kept


def _differ(made: Sequence[Any], given: Sequence[Any]) -> bool:
    return any(map(is_not, made, given))
