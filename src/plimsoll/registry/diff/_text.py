"""Prose as a unified diff."""

import difflib
from collections.abc import Sequence

from plimsoll.kernel.digest import Json

from ._types import Step, TextDiff

_PROSE = frozenset({"system", "template", "instructions", "prompt_text"})
_LONG = 120
_CONTEXT = 3
_MOST_LINES = 400
_MOST_PAIRS = 4_000_000
"""Texts with more pairs of differing lines are not aligned line by line, because that could take minutes."""


def is_prose(path: Sequence[Step], before: Json, after: Json) -> bool:
    """Whether a change is better read as text: long texts, texts of several lines, and fields that hold prose."""
    texts = [value for value in (before, after) if value is not None]
    if not texts or not all(isinstance(text, str) for text in texts):
        return False
    return path[-1:] != () and (path[-1] in _PROSE or any(_is_long(text) for text in texts))


def text_diff(path: tuple[Step, ...], before: Json, after: Json) -> TextDiff:
    """The lines that came and went, each with three of its neighbours."""
    lines = unified(_text(before), _text(after))
    return TextDiff(path, tuple(lines[:_MOST_LINES]), max(0, len(lines) - _MOST_LINES))


def text_sentence(before: Json, after: Json) -> str:
    """How much of a text is different: `2 lines added, 1 removed`."""
    old, new = _text(before), _text(after)
    if old.split() == new.split():
        return "only white space differs"
    lines = unified(old, new)
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    parts = [f"{count:,} {what}" for count, what in ((added, "added"), (removed, "removed")) if count]
    unit = "line" if (added or removed) == 1 else "lines"
    return parts[0].replace(" ", f" {unit} ", 1) + "".join(f", {part}" for part in parts[1:])


def unified(before: str, after: str) -> list[str]:
    """A unified diff (POSIX `diff -u`) without file names. An empty text has no lines."""
    old, new = _lines(before), _lines(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    if (len(old) - head - tail) * (len(new) - head - tail) > _MOST_PAIRS:
        return _replaced(old, new, head, tail)
    return list(difflib.unified_diff(old, new, lineterm="", n=_CONTEXT))[2:]


def _replaced(old: Sequence[str], new: Sequence[str], head: int, tail: int) -> list[str]:
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    mark = f"@@ -{head + 1},{len(gone)} +{head + 1},{len(come)} @@"
    return [mark, *(f"-{line}" for line in gone), *(f"+{line}" for line in come)]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    for count, (before, after) in enumerate(zip(old, new, strict=False)):
        if before != after:
            return count
    return min(len(old), len(new))


def _lines(text: str) -> list[str]:
    # A line feed ends a line; without one at the end the last line is still a line, as people count.
    return text.split("\n") if text else []


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _is_long(value: Json) -> bool:
    return isinstance(value, str) and ("\n" in value or len(value) > _LONG)
