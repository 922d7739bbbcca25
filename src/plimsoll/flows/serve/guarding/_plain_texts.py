"""Calls and answers of plain text, as nearly all are: all that they say, found at once."""

from collections.abc import Container
from typing import Any

from plimsoll.models import Body

_ROLES = ("user", "system", "assistant", "developer")
_OURS = frozenset({"id", "object", "created", "model", "choices", "usage", "system_fingerprint", "service_tier"})
_TIERS = frozenset({None, "auto", "default", "flex", "priority", "scale", "standard"})
_CHOICE = frozenset({"index", "message", "finish_reason", "logprobs"})
_FINISHES = frozenset({None, "stop", "length", "tool_calls", "content_filter", "function_call"})
_SMALL = 100_000_000
"""Numbers below have too few digits to hold anything."""


def texts_of_call(body: Body, not_said: Container[str]) -> list[str] | None:
    """What the messages of a call say, where nothing but plain text is in it; else None.

    `not_said` are fields that do not count.
    """
    texts: list[str] = []
    for message in body["messages"]:
        text = message.get("content")
        if len(message) != 2 or text.__class__ is not str or message.get("role") not in _ROLES:  # noqa: PLR2004  # its role and its text
            return None
        texts.append(text)
    others = (value for name, value in body.items() if name not in not_said)
    return texts if all(map(_says_nothing, others)) else None


def texts_of_answer(body: Body) -> list[str] | None:
    """What the choices of an answer say, where nothing but plain text is in it; else None."""
    texts: list[Any] = []
    for choice in body["choices"]:
        message = choice["message"]
        if not _is_plain_choice(choice) or message.get("role", "assistant") != "assistant":
            return None
        if any(value and name not in ("role", "content") for name, value in message.items()):
            return None
        texts.append(message.get("content") or "")
    if not body.keys() <= _OURS or body.get("service_tier") not in _TIERS:
        return None
    return texts if all(text.__class__ is str for text in texts) else None


def _says_nothing(value: object) -> bool:
    if value is None or value.__class__ is bool:
        return True
    return isinstance(value, int | float) and -_SMALL < value < _SMALL


def _is_plain_choice(choice: Body) -> bool:
    known = choice.keys() <= _CHOICE and choice.get("index", 0).__class__ is int
    return known and not choice.get("logprobs") and choice.get("finish_reason") in _FINISHES
