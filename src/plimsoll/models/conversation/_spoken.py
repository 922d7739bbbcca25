"""Whole conversations, and what models said in the attributes of a span."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ._parts import Part, parts_of

_OUTPUT = "gen_ai.output.messages"
_SHOWN_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said."""

    role: str
    parts: tuple[Part, ...]


def conversation(messages: Sequence[Any]) -> tuple[Turn, ...]:
    """The turns of a conversation; what a tool said has the name under which it was called."""
    named: dict[str, str] = {}
    turns = []
    for message in messages:
        if not isinstance(message, Mapping):
            continue
        parts = parts_of(message)
        named |= {part.id: part.name for part in parts if part.kind == "call" and part.id}
        role = message.get("role")
        turns.append(Turn(role if isinstance(role, str) else "", tuple(_named(part, named) for part in parts)))
    return tuple(turns)


def output_parts(attributes: Mapping[str, Any]) -> tuple[Part, ...]:
    """What a model said, as a span tells it in `gen_ai.output.messages`: a list, or the JSON text of one."""
    told = attributes.get(_OUTPUT)
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):
            return ()
    messages = told if isinstance(told, list) else []
    return tuple(part for message in messages if isinstance(message, Mapping) for part in parts_of(message))


def calls_of(spans: Sequence[Mapping[str, Any]]) -> tuple[Part, ...]:
    """The tools that the last answer called and what it refused, from the attributes of the spans of a request."""
    for attributes in reversed(spans):
        if parts := output_parts(attributes):
            return tuple(part for part in parts if part.kind in {"call", "refusal"})
    return ()


def inputs_of(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """What a call for vectors or predictions sent, one text for each; at most 200 of them."""
    given = parameters.get("input", parameters.get("inputs", ()))
    if isinstance(given, str):
        return (given,)
    if not isinstance(given, Sequence):
        return ()
    if given and all(isinstance(one, int) for one in given):
        return (_tokens(given),)
    return tuple(_input(one) for one in given[:_SHOWN_AT_MOST])


def _input(given: Any) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, Mapping):
        text = given.get("text")
        only = isinstance(text, str) and len(given) == 1
        return str(text) if only else json.dumps(given, ensure_ascii=False, default=str)
    return _tokens(given) if isinstance(given, Sequence) else json.dumps(given, default=str)


def _tokens(given: Sequence[Any]) -> str:
    return f"[{len(given):,} token {'id' if len(given) == 1 else 'ids'}]"


def _named(part: Part, named: Mapping[str, str]) -> Part:
    return replace(part, name=named[part.id]) if part.kind == "result" and part.id in named else part
