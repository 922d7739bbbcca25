"""What a pattern found, and how sure that is."""

from typing import NamedTuple

from ._types import Pattern

FAILED = -1.0


class Hit(NamedTuple):
    """A finding of a pattern, from character `start` to before character `end` of the text as it was given."""

    start: int
    end: int
    pattern: int
    """Index among the patterns of the scanner."""
    score: float
    """How sure it is; `FAILED` where the pattern's judge raised, and nobody knows."""
    reason: str = ""
    """Why, where the check says it."""


def judged(one: Pattern, match: str, before: str, behind: str) -> tuple[float, int]:
    """How sure a match is, and how many of its characters are the finding."""
    length = len(match)
    try:
        if one.cut is not None:
            length = len(match[: one.cut(match)])
        if not length or one.judge is None:
            return (one.score if length else 0.0), length
        after = (match[length:] + behind)[: one.after] if one.after else ""
        return min(1.0, one.score * max(0.0, one.judge(match[:length], before, after))), length
    except Exception:  # noqa: BLE001  # whatever goes wrong in a judge, the match must not count as harmless
        return FAILED, length
