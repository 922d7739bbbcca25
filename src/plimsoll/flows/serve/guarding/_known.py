"""What is known of a request, for checks that look at more than a text."""

from collections.abc import Iterator, Mapping
from typing import Any

from plimsoll.checks import Context, Part
from plimsoll.guardrails import Stage
from plimsoll.models import Body, Passage

TOOLS = ("tool", "function")
"""Roles whose text was found somewhere, and was not written by the caller."""
_INSTRUCTING = ("system", "developer")
_NO_BODY: Body = {}
_DEEPEST = 3


class Known:
    """Grows with the request, and says at each place of it what is known there.

    All of it is as a policy let it through, but for what is looked at just now. What an answer is to rest on is what
    was retrieved for it, or else what tools said.
    """

    __slots__ = ("_asked", "_given", "_made", "_passages")

    def __init__(self) -> None:
        self._asked: Body = _NO_BODY
        self._given: Body = _NO_BODY
        self._passages: tuple[str, ...] | None = None
        self._made: dict[tuple[Stage, Part], Context] = {}

    def asks(self, body: Body) -> None:
        """Take what the caller sent."""
        self._asked = self._given = body
        self._made.clear()

    def retrieved(self, passages: tuple[Passage, ...]) -> None:
        """Take the passages that the model is shown."""
        self._passages = tuple(passage.text for passage in passages)
        self._made.clear()

    def is_given(self, body: Body) -> None:
        """Take what the model is given, with the prompt around what the caller sent."""
        self._given = body
        self._made.clear()

    @property
    def wants_json(self) -> bool:
        """Whether the text of the answer is to be JSON."""
        form = self._asked.get("response_format")
        return isinstance(form, Mapping) and form.get("type") in {"json_object", "json_schema"}

    def context(self, place: Stage, part: Part) -> Context:
        """What a check may know of a part of what stands at a place."""
        made = self._made.get((place, part))
        if made is None:
            rests_on = self._rests_on() if _is_answered(place) else ()
            made = Context(place, self._question(), self._instructions(), rests_on, part)
            self._made[place, part] = made
        return made

    def _question(self) -> str:
        for message in reversed(self._asked.get("messages", ())):
            if message.get("role") == "user":
                return said_in(message).strip()
        return ""

    def _instructions(self) -> str:
        given = self._given.get("messages", ())
        return "\n\n".join(said_in(message) for message in given if message.get("role") in _INSTRUCTING)

    def _rests_on(self) -> tuple[str, ...]:
        if self._passages is not None:
            return self._passages
        given = self._given.get("messages", ())
        return tuple(text for message in given for text in _found_in(message))


def is_result(part: object) -> bool:
    """Whether a part of a message is what a tool said."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    return isinstance(kind, str) and kind.endswith(("tool_result", "call_output"))


def said_in(message: Mapping[str, Any]) -> str:
    """The text of a message, without what tools said."""
    content = message.get("content")
    if isinstance(content, list | tuple):
        return "\n".join(_text_of(part) for part in content if not is_result(part))
    return content if isinstance(content, str) else ""


def _found_in(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if message.get("role") in TOOLS:
        yield said_in(message)
    elif isinstance(content, list | tuple):
        yield from (_text_of(part) for part in content if is_result(part))


def _text_of(part: object, deepest: int = _DEEPEST) -> str:
    if not isinstance(part, Mapping):
        return part if isinstance(part, str) else ""
    text = part.get("text", part.get("content", part.get("output")))
    if isinstance(text, list | tuple) and deepest:
        return "\n".join(_text_of(inner, deepest - 1) for inner in text)
    return text if isinstance(text, str) else ""


def _is_answered(place: Stage) -> bool:
    return place in {"output", "tool_call"}
