"""Answers of every form as bytes, kept for the next request that wants the same."""

import functools
from collections.abc import Mapping
from typing import Any

from plimsoll.testing.models import Received, ScriptedAnswer, ScriptedCall, ScriptedUsage, Wire, Wired
from plimsoll.testing.models.wires import AnthropicWire, BedrockWire, GoogleWire, OpenAIWire

from ._behaviour import Behaviour

CALL = ScriptedCall("call_1", "weather", '{"city":"Oslo"}')
_WORDS = ("Grüße ", "aus ", "東京 ", "und ", "von ", "der ", "🚢 ", "heute ")

WIRES: Mapping[str, Wire] = {wire.name: wire for wire in (OpenAIWire(), AnthropicWire(), GoogleWire(), BedrockWire())}


def wire_of(path: str) -> Wire | None:
    """The form that an address is of."""
    if path.endswith("/chat/completions"):
        return WIRES["openai"]
    if path.endswith("/messages"):
        return WIRES["anthropic"]
    if "enerateContent" in path:
        return WIRES["google"]
    return WIRES["bedrock"] if path.startswith("/model/") else None


def answer_of(told: Behaviour, input_tokens: int) -> ScriptedAnswer:
    """A text of exactly so many tokens, a word each, or a call of a tool."""
    usage = _usage(told, input_tokens)
    if told.fault == "calls":
        return ScriptedAnswer(text="", calls=(CALL,), finish="tool_calls", usage=usage, model=told.model)
    pieces = tuple(_WORDS[number % len(_WORDS)] for number in range(told.tokens))
    return ScriptedAnswer(
        text="".join(pieces),
        pieces=pieces,
        finish="content_filter" if told.fault == "filtered" else "stop",
        usage=usage,
        model=told.model,
    )


def _usage(told: Behaviour, input_tokens: int) -> ScriptedUsage | None:
    if told.fault == "no_usage":
        return None
    if told.fault == "absurd_usage":
        return ScriptedUsage(input=-5, output=2**60)
    times = 10 if told.fault == "lying_usage" else 1
    return ScriptedUsage(input=input_tokens * times, output=(told.tokens + told.hidden) * times)


def events_of(wire: Wire, answer: ScriptedAnswer, asked: Received) -> tuple[bytes, ...]:
    """The events of a stream."""
    options = asked.body.get("stream_options")
    return _events(wire.name, answer, isinstance(options, dict) and bool(options.get("include_usage")))


def whole_of(wire: Wire, answer: ScriptedAnswer) -> Wired:
    """A whole answer."""
    return _whole(wire.name, answer)


@functools.lru_cache(maxsize=512)
def _events(name: str, answer: ScriptedAnswer, with_usage: bool) -> tuple[bytes, ...]:
    body: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": with_usage}}
    return tuple(WIRES[name].events(answer, Received("POST", "/", {}, body)))


@functools.lru_cache(maxsize=512)
def _whole(name: str, answer: ScriptedAnswer) -> Wired:
    return WIRES[name].whole(answer, Received("POST", "/", {}, {}))
