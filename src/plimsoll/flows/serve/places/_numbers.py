"""Numbers in JSON: long ones can be a text, and lists of them can tell one."""

from collections.abc import Mapping
from typing import Any, Final

_FEW: Final = 100_000_000
"""A smaller number has too few digits to be the number of anything."""
_MOST: Final = 1e30
_TELLING: Final = frozenset({"token_ids", "prompt_token_ids", "logprobs", "prompt_logprobs", "top_logprobs"})
"""Fields that tell a text by its tokens."""


def digits(value: object) -> str:
    """The digits of a number that has many, before its point; empty for everything else."""
    if value.__class__ is int:
        return str(value) if abs(value) >= _FEW else ""
    if isinstance(value, float) and _FEW <= abs(value) < _MOST:
        return str(int(value))
    return ""


def without_tokens(value: Any) -> Any:
    """The same JSON without what tells a text by its tokens; the very same where there is no such thing."""
    if isinstance(value, Mapping):
        kept = {key: without_tokens(inner) for key, inner in value.items() if not _tells(key, inner)}
        same = len(kept) == len(value) and all(kept[key] is inner for key, inner in value.items())
        return value if same else kept
    if isinstance(value, list | tuple):
        items = [without_tokens(inner) for inner in value if not _are_numbers(inner)]
        same = len(items) == len(value) and all(one is other for one, other in zip(items, value, strict=True))
        return value if same else items
    return value


def _tells(key: object, value: object) -> bool:
    return key in _TELLING or _are_numbers(value)


def _are_numbers(value: object) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(one, int | float) for one in value)
