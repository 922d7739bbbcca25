"""How many tokens a request has, before its model says so: estimates.

`POST /v1/messages/count_tokens` counts with the tokenizer that this server has. What a stream says when it begins must
cost nothing, and goes by the length of the texts.
"""

from collections.abc import Callable, Iterable, Sequence

from plimsoll.models import Body, Passage

from ..wire import as_type, json_bytes, read_object
from ._asked import CountTokensIn
from ._turns import messages_of

_MOST_COUNTED = 200_000
"""Characters. Of longer requests the beginning of each text is counted, and stands for the whole of it."""
_OF_A_MESSAGE = 4
"""Tokens around each message, about."""
_BYTES_PER_TOKEN = 4
"""Of a text in UTF-8, about, whatever its language."""


def read_count(body: bytes) -> CountTokensIn:
    """The request in `body`. Raises MalformedBodyError and FieldError."""
    return as_type(read_object(body), CountTokensIn)


def count_tokens(asked: CountTokensIn, count: Callable[[str], int]) -> bytes:
    """The answer: about how many tokens the request has, by `count`, which is not the model's own.

    Pictures and files are not counted. What is long is counted in part: that takes a tenth of a second at most.
    """
    texts = [text for message in messages_of(asked.messages, asked.system) for text in _texts(message)]
    texts += [json_bytes(tool).decode() for tool in asked.tools or ()]
    tokens = _counted(texts, count) + _OF_A_MESSAGE * len(asked.messages)
    return json_bytes({"input_tokens": tokens, "plimsoll": {"estimated": True}})


def _counted(texts: Sequence[str], count: Callable[[str], int]) -> int:
    length = sum(map(len, texts))
    if length <= _MOST_COUNTED:
        return sum(map(count, texts))
    parts = [text[: max(1, len(text) * _MOST_COUNTED // length)] for text in texts if text]
    return sum(map(count, parts)) * length // sum(map(len, parts))


def tokens_by_length(body: Body, passages: Iterable[Passage]) -> int:
    """About how many tokens a chat completion has with the passages that were found for it.

    Pictures, files and the prompt of an endpoint are not counted.
    """
    size = sum(_length(passage.text) for passage in passages)
    for message in body["messages"]:
        size += _OF_A_MESSAGE * _BYTES_PER_TOKEN + sum(map(_length, _texts(message)))
    size += sum(len(json_bytes(tool)) for tool in body.get("tools") or ())
    return -(-size // _BYTES_PER_TOKEN)


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _texts(message: Body) -> Sequence[str]:
    content = message.get("content") or ""
    parts = [content] if isinstance(content, str) else [part["text"] for part in content if part.get("type") == "text"]
    calls = [call["function"]["name"] + call["function"]["arguments"] for call in message.get("tool_calls") or ()]
    thoughts = [str(block.get("thinking") or "") for block in message.get("thinking_blocks") or ()]
    return [*parts, *calls, *thoughts]
