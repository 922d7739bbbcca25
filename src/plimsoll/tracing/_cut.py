"""How much one trace may hold: beyond that its longest texts are cut."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from ._types import Trace

MOST_CONTENT: Final = 1 << 20
"""Characters, of all texts of one trace together."""


def cut(trace: Trace, most: int = MOST_CONTENT) -> Trace:
    """The trace with no more text than that: all texts longer than a limit lose their ends, and say so.

    The limit is the largest for which the rest fits. A request that was cut has `cut: true`: it cannot be run again.
    """
    held = (trace.question, trace.request, trace.answer, trace.messages, trace.passages, trace.citations)
    lengths: list[int] = []
    _measure((held, [span.attributes for span in trace.spans]), lengths)
    limit = _limit(lengths, most)
    if limit is None:
        return trace
    return replace(
        trace,
        question=_shorter(trace.question, limit),
        request={**_shorter(trace.request, limit), "cut": True},
        answer=_shorter(trace.answer, limit),
        messages=tuple(_shorter(one, limit) for one in trace.messages),
        passages=tuple(_shorter(one, limit) for one in trace.passages),
        citations=tuple(_shorter(one, limit) for one in trace.citations),
        spans=tuple(replace(span, attributes=_shorter(span.attributes, limit)) for span in trace.spans),
    )


def _measure(value: Any, lengths: list[int]) -> None:
    if isinstance(value, str):
        lengths.append(len(value))
    elif isinstance(value, Mapping):
        for inner in value.values():
            _measure(inner, lengths)
    elif isinstance(value, list | tuple):
        for inner in value:
            _measure(inner, lengths)


def _limit(lengths: list[int], most: int) -> int | None:
    """The length to which texts are cut; None where all of them fit."""
    if sum(lengths) <= most:
        return None
    left = most
    lengths.sort()
    for place, length in enumerate(lengths):
        share = left // (len(lengths) - place)
        if length > share:
            return share
        left -= length
    return None


def _shorter(value: Any, limit: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= limit else f"{value[:limit]}… [cut: it had {len(value):,} characters]"
    if isinstance(value, Mapping):
        return {key: _shorter(inner, limit) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_shorter(inner, limit) for inner in value]
    return value
