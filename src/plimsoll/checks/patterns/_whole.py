"""Looking for many patterns in a whole text of ASCII, in which a byte is a character."""

from collections.abc import Callable
from typing import Protocol

from ._hits import Hit, judged
from ._types import BEFORE, Pattern

_BLOCK, _REACHES = 2048, 4
"""Characters that are asked together which patterns can begin in them, but at least so many times the longest match."""


class Compiled(Protocol):
    """Patterns that are compiled; see `Scanner`."""

    patterns: tuple[Pattern, ...]
    longest: int
    searches: list[Callable[[bytes, int, int], tuple[int, int]]]
    owners: list[list[int]]

    def sources_in(self, data: bytes) -> list[int]:
        """The sources that match somewhere. Raises ScanFailedError."""
        ...


def hits_in_ascii(scanner: Compiled, text: str) -> list[Hit]:
    """Everything in a text, in its order. Raises ScanFailedError.

    Little of a long text has anything in it, so each block is asked what can begin there, together with all behind it
    that a match or its conditions can take.
    """
    look = _Look(scanner, text)
    size = max(_BLOCK, _REACHES * scanner.longest)
    for start in range(0, len(text), size):
        look.at_block(start, min(start + size, len(text)))
    return sorted(look.hits)


class _Look:
    """One text, block by block."""

    __slots__ = ("_at", "_data", "_scanner", "_text", "hits")

    def __init__(self, scanner: Compiled, text: str) -> None:
        self._scanner = scanner
        self._text = text
        self._data = text.encode()
        # From where each pattern goes on: behind its last finding, or the first character of what it refused.
        self._at = [0] * len(scanner.patterns)
        self.hits: list[Hit] = []

    def at_block(self, start: int, stop: int) -> None:
        """What begins from `start` to before `stop`."""
        reach = min(stop + self._scanner.longest, len(self._data))
        data, at_of = self._data, self._at
        for source in self._scanner.sources_in(data[max(0, start - 1) : reach]):
            owners, search = self._scanner.owners[source], self._scanner.searches[source]
            pattern, others = owners[0], owners[1:]
            at = max(start, min(at_of[one] for one in owners) if others else at_of[pattern])
            while at < stop:
                begin, end = search(data, at, reach)
                if not 0 <= begin < stop:
                    break
                at = self._next(pattern, begin, end)
                # Each match is looked for once, whichever patterns ask for it.
                for one in others:
                    at = min(at, self._next(one, begin, end))

    def _next(self, pattern: int, start: int, end: int) -> int:
        """Where a pattern goes on behind a match, unless it is farther already."""
        at = self._at[pattern]
        if at > start:
            return at
        one = self._scanner.patterns[pattern]
        score = one.score
        if one.judge is not None or one.cut is not None:
            before, behind = self._text[max(0, start - BEFORE) : start], self._text[end : end + one.after]
            score, length = judged(one, self._text[start:end], before, behind)
            end = start + length
        if score:
            self.hits.append(Hit(start, end, pattern, score))
        self._at[pattern] = at = end if score else start + 1
        return at
