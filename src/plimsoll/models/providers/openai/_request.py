"""Requests in OpenAI's form: where they go, their headers and their bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..._types import Body
from .._endpoint import ProviderEndpoint

_EXTENSIONS: Final = ("cache_control", "reasoning_content", "thinking_blocks")
"""Fields in messages that Plimsoll's dialects and other providers agree on, and that strict servers refuse."""
_MARKS: Final = tuple(f'"{name}"'.encode() for name in _EXTENSIONS)
_API_VERSION: Final = "2024-10-21"
_encode: Final = msgspec.json.Encoder().encode


def url_of(endpoint: ProviderEndpoint, path: str) -> str:
    """Where a call goes. Azure wants to be told the version of its API, the option `api_version`."""
    version = endpoint.options.get("api_version", _API_VERSION if _is_azure(endpoint) else "")
    return f"{endpoint.base_url}{path}" + (f"?api-version={version}" if version else "")


def headers_of(endpoint: ProviderEndpoint, *, streams: bool) -> tuple[tuple[str, str], ...]:
    """The headers of every call."""
    headers = [
        ("content-type", "application/json"),
        ("accept", "text/event-stream, application/json" if streams else "application/json"),
        ("user-agent", "plimsoll"),
    ]
    if endpoint.api_key is not None:
        name, prefix = ("api-key", "") if _is_azure(endpoint) else ("authorization", "Bearer ")
        headers.append((name, f"{prefix}{endpoint.api_key}"))
    return tuple(headers)


def encoded(payload: Mapping[str, Any], *, is_strict: bool) -> bytes:
    """The body of a call. For a strict server the extensions of messages are left out.

    Raises TypeError, ValueError, OverflowError or RecursionError for what JSON cannot hold.
    """
    raw = _encode(payload)
    if is_strict and any(mark in raw for mark in _MARKS):
        return _encode({**payload, "messages": [_without_extensions(message) for message in payload["messages"]]})
    return raw


def text_of(body: Body, texts: list[str]) -> str:
    """All text of a request, for counting its tokens: that of its messages, their tool calls, and its tools."""
    rest = [message["tool_calls"] for message in body["messages"] if message.get("tool_calls")]
    if body.get("tools"):
        rest.append(body["tools"])
    return "\n".join([*texts, *(_encode(value).decode() for value in rest)])


def _is_azure(endpoint: ProviderEndpoint) -> bool:
    return endpoint.route_model.startswith("azure/")


def _without_extensions(value: Any) -> Any:
    """A message without the extensions, also in the parts of its content."""
    if not isinstance(value, Mapping):
        return value
    kept = {name: field for name, field in value.items() if name not in _EXTENSIONS}
    if isinstance(kept.get("content"), list):
        kept["content"] = [_without_extensions(part) for part in kept["content"]]
    return kept
