"""A request in OpenAI's form, read with care: callers may have sent anything."""

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec

from ..._types import Body
from .._blocks import OWN_PARTS, as_parts, effort_of
from ._errors import UntranslatableError

EFFORT_TOKENS: Final = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32768}
"""Tokens of reasoning for OpenAI's `reasoning_effort`, where a provider wants a number."""

_DROPPED: Final = frozenset(
    {
        "user", "safety_identifier", "store", "metadata", "prediction", "verbosity", "service_tier", "modalities",
        "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "logit_bias", "moderation",
        "stream", "stream_options", "model",
    }
)  # fmt: skip
"""Fields of OpenAI that change no answer's shape and that no other provider has: left out."""

_KNOWN: Final = frozenset(
    {
        "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format", "reasoning_effort", "stop",
        "max_tokens", "max_completion_tokens", "temperature", "top_p", "n", "seed", "logprobs", "top_logprobs",
        "presence_penalty", "frequency_penalty",
    }
)  # fmt: skip
"""Fields of OpenAI that a translator looks at."""

_REFUSED: Final = ("audio", "functions", "function_call", "web_search_options")
"""Fields of OpenAI that change what an answer is made of and that no translator has."""

ANSWER_TOOL: Final = "answer_as_json"
"""The tool that a model without structured output must call; its input is the answer."""

_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})
_ARGUMENTS: Final = msgspec.json.Decoder(dict[str, Any])


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or a file: its bytes in base64, or the address where the provider finds it."""

    mime_type: str
    data: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tools the model may call."""

    mode: str
    """`auto`, `required`, `none`, or empty where the caller says nothing."""
    names: tuple[str, ...] = ()
    """Only these; empty means all."""
    native: Mapping[str, Any] | None = None
    """A choice in the provider's own form, passed on as it is."""


@dataclass(frozen=True, slots=True)
class Format:
    """The form that the answer must have."""

    name: str
    schema: Mapping[str, Any] | None
    """None: any JSON object."""
    description: str = ""

    @property
    def closed_schema(self) -> Any:
        """The schema with every object closed, as structured output demands it (so does OpenAI's `strict`)."""
        return _closed(self.schema)

    @property
    def tool_description(self) -> str:
        """What to tell a model that gives its answer by calling a tool."""
        return self.description or "Give the answer by calling this tool, exactly once."


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool that the model made in an earlier turn."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    sent: Mapping[str, Any]
    """The call as the caller sent it, with what only some providers know."""


class Asked:
    """A call in OpenAI's form for one model; every method reads one thing, and says where it stands if it is wrong."""

    def __init__(self, body: Body, model: str) -> None:
        self.body = body
        self.model = model

    def refuse(self, where: str, problem: str, hint: str = "") -> UntranslatableError:
        """The error for something that the provider does not have."""
        return UntranslatableError(self.model, where, problem, hint=hint)

    def check(self, *, choices: bool) -> None:
        """Raises UntranslatableError for fields that would silently change the answer if they were left out.

        `choices` says whether the provider knows `n` and `logprobs`.
        """
        body = self.body
        for field in _REFUSED:
            if body.get(field) is not None:
                raise self.refuse(field, "is only known to OpenAI")
        modalities = body.get("modalities")
        if isinstance(modalities, list) and set(map(str, modalities)) - {"text"}:
            raise self.refuse("modalities", "can only be text")
        if not choices and body.get("n") not in (None, 1):
            raise self.refuse("n", "can only be 1", hint="send the call several times")
        if not choices and (body.get("logprobs") or body.get("top_logprobs")):
            raise self.refuse("logprobs", "is not known to this provider")

    @property
    def messages(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Each message with the place where it stands. Raises UntranslatableError for what is no message."""
        found = []
        messages = self.body.get("messages") or ()
        if not isinstance(messages, list | tuple):
            raise self.refuse("messages", "is no list")
        for number, message in enumerate(messages):
            if not isinstance(message, Mapping) or str(message.get("role")) not in _ROLES:
                hint = f"use one of: {', '.join(sorted(_ROLES))}"
                raise self.refuse(f"messages[{number}].role", "is none that this provider has", hint=hint)
            found.append((f"messages[{number}]", message))
        return found

    @property
    def unknown_fields(self) -> dict[str, Any]:
        """Fields that are not OpenAI's: they belong to the provider, and are passed on as they are."""
        return {name: value for name, value in self.body.items() if name not in _KNOWN and name not in _DROPPED}

    def number(self, field: str) -> float | None:
        """A field that is a number; None where it is missing or none."""
        value = self.body.get(field)
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        return value if math.isfinite(value) else None

    def max_tokens(self, default: int | None) -> int | None:
        """The most tokens that the answer may have, as the caller or else the route says."""
        asked = self.number("max_completion_tokens") or self.number("max_tokens")
        return default if asked is None else int(asked)

    @property
    def effort(self) -> str:
        """How hard the model should think, in OpenAI's words or else in Anthropic's; empty where nothing is said."""
        value = self.body.get("reasoning_effort")
        return value if isinstance(value, str) else effort_of(self.body.get("thinking"))

    @property
    def stops(self) -> list[str]:
        """The texts at which the answer ends."""
        value = self.body.get("stop")
        if isinstance(value, str):
            return [value]
        return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []

    @property
    def functions(self) -> list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]:
        """Each tool with its function; None for a tool in the provider's own form. Raises UntranslatableError."""
        tools = self.body.get("tools")
        found = []
        for number, tool in enumerate(tools if isinstance(tools, list) else []):
            if not isinstance(tool, Mapping) or "custom" in tool:
                raise self.refuse(f"tools[{number}]", "is no function", hint="use tools of type function")
            function = tool.get("function")
            if function is not None and not (isinstance(function, Mapping) and isinstance(function.get("name"), str)):
                raise self.refuse(f"tools[{number}].function", "has no name")
            found.append((tool, function))
        return found

    @property
    def choice(self) -> Choice:
        """The caller's `tool_choice`."""
        value = self.body.get("tool_choice")
        if isinstance(value, str):
            return Choice(value)
        if not isinstance(value, Mapping):
            return Choice("")
        if value.get("type") == "function":
            return Choice("required", (_name(value),))
        if value.get("type") != "allowed_tools":
            return Choice("", native=value)
        allowed = value.get("allowed_tools")
        allowed = allowed if isinstance(allowed, Mapping) else value
        tools = allowed.get("tools")
        names = tuple(_name(tool) for tool in tools if isinstance(tool, Mapping)) if isinstance(tools, list) else ()
        return Choice(str(allowed.get("mode") or "auto"), names)

    @property
    def format(self) -> Format | None:
        """The caller's `response_format`; None for text. Raises UntranslatableError when it is none that exists."""
        value = self.body.get("response_format")
        kind = value.get("type") if isinstance(value, Mapping) else None
        if value is None or kind == "text":
            return None
        if kind == "json_object":
            return Format("answer", None)
        held = value.get("json_schema") if isinstance(value, Mapping) and kind == "json_schema" else None
        if not isinstance(held, Mapping) or not isinstance(held.get("schema"), Mapping):
            raise self.refuse("response_format", "is neither text, json_object nor a json_schema")
        name, about = str(held.get("name") or "answer"), str(held.get("description") or "")
        return Format(name, held["schema"], description=about)

    @staticmethod
    def parts(content: Any) -> list[Mapping[str, Any]]:
        """Content as parts: a bare text is one part; empty texts are left out, because providers refuse them."""
        if isinstance(content, str):
            return [{"type": "text", "text": content}] if content else []
        if not isinstance(content, list):
            return []
        kept = (part for part in content if isinstance(part, Mapping))
        return [part for part in kept if part.get("type") != "text" or part.get("text")]

    def openai_parts(self, message: Mapping[str, Any], where: str) -> list[tuple[str, Mapping[str, Any]]]:
        """The parts of a message with the places where they stand, blocks of Anthropic's in OpenAI's form.

        Raises UntranslatableError for a block that has no such form.
        """
        found: list[tuple[str, Mapping[str, Any]]] = []
        for number, part in enumerate(self.parts(message.get("content"))):
            place = f"{where}.content[{number}]"
            if str(part.get("type")) not in OWN_PARTS:
                found.append((place, part))
                continue
            inner = as_parts(part)
            if inner is None:
                raise self.refuse(place, f"is a block of type `{part['type']}` that only Anthropic's models read")
            found += [(place, one) for one in inner]
        return found

    def calls(self, message: Mapping[str, Any], where: str) -> list[ToolCall]:
        """The tool calls of an assistant's message. Raises UntranslatableError for one that is none."""
        found = []
        calls = message.get("tool_calls")
        for number, call in enumerate(calls if isinstance(calls, list) else []):
            place = f"{where}.tool_calls[{number}]"
            function = call.get("function") if isinstance(call, Mapping) else None
            if not isinstance(function, Mapping):
                raise self.refuse(place, "is no call of a function")
            given = self._arguments(function.get("arguments"), f"{place}.function.arguments")
            found.append(ToolCall(str(call.get("id") or ""), str(function.get("name") or ""), given, call))
        return found

    def media(self, part: Mapping[str, Any], where: str) -> Media:
        """What an `image_url` or `file` part holds. Raises UntranslatableError when that cannot be read."""
        held = part.get("file" if part.get("type") == "file" else "image_url")
        url = (held.get("file_data") or held.get("url")) if isinstance(held, Mapping) else held
        if not isinstance(url, str) or not url:
            raise self.refuse(where, "holds neither an address nor data", hint="give a URL or a data URL")
        if url[:5].lower() != "data:":
            return Media(mime_type="", url=url)
        found = _data(url)
        if found is None:
            raise self.refuse(where, "is not a good data URL", hint="send data:image/png;base64,…")
        return found

    def _arguments(self, text: Any, where: str) -> dict[str, Any]:
        if text in (None, ""):
            return {}
        try:
            return _ARGUMENTS.decode(text)
        except (msgspec.MsgspecError, TypeError, UnicodeError, RecursionError):
            hint = "send the arguments of the call as the model wrote them"
            raise self.refuse(where, "is not a JSON object", hint=hint) from None


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    inner = {name: _closed(value) for name, value in schema.items()}
    return {**inner, "additionalProperties": False} if inner.get("type") == "object" else inner


def _name(tool: Mapping[str, Any]) -> str:
    function = tool.get("function")
    return str((function if isinstance(function, Mapping) else tool).get("name") or "")


def _data(url: str) -> Media | None:
    """RFC 2397; None when it is broken. Base64 is only checked, and passed on as it is."""
    head, comma, data = url[5:].partition(",")
    mime_type, _, encoding = head.partition(";")
    if not comma or not data or "/" not in mime_type:
        return None
    if not encoding.lower().endswith("base64"):
        return Media(mime_type.lower(), base64.b64encode(unquote_to_bytes(data)).decode())
    try:
        binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError):
        return None
    return Media(mime_type.lower(), data)
