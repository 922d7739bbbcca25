"""`POST /v1/messages/count_tokens`: an estimate, made with the tokenizer that this server has."""

from collections.abc import Callable, Sequence
from typing import Any

from ..wire import as_type, json_bytes, read_object
from ._asked import CountTokensIn
from ._turns import messages_of

_OF_A_MESSAGE = 4
"""Tokens around each message, about."""


def read_count(body: bytes) -> CountTokensIn:
    """The request in `body`. Raises MalformedBodyError and FieldError."""
    return as_type(read_object(body), CountTokensIn)


def count_tokens(asked: CountTokensIn, count: Callable[[str], int]) -> bytes:
    """The answer: about how many tokens the request has, by `count`, which is not the model's own.

    Pictures and files are not counted.
    """
    texts = [text for message in messages_of(asked.messages, asked.system) for text in _texts(message)]
    texts += [json_bytes(tool).decode() for tool in asked.tools or ()]
    tokens = sum(count(text) for text in texts) + _OF_A_MESSAGE * len(asked.messages)
    return json_bytes({"input_tokens": tokens, "plimsoll": {"estimated": True}})


def _texts(message: dict[str, Any]) -> Sequence[str]:
    content = message.get("content") or ""
    parts = [content] if isinstance(content, str) else [part["text"] for part in content if part["type"] == "text"]
    calls = [call["function"]["name"] + call["function"]["arguments"] for call in message.get("tool_calls") or ()]
    thoughts = [str(block.get("thinking") or "") for block in message.get("thinking_blocks") or ()]
    return [*parts, *calls, *thoughts]
