"""Calls of tools that a model makes piece by piece."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plimsoll.models import Body


class HeldCalls:
    """The calls of one choice, until they are whole."""

    __slots__ = ("_calls", "_old", "characters")

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, Any]] = {}
        self._old: dict[str, Any] = {}
        self.characters = 0

    def add(self, pieces: Sequence[Body]) -> None:
        """Take pieces of `tool_calls`."""
        for piece in pieces:
            self._add_to(self._calls.setdefault(piece.get("index", 0), {}), piece)

    def add_old(self, piece: Body) -> None:
        """Take a piece of `function_call`."""
        self._join(self._old, piece)

    def whole(self) -> Iterator[Body]:
        """The fields of a message that make all the calls."""
        if self._old:
            yield {"function_call": self._old}
        if self._calls:
            yield {"tool_calls": [{**call, "index": number} for number, call in sorted(self._calls.items())]}

    def _add_to(self, call: dict[str, Any], piece: Body) -> None:
        for name, value in piece.items():
            if isinstance(value, Mapping):
                self._join(call.setdefault(name, {}), value)
            elif value is not None:
                call[name] = value

    def _join(self, said: dict[str, Any], value: Body) -> None:
        """Add a piece of a function, or of what else is called."""
        for name, more in value.items():
            before = said.get(name)
            if isinstance(more, str):
                self.characters += len(more)
            if isinstance(before, str) and isinstance(more, str):
                said[name] = before + more
            elif more is not None:
                said[name] = more
