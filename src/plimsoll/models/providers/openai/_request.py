"""Requests in OpenAI's form: where they go, their headers and their bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..._types import Body
from .._endpoint import ProviderEndpoint
from ._extensions import adapted

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


def encoded(payload: Mapping[str, Any], *, strict: str = "") -> bytes:
    """The body of a call. For a strict server of this provider everything is left out that OpenAI does not have.

    Raises TypeError, ValueError, OverflowError or RecursionError for what JSON cannot hold.
    """
    return _encode(adapted(payload, strict))


def text_of(body: Body, texts: list[str]) -> str:
    """All text of a request, for counting its tokens: that of its messages, their tool calls, and its tools."""
    rest = [message["tool_calls"] for message in body["messages"] if message.get("tool_calls")]
    if body.get("tools"):
        rest.append(body["tools"])
    return "\n".join([*texts, *(_encode(value).decode() for value in rest)])


def _is_azure(endpoint: ProviderEndpoint) -> bool:
    return endpoint.route_model.startswith("azure/")
