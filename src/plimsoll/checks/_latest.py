"""What was found out about a text just now, for checks that ask the same of it one after the other."""

import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_MOST_CHARACTERS: Final = 20_000
"""A longer text is not kept: it takes memory, and asking again takes longer than a request else does anyway."""


class Latest(threading.local, Generic[T]):
    """The last answer of one pure function, in each thread. It never answers for another text."""

    def __init__(self) -> None:
        self._known: tuple[str, T] | None = None

    def of(self, text: str, make: Callable[[str], T]) -> T:
        """What `make` says of a text. Raises what it raises."""
        known = self._known
        if known is not None and known[0] == text:
            return known[1]
        made = make(text)
        if len(text) <= _MOST_CHARACTERS:
            self._known = text, made
        return made
