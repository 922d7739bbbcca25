"""The most that a call can use, read from its request: what a provider can bill for, and where nobody can say."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from .._types import Body

_CALL_TOKENS: Final = 128
"""For what a provider, or a model's own template, writes around a call."""
_MESSAGE_TOKENS: Final = 16
"""For the marks around a message."""
_TOOLS_TOKENS: Final = 2_048
"""For what a provider tells a model about tools, or about a form that the answer must have."""
_TOOL_TOKENS: Final = 64
"""For what is written around one tool."""
_MOST_TOKENS: Final = 100_000_000
"""Of a call that asks for no end: more than any model writes."""

_OUTPUT_BOUNDS: Final = (
    "max_completion_tokens", "max_tokens", "max_output_tokens", "max_new_tokens", "max_tokens_to_sample",
    "maxOutputTokens", "maxTokens", "n_predict", "num_predict",
)  # fmt: skip
_CHOICES: Final = ("n", "best_of", "candidateCount", "num_return_sequences")
_NESTED: Final = frozenset({"generationConfig", "inferenceConfig", "additionalModelRequestFields", "options"})
"""Objects of other providers in which such bounds stand as well; they are passed on as they are."""

_SAID: Final = frozenset({"text", "refusal", "thinking", "redacted_thinking", "tool_use", "search_result"})
"""Parts of which every token stands in the request."""

_FEES: Final = frozenset(
    {
        "web_search_options", "plugins", "search_parameters", "search_settings", "compound_custom", "mcp_servers",
        "container", "guardrailConfig", "performanceConfig", "cachedContent", "cached_content", "models", "provider",
    }
)  # fmt: skip
"""Fields for which a provider bills more than tokens, or other tokens than those of the request and its answer."""
_HOME: Final = frozenset({"", "global", "not_available"})
_COUNTED_TOOLS: Final = ("web_search_2", "web_fetch_2")
"""Of Anthropic, with the day of their version: its usage counts their calls."""
_FREE_TOOLS: Final = ("bash_", "text_editor_", "computer_", "memory_")
"""Of Anthropic: the caller runs them."""
_OWN_TYPES: Final = frozenset({"", "function", "custom"})
_OWN_FORMS: Final = frozenset(
    {"type", "cache_control", "function", "custom", "functionDeclarations", "toolSpec", "cachePoint"}
)
"""How tools are written that the caller runs."""


class Most(msgspec.Struct, frozen=True, gc=False):
    """The most that a call can use."""

    input_tokens: int
    """Of its text: no text has more tokens than bytes."""
    output_tokens: int
    """Of all its choices together."""
    pictures: int = 0
    small_pictures: int = 0
    """Pictures that shall be looked at with little detail."""
    is_open: bool = False
    """Whether it reads something whose length does not stand in it: a file, sound, an address, an earlier answer."""
    has_fees: bool = False
    """Whether it can cost what no price of tokens covers."""
    service_tier: str = ""
    """The treatment that it asks for in OpenAI's words; empty where it asks for none."""
    own_tier: str = ""
    """The same in a field of the provider's own."""


def most_of(body: Body, *, output_tokens: int, size_bytes: int = 0) -> Most:
    """What a call can use at most.

    `output_tokens` is the bound of one choice; a larger one that the call names counts instead, because nobody knows
    which of them the server obeys. `size_bytes` is the length of the call as it came, where that is known.
    """
    tokens_in = (size_bytes or size_of(body)) + _CALL_TOKENS
    pictures = small = 0
    is_open = False
    for message in body.get("messages", ()):
        tokens_in += _MESSAGE_TOKENS
        content = message.get("content")
        if content.__class__ is not str and content:
            parts = _Parts(content)
            tokens_in -= parts.data_bytes
            pictures, small, is_open = pictures + parts.pictures, small + parts.small, is_open or parts.is_open
        # What the model said aloud in an earlier turn is named, and not sent.
        is_open = is_open or message.get("audio") is not None
    held = _bounding(body)
    tokens_out = _largest(held, _OUTPUT_BOUNDS, output_tokens) * _largest(held, _CHOICES, 1)
    if body.get("prediction") is not None:
        # What was predicted and did not come is billed as output too.
        tokens_out += size_of(body["prediction"])
    return Most(
        max(tokens_in, 0) + _around(body),
        tokens_out,
        pictures,
        small,
        is_open=is_open,
        has_fees=has_fees(body),
        service_tier=_word(body.get("service_tier")),
        own_tier=own_tier(body),
    )


def most_of_size(size_bytes: int) -> Most:
    """What a call for vectors can use at most."""
    return Most(size_bytes + _CALL_TOKENS, 0)


def size_of(value: Any) -> int:
    """The length of a value in bytes, as it is sent."""
    try:
        return len(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError):  # half a character, or nothing that JSON knows
        return len(json.dumps(value, default=str))


def has_fees(body: Body) -> bool:
    """Whether a call can cost what no price of tokens covers: a provider's own tools, another treatment, a place."""
    if body.keys() & _FEES and any(body[name] not in (None, False) for name in body.keys() & _FEES):
        return True
    if "inference_geo" in body and _word(body["inference_geo"]) not in _HOME:
        return True
    return any(not _is_free(tool) for tool in _tools(body))


def has_uncounted_fees(body: Body) -> bool:
    """Whether some of these are fees that no usage reports."""
    if not has_fees(body):
        return False
    counted = {"tools": [tool for tool in _tools(body) if not _kind(tool).startswith(_COUNTED_TOOLS)]}
    return has_fees({**body, **counted})


def own_tier(body: Body) -> str:
    """The treatment that a call asks for in a field of the provider's own: Google's, Bedrock's, Anthropic's."""
    if "speed" not in body and "serviceTier" not in body:
        return ""
    return _word(body.get("serviceTier")) or _word(body.get("speed"))


class _Parts:
    """What the parts of a message can use, beside their text."""

    __slots__ = ("data_bytes", "is_open", "pictures", "small")

    def __init__(self, content: Any) -> None:
        self.data_bytes = self.pictures = self.small = 0
        self.is_open = False
        for part in content if isinstance(content, list | tuple) else (content,):
            kind = _kind(part)
            if kind == "image_url":
                self._picture(part.get("image_url"))
            elif kind not in _SAID and not _is_plain_document(part):
                self.is_open = True

    def _picture(self, held: Any) -> None:
        address = held.get("url") if isinstance(held, Mapping) else held
        if isinstance(held, Mapping) and held.get("detail") == "low":
            self.small += 1
        else:
            self.pictures += 1
        if isinstance(address, str) and address[:5].lower() == "data:":
            self.data_bytes += len(address)  # it is looked at, and not read


def _around(body: Body) -> int:
    """Tokens that translators and providers add for tools, and for the form of an answer."""
    tools, form = body.get("tools"), body.get("response_format")
    if not tools and not form:
        return 0
    # A schema is closed at every object on its way to some models: it grows to less than three times its length.
    return _TOOLS_TOKENS + _TOOL_TOKENS * len(_tools(body)) + (2 * size_of(form) if form else 0)


def _bounding(body: Body) -> list[Body]:
    """The call, and objects in it in which other providers' bounds stand."""
    nested = body.keys() & _NESTED
    return [body, *(body[name] for name in nested if isinstance(body[name], Mapping))] if nested else [body]


def _largest(held: list[Body], names: Sequence[str], least: int) -> int:
    """The largest number that is named under any of these names."""
    for one in held:
        for name in names:
            if name in one and one[name] is not None:
                least = max(least, _number(one[name]))
    return least


def _number(value: Any) -> int:
    """A number as servers may read it: some take a text for one, and less than one for no bound at all."""
    if value.__class__ is int and value > 0:
        return int(value)
    try:
        found = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return _MOST_TOKENS
    return found if found > 0 else _MOST_TOKENS


def _tools(body: Body) -> Sequence[Any]:
    tools = body.get("tools")
    return tools if isinstance(tools, list | tuple) else ()


def _is_free(tool: Any) -> bool:
    if not isinstance(tool, Mapping):
        return False
    kind = _kind(tool)
    if kind == "function" and tool.get("function").__class__ is dict:
        return True  # nearly every tool is one
    if kind in _OWN_TYPES:
        return isinstance(tool.get("function"), Mapping) or tool.keys() <= _OWN_FORMS
    return kind.startswith(_FREE_TOOLS)


def _is_plain_document(part: Any) -> bool:
    source = part.get("source") if isinstance(part, Mapping) and _kind(part) == "document" else None
    return isinstance(source, Mapping) and source.get("type") == "text"


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, Mapping) else None
    return kind if isinstance(kind, str) else ""


def _word(value: Any) -> str:
    """A word, also where it stands in an object of its own, as Bedrock wants it; in small letters."""
    if isinstance(value, Mapping):
        value = value.get("type")
    return value.lower() if isinstance(value, str) else ""
